"""A session runs what is quick; what starts an interpreter is marked slow and waits for ``-m``."""

from __future__ import annotations

import subprocess
import sys
from multiprocessing import Process

import pytest

from tests.support.pages import blocks
from tests.support.scenarios import ROOT

FILE = """
import pytest

@pytest.mark.slow
def test_slow(): pass

def test_quick(): pass
"""
INI = """
[pytest]
testpaths = .
markers = slow
asyncio_default_fixture_loop_scope = function
"""


@pytest.fixture
def session(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a quick test and a slow one, and with our conftest.py."""
    pytester.makeini(INI)
    pytester.makepyfile(test_file=FILE)
    pytester.makeconftest((ROOT / "conftest.py").read_text(encoding="utf-8"))
    return pytester


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), ["test_quick"]),
        (("-k", "file"), ["test_quick"]),
        (("-m", "not xfail"), ["test_quick"]),
        (("-m", "slow"), ["test_slow"]),
        (("-m", "slow or not slow"), ["test_slow", "test_quick"]),
        (("test_file.py",), ["test_quick"]),
        (("test_file.py::test_slow",), ["test_slow"]),
    ],
)
def test_slow_tests_run_when_they_are_asked_for(
    session: pytest.Pytester, options: tuple[str, ...], names: list[str]
) -> None:
    recorded = session.inline_run("-p", "no:xdist", "-p", "no:hypothesispytest", *options)
    passed, skipped, failed = recorded.listoutcomes()
    assert [report.nodeid.partition("::")[2] for report in passed] == names
    assert (skipped, failed) == ([], [])


@pytest.mark.parametrize(
    ("options", "workers"),
    [
        ((), "auto"),
        (("-k", "file"), "auto"),
        (("-n", "0"), 0),
        (("-n", "3"), 3),
        (("test_file.py",), None),
    ],
)
def test_the_whole_suite_is_spread_over_the_cores(
    session: pytest.Pytester, options: tuple[str, ...], workers: object
) -> None:
    config = session.parseconfig(*options)
    conftest = config.pluginmanager.get_plugin(str(session.path / "conftest.py"))
    assert conftest is not None
    conftest.pytest_cmdline_main(config)
    assert config.option.numprocesses == workers


REFUSED = "this test starts an interpreter: mark it with `pytest.mark.slow`"


def test_a_test_that_starts_an_interpreter_has_to_be_marked(pytester: pytest.Pytester) -> None:
    with pytest.raises(pytest.fail.Exception, match=REFUSED):
        subprocess.run([sys.executable, "-c", ""], check=True)
    with pytest.raises(pytest.fail.Exception, match=REFUSED):
        Process(target=print).start()
    with pytest.raises(pytest.fail.Exception, match=REFUSED):
        pytester.runpytest_subprocess()


def test_any_other_program_may_be_started() -> None:
    assert subprocess.run(["true"], check=True).returncode == 0


def test_ci_runs_the_commands_of_the_front_page_word_for_word() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Work on it\n")[2]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [block.text.strip() for block in blocks(page)]
    assert [command in script for command in commands] == [True, True]
