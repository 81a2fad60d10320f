"""The real Pipecat: what it breaks is found by the laws alone, what it keeps stays quiet."""

from __future__ import annotations

import asyncio
import importlib.metadata
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from llm_sim.errors import TargetError, UsageError
from llm_sim.exploration import replay, sweep
from llm_sim.scenario import Scenario, Tool, call, load_scenarios, say, turn
from llm_sim.simulation import Run, run
from llm_sim.targets import Bot, get_target
from llm_sim.targets._releases import installed_release
from tests.support.command import environment
from tests.support.pipecat import PINNED, needs_pipecat
from tests.support.scenarios import BARGE_IN, barge_in

HELLO = Scenario(script=[turn(say("Hello."))])


def _laws(scenario: Scenario, inject: str = "interrupt") -> set[str]:
    return set(sweep(scenario, target="pipecat", inject=inject).laws)


@needs_pipecat
@pytest.mark.parametrize("scenario", load_scenarios(str(BARGE_IN)), ids=lambda s: s.name)
def test_an_undisturbed_run_comes_to_rest(scenario: Scenario) -> None:
    one = run(scenario, target="pipecat")
    assert one.trace.header.target == f"pipecat {PINNED}"
    assert set(one.laws) <= {"LS204"}


@needs_pipecat
def test_a_call_stuck_in_progress_behind_a_playout_is_found_as_one_window() -> None:
    """pipecat-ai/pipecat#5779."""
    report = sweep(barge_in("spoken_tool"), target="pipecat")
    (window,) = report.windows
    assert window.laws == ("LS102", "LS103")
    assert report.undisturbed.violations == ()


@needs_pipecat
def test_the_window_replays_from_its_token() -> None:
    (window,) = sweep(barge_in("spoken_tool"), target="pipecat").windows
    (one,) = replay([barge_in("spoken_tool")], window.token, target="pipecat").runs
    assert [(v.law, v.call) for v in one.violations] == [("LS102", "c1"), ("LS103", "c1")]
    assert one.violations[1].message == (
        "c1 `lookup_order`: service=cancelled  aggregator=in_progress  context=in_progress"
    )


@needs_pipecat
def test_a_queued_call_that_runs_after_the_interruption_is_found() -> None:
    """pipecat-ai/pipecat#4997."""
    scenario = Scenario(
        name="queued_behind_a_survivor",
        mode="sequential",
        script=[turn(call("keep", as_="k"), call("hang_up", as_="h")), turn(say("Bye."))],
        tools={
            "keep": Tool(latency="100ms", cancel_on_interruption=False),
            "hang_up": Tool(latency="10ms"),
        },
    )
    assert "LS106" in _laws(scenario)


@needs_pipecat
def test_calls_that_an_end_forgets_are_found() -> None:
    """pipecat-ai/pipecat#5790."""
    assert {"LS101", "LS103"} <= _laws(barge_in("two_parallel_tools"), "end")


@needs_pipecat
def test_a_model_that_runs_for_each_call_of_a_sequential_batch_is_found() -> None:
    """pipecat-ai/pipecat#5852."""
    one = run(barge_in("two_sequential_tools"), target="pipecat")
    assert [v.message for v in one.violations] == [
        "the model runs again while t `traffic` is unsettled"
    ]


@needs_pipecat
def test_a_falsy_result_that_the_model_never_hears_of_is_found() -> None:
    """pipecat-ai/pipecat#4298."""
    scenario = Scenario(
        name="nothing_found",
        script=[turn(call("search", as_="s")), turn(say("Nothing."))],
        tools={"search": Tool(result=[])},
    )
    assert run(scenario, target="pipecat").laws == ("LS204", "LS206")
    assert run(scenario, target="reference").laws == ()


@needs_pipecat
@pytest.mark.parametrize("mode", ["parallel", "sequential"])
def test_an_interruption_at_any_point_of_a_plain_bot_stays_quiet(mode: str) -> None:
    scenario = Scenario(
        name="plain_bot",
        mode="sequential" if mode == "sequential" else "parallel",
        script=[turn(say("Let me check."), call("f", as_="c1")), turn(say("Done."))],
        tools={"f": Tool(latency="100ms")},
    )
    assert sweep(scenario, target="pipecat").clean


@needs_pipecat
@pytest.mark.parametrize("name", ["call_that_survives", "unregistered_function"])
def test_what_pipecat_does_right_stays_quiet(name: str) -> None:
    assert sweep(barge_in(name), target="pipecat").clean


@needs_pipecat
def test_a_handler_that_raises_is_settled_with_an_error_that_is_seen() -> None:
    assert run(barge_in("handler_raises"), target="pipecat").violations == ()


@needs_pipecat
def test_the_applications_log_sinks_are_put_back() -> None:
    from loguru import logger

    lines: list[str] = []
    sink = logger.add(lines.append, level="INFO", format="{message}")
    try:
        run(barge_in("handler_raises"), target="pipecat")
        logger.info("after the run")
    finally:
        logger.remove(sink)
    assert [str(line) for line in lines] == ["after the run\n"]


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str | None], None]]:
    """Let another release of Pipecat, or none, seem to be installed."""

    def seem(release: str | None) -> None:
        def version(name: str) -> str:
            if release is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return release

        monkeypatch.setattr(importlib.metadata, "version", version)
        installed_release.cache_clear()

    yield seem
    installed_release.cache_clear()


