"""What every test of llm_sim shares, and which tests a session runs, in how many processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

import pytest

pytest_plugins = ["pytester"]

MOST_WORKERS: Final = 4
"""Each worker imports Pipecat, which takes seconds: more workers spend more than they save."""


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """Hear Ctrl-C in tests and in the processes that they start, also in a background job.

    A shell starts background jobs with the signal ignored, and every child inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run the whole suite on each core; run files that are named in this process.

    It is not ``-n`` in ``addopts``, because a single file would pay for workers that it does not
    need, and because ``-p no:xdist`` would be an error.
    """
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    undecided = getattr(config.option, "numprocesses", 0) is None and config.option.dist == "no"
    if whole and undecided and not hasattr(config, "workerinput"):
        config.option.numprocesses = "auto"
        config.option.maxprocesses = config.option.maxprocesses or MOST_WORKERS
        # Tests of one file share what is expensive: a campaign, an old release's answers.
        config.option.dist = "loadfile"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out, unless ``-m`` speaks of them or a test is named by its node id.

    It is not ``-m "not slow"`` in ``addopts``, because any ``-m`` of a user would replace that,
    and because it would deselect a slow test that is named.
    """
    if "slow" in config.option.markexpr or any("::" in arg for arg in config.args):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Fail a test that starts an interpreter without being marked slow."""
    if item.get_closest_marker("slow"):
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        _refuse_interpreters(patch)
        return (yield)


def _refuse_interpreters(patch: pytest.MonkeyPatch) -> None:
    popen, start = subprocess.Popen.__init__, BaseProcess.start

    def checked_popen(self: Any, args: Any, *more: Any, **options: Any) -> None:
        program = args if isinstance(args, str | bytes | os.PathLike) else args[0]
        if Path(os.fsdecode(program)).resolve() == Path(sys.executable).resolve():
            _fail()
        popen(self, args, *more, **options)

    def checked_start(self: BaseProcess) -> None:
        _fail()
        start(self)

    patch.setattr(subprocess.Popen, "__init__", checked_popen)
    patch.setattr(BaseProcess, "start", checked_start)


def _fail() -> None:
    pytest.fail("this test starts an interpreter: mark it with `pytest.mark.slow`", pytrace=True)
