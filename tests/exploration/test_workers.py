"""Runs in other processes: the same report, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing import active_children, parent_process
from pathlib import Path
from typing import Any

import pytest

from llm_sim.errors import SimulationError, UsageError
from llm_sim.exploration import SweepReport, Workers, sweep, worker_processes
from llm_sim.scenario import Scenario, call, say, turn
from llm_sim.targets import Bot
from llm_sim.targets.reference import ReferenceTarget, ScriptedLLMService
from tests.support.command import SOURCE, environment, finished, started
from tests.support.scenarios import BARGE_IN, two_tools


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with worker_processes(2) as started:
        yield started


def told(report: SweepReport) -> dict[str, Any]:
    plain = report.to_plain()
    del plain["runs_per_second"]
    return plain


@pytest.mark.slow
@pytest.mark.parametrize("inject", ["interrupt", "interrupt+end", "interrupt+end+cancel"])
def test_the_report_is_that_of_one_process(workers: Workers, inject: str) -> None:
    def swept(crew: int | Workers) -> SweepReport:
        scenario = two_tools("sequential")
        return sweep(scenario, inject=inject, target="naive", most=90, workers=crew)

    one, other = swept(1), swept(workers)
    assert told(other) == told(one)
    assert other.outcomes == one.outcomes


@pytest.mark.slow
def test_progress_is_told_after_each_point(workers: Workers) -> None:
    done: list[int] = []
    report = sweep(two_tools(), workers=workers, progress=lambda *news: done.append(news[0]))
    assert done == list(range(1, report.points + 1))


async def answer(params: Any) -> None:
    await params.result_callback("ok")


def plain_bot(llm: Any) -> None:
    llm.register_function("f", answer)
    llm.register_function("g", answer)


def of_a_bot() -> Scenario:
    script = [turn(call("f", as_="f1"), call("g", as_="g1")), turn(say("Done."))]
    return Scenario(name="of_a_bot", bot="tests.exploration.test_workers:plain_bot", script=script)


@pytest.mark.slow
def test_a_bot_is_found_in_a_worker_by_its_name_or_as_a_function(workers: Workers) -> None:
    named = sweep(of_a_bot(), workers=workers)
    given = sweep(of_a_bot(), bot=Bot(plain_bot), workers=workers)
    assert told(named) == told(given) == told(sweep(of_a_bot()))


def test_a_bot_from_inside_a_function_is_refused_with_the_remedy(workers: Workers) -> None:
    def inner_bot(llm: Any) -> None:
        plain_bot(llm)

    bot = Bot(inner_bot)
    with pytest.raises(UsageError) as refused:
        sweep(of_a_bot(), bot=bot, workers=workers)
    assert str(refused.value).startswith("the bot cannot be sent to a worker process: ")
    assert str(refused.value).endswith(
        "use functions and classes from the top level of a module, none from inside a function "
        "and no lambda, or use one worker"
    )


def test_a_target_from_inside_a_function_is_refused(workers: Workers) -> None:
    class Inner(ReferenceTarget):
        """Cannot be imported."""

    target = Inner("inner", ScriptedLLMService)
    with pytest.raises(UsageError, match=r"^the target cannot be sent to a worker process: "):
        sweep(two_tools(), target=target, workers=workers)


class Unloadable(ReferenceTarget):
    """Can be sent and not be received."""

    def __reduce__(self) -> Any:
        return int, ("no number",)


@pytest.mark.slow
def test_what_a_worker_cannot_load_is_told_as_such(workers: Workers) -> None:
    target = Unloadable("unloadable", ScriptedLLMService)
    with pytest.raises(UsageError, match=r"^a worker process cannot load what is under test: "):
        sweep(two_tools(), target=target, workers=workers)


def leaving_bot(llm: Any) -> None:
    """Ends the process, unless it is the first one."""
    if parent_process() is not None:
        os._exit(3)
    plain_bot(llm)


@pytest.fixture
def no_process_left() -> Iterator[None]:
    """Check that the processes are those of before."""
    before = active_children()
    yield
    assert [process for process in active_children() if process not in before] == []


@pytest.mark.slow
@pytest.mark.usefixtures("no_process_left")
def test_a_worker_that_dies_gives_no_verdict() -> None:
    with pytest.raises(SimulationError, match=r"^a worker process has died; use one worker to see"):
        sweep(of_a_bot(), bot=Bot(leaving_bot), workers=2)


def test_fewer_than_one_worker_are_refused() -> None:
    with pytest.raises(UsageError, match="workers=0: at least one process has to make the runs"):
        sweep(two_tools(), workers=0)


def press_at_5(done: int, total: int, failed: int) -> None:
    if done == 5:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.slow
@pytest.mark.usefixtures("no_process_left")
def test_ctrl_c_keeps_what_was_found_and_leaves_no_process() -> None:
    whole = sweep(two_tools(), inject="interrupt+end")
    report = sweep(two_tools(), inject="interrupt+end", workers=2, progress=press_at_5)
    assert (report.stopped, report.clean) == (True, False)
    assert 5 <= len(report.outcomes) < report.points
    assert report.outcomes == whole.outcomes[: len(report.outcomes)]


@pytest.mark.slow
@pytest.mark.usefixtures("no_process_left")
def test_a_second_ctrl_c_leaves_no_process() -> None:
    def press_twice(done: int, total: int, failed: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        sweep(two_tools(), workers=2, progress=press_twice)


def deaf() -> bool:
    """Tell whether Ctrl-C reaches this process."""
    held_back = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return signal.SIGINT in held_back and signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.slow
def test_a_worker_is_deaf_to_ctrl_c_from_its_first_instruction_on(workers: Workers) -> None:
    sweep(two_tools(), workers=workers)
    assert workers._executor.submit(deaf).result()
    assert not deaf()


SWEEP = ("sweep", str(BARGE_IN), "--inject", "interrupt+end", "--workers", "2")


def in_a_group_of_its_own(cwd: Path) -> subprocess.Popen[str]:
    """Start a long sweep as a terminal does, and return when the workers have made runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", SOURCE, *SWEEP],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=cwd,
        env=environment(),
        start_new_session=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("spoken_tool: ")
    return process


@pytest.mark.slow
def test_ctrl_c_in_a_terminal_is_heard_by_the_parent_alone(tmp_path: Path) -> None:
    process = in_a_group_of_its_own(tmp_path)
    os.killpg(process.pid, signal.SIGINT)
    # Output ends when the last process that holds the pipe is gone.
    outcome = finished(process)
    assert outcome.code == 3
    assert "stopping after this run" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.slow
def test_workers_leave_with_their_parent(tmp_path: Path) -> None:
    process = in_a_group_of_its_own(tmp_path)
    process.kill()
    # Output ends when the last process that holds the pipe is gone.
    assert finished(process).code == -signal.SIGKILL


@pytest.mark.slow
def test_the_command_line_spreads_runs(tmp_path: Path) -> None:
    one_scenario = ("sweep", f"{BARGE_IN}::spoken_tool", "--json", "/dev/stdout")
    outcomes = [
        finished(started(*one_scenario, "--workers", count, cwd=tmp_path)) for count in ("1", "2")
    ]
    assert [outcome.code for outcome in outcomes] == [0, 0]
    assert '"clean": true' in outcomes[1].out