def test_a_missing_pipecat_is_answered_with_what_to_install(
    release: Callable[[str | None], None],
) -> None:
    release(None)
    with pytest.raises(TargetError, match=r"not installed here; python -m pip install pipecat-ai"):
        get_target("pipecat").version()


@pytest.mark.parametrize("old", ["0.0.73", "1.2.0"])
def test_a_pipecat_without_an_adapter_is_refused_by_name(
    old: str, release: Callable[[str | None], None]
) -> None:
    release(old)
    with pytest.raises(TargetError, match=rf"pipecat-ai {old} is older than 1\.3"):
        get_target("pipecat").version()


@pytest.mark.parametrize(
    ("installed", "name"),
    [
        ("1.14.0", "pipecat"),
        ("1.3.0", "pipecat"),
        ("1.2.9", "reference"),
        ("0.0.73", "reference"),
        ("unknown", "reference"),
        (None, "reference"),
    ],
)
def test_auto_is_the_installed_pipecat_if_an_adapter_drives_it(
    installed: str | None, name: str, release: Callable[[str | None], None]
) -> None:
    release(installed)
    assert get_target("auto").name == name


def test_auto_is_decided_when_it_is_asked_for(release: Callable[[str | None], None]) -> None:
    release("1.14.0")
    get_target("auto")
    release(None)
    assert run(HELLO, target="auto").trace.header.target.startswith("reference ")


@pytest.mark.slow
def test_auto_does_not_import_pipecat() -> None:
    source = (
        "import sys; from llm_sim.targets import get_target; get_target('auto'); "
        "print([name for name in sys.modules if name.partition('.')[0] == 'pipecat'])"
    )
    told = subprocess.run(
        [sys.executable, "-c", source],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert told.stdout == "[]\n"


def test_a_name_of_no_target_is_answered_with_every_name() -> None:
    with pytest.raises(
        UsageError,
        match=r"no target 'atuo' \(did you mean 'auto'\?\); the targets are reference, naive, "
        "pipecat, auto$",
    ):
        get_target("atuo")


def _with_one_call(handler: Callable[..., Any], build: Callable[[], None] = lambda: None) -> Run:
    def built(llm: Any) -> None:
        build()
        llm.register_function("f", handler)

    script = [turn(call("f", as_="c1")), turn(say("Ok."))]
    return run(Scenario(bot="tests:bot", script=script), bot=Bot(built), target="pipecat")


async def _loses_a_task(params: Any) -> None:
    async def fails() -> None:
        raise RuntimeError("lost")

    params.llm.create_task(fails())
    await asyncio.sleep(0.1)
    await params.result_callback("ok")


@needs_pipecat
def test_an_error_that_pipecat_only_logs_is_found() -> None:
    (violation,) = _with_one_call(_loses_a_task).violations
    assert violation.law == "LS303"
    assert violation.message.startswith("unseen (log): ")


@needs_pipecat
def test_an_error_that_the_bot_logs_itself_is_its_own_affair() -> None:
    from loguru import logger

    async def logs(params: Any) -> None:
        logger.error("payment failed")
        await params.result_callback("sorry")

    assert _with_one_call(logs).violations == ()


@needs_pipecat
def test_a_bot_that_removes_all_log_sinks_does_not_deafen_the_next_run() -> None:
    from loguru import logger

    _with_one_call(_loses_a_task, build=logger.remove)
    assert _with_one_call(_loses_a_task).laws == ("LS303",)


@needs_pipecat
@pytest.mark.filterwarnings("ignore:.*register_direct_function. is deprecated")
def test_a_direct_function_is_watched_like_any_handler() -> None:
    async def book(params: Any, seat: int) -> None:
        """Book a seat.

        Args:
            seat: Its number.
        """
        await asyncio.sleep(0.1)
        await params.result_callback({"booked": seat})

    bot = Bot(lambda llm: llm.register_direct_function(book), mutating=["book"])
    scenario = Scenario(
        bot="tests:direct",
        script=[turn(call("book", {"seat": 7}, as_="c1")), turn(say("Booked."))],
        latency={"book": "50ms"},
    )
    one = run(scenario, bot=bot, target="pipecat")
    assert [(event.kind, event.time_ns, event.data) for event in one.trace.of("register")] == [
        ("register", 0, {"cancel_on_interruption": True})
    ]
    assert [event.data.get("phase", "answers") for event in one.trace.of("handler", "answer")] == [
        "started",
        "answers",
        "returned",
    ]
    assert (one.laws, one.call("c1").result, one.effects("book")) == ((), {"booked": 7}, 1)
    started, ended = one.trace.of("handler")
    assert ended.time_ns - started.time_ns == 150_000_000
