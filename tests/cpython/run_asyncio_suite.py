"""Run CPython's own tests of asyncio on the simulated loop.

Usage: ``python tests/cpython/run_asyncio_suite.py [module ...]``

Prints a line a module and a line in all, with how many of the tests ran an event loop. Exits with 1
if a test failed, with 3 if this interpreter ships no ``test`` package. The tests are the
interpreter's; the only change is the class of loop that asyncio makes by default.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
import unittest
from collections.abc import Iterator

from llm_sim.loop import SimLoop

MODULES = (
    "test_context",
    "test_eager_task_factory",
    "test_locks",
    "test_queues",
    "test_staggered",
    "test_taskgroups",
    "test_tasks",
    "test_threads",
    "test_timeouts",
    "test_waitfor",
)

_WAITS_IN_A_THREAD = "blocks a thread of the executor until a coroutine of the loop is done"

INAPPLICABLE: dict[str, str] = {
    "RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe": _WAITS_IN_A_THREAD,
    "RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_task_cancelled": _WAITS_IN_A_THREAD,
    "RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_task_factory_exception": (
        _WAITS_IN_A_THREAD
    ),
    "RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_with_exception": _WAITS_IN_A_THREAD,
    "RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_with_timeout": _WAITS_IN_A_THREAD,
}
"""Tests that need real threads, time or sockets: the end of their id, and the reason."""

NO_TEST_PACKAGE = 3


class LoopUnderTest(SimLoop):
    """The loop, with the attribute that CPython's test helper looks at when it closes one."""

    _default_executor = None

    runs = 0

    def _drive(self) -> str:
        LoopUnderTest.runs += 1
        return super()._drive()


class CountingResult(unittest.TextTestResult):
    """A result that counts the tests which ran the loop; others use a mock of one, or none."""

    on_loop = 0

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        """Remember how often a loop has run before this test."""
        super().startTest(test)
        self.runs_before = LoopUnderTest.runs

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        """Count the test if a loop has run since."""
        self.on_loop += LoopUnderTest.runs > self.runs_before
        super().stopTest(test)


def make_simulated_loops_the_default() -> None:
    """Let `new_event_loop`, and with it `asyncio.run` and `Runner`, make simulated loops.

    The factory is set on the policy's class, because the modules of CPython set a fresh policy when
    they are done.
    """
    policy: type = type(asyncio.get_event_loop_policy())
    policy._loop_factory = LoopUnderTest  # type: ignore[attr-defined]


def applicable(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """Yield the tests of a suite that are not listed as inapplicable."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from applicable(test)
        elif not any(test.id().endswith(name) for name in INAPPLICABLE):
            yield test


def exists(module_name: str) -> bool:
    """Tell whether this interpreter has a module of the suite, and print that it has not."""
    found = importlib.util.find_spec(f"test.test_asyncio.{module_name}") is not None
    if not found:
        print(f"{module_name}: not in this Python")
    return found


def run(module_name: str) -> CountingResult:
    """Run one module of ``test.test_asyncio`` and print its counts."""
    module = importlib.import_module(f"test.test_asyncio.{module_name}")
    tests = unittest.TestSuite(applicable(unittest.defaultTestLoader.loadTestsFromModule(module)))
    runner = unittest.TextTestRunner(
        stream=sys.stderr,
        verbosity=0,
        resultclass=CountingResult,  # type: ignore[arg-type]  # generic in typeshed only
    )
    result = runner.run(tests)
    assert isinstance(result, CountingResult)
    print(
        f"{module_name}: {result.testsRun} run ({result.on_loop} on the loop), "
        f"{len(result.failures)} failures, {len(result.errors)} errors, "
        f"{len(result.skipped)} skipped"
    )
    return result


def main(module_names: tuple[str, ...]) -> int:
    """Run the modules and return the exit code."""
    try:
        importlib.import_module("test.test_asyncio")
    except ImportError as error:
        print(f"this interpreter ships no test package: {error}")
        return NO_TEST_PACKAGE
    make_simulated_loops_the_default()
    loop = asyncio.new_event_loop()
    assert isinstance(loop, SimLoop)
    loop.close()
    results = [run(name) for name in module_names if exists(name)]
    ran = sum(result.testsRun for result in results)
    on_loop = sum(result.on_loop for result in results)
    bad = sum(len(result.failures) + len(result.errors) for result in results)
    print(f"total: {ran} run ({on_loop} on the loop), {bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or MODULES))
