"""What each stimulus brings into a live pipeline."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from llm_sim import frames
from llm_sim.errors import TargetError
from llm_sim.scenario import (
    Scenario,
    Stimulus,
    Tool,
    after,
    call,
    cancel,
    end,
    error,
    interrupt,
    register,
    say,
    turn,
    unregister,
    user_says,
    user_starts,
    user_stops,
    wait,
)
from llm_sim.simulation import Run, run
from llm_sim.stimuli import STIMULUS_KINDS, StimulusKind
from llm_sim.targets import Bot, Session, Views, get_target
from tests.support.pipecat import needs_pipecat

INJECTED = ("UserStartedSpeaking", "UserStoppedSpeaking", "Error")
TARGETS = ["reference", pytest.param("pipecat", marks=needs_pipecat)]


def converse(target: str, *stimuli: Stimulus) -> Run:
    scenario = Scenario(
        script=[turn(call("f", as_="f1")), turn(say("Done.")), turn()],
        tools={"f": Tool(latency="200ms")},
        inject=[after(f"{50 * i}ms", stimulus) for i, stimulus in enumerate(stimuli, 1)],
    )
    return run(scenario, target=target)


def seen_at(one: Run, where: str) -> list[str]:
    """Return the frames that came to a processor because of the stimuli, by name."""
    return [
        one.trace.type_of(event)
        for event in one.trace.until_rest().of("process")
        if event.where == where and one.trace.type_of(event) in INJECTED
    ]


@pytest.mark.parametrize("target", TARGETS)
def test_the_user_starts_and_stops_speaking_through_the_whole_pipeline(target: str) -> None:
    one = converse(target, user_starts(), user_stops())
    assert seen_at(one, "sink") == ["UserStartedSpeaking", "UserStoppedSpeaking"]


@pytest.mark.parametrize("target", TARGETS)
def test_an_error_goes_upstream_and_breaks_no_law(target: str) -> None:
    one = converse(target, error())
    assert (seen_at(one, "source"), one.laws) == (["Error"], ())


@pytest.mark.parametrize("target", TARGETS)
def test_a_tool_is_taken_away_and_registered_as_it_was(target: str) -> None:
    one = converse(target, unregister("f"), register("f"), register("nobody"), unregister("nobody"))
    said = [event.data["cancel_on_interruption"] for event in one.trace.of("register")]
    assert (said, one.laws) == ([True, None, True], ())


@pytest.mark.parametrize("target", TARGETS)
def test_a_stub_of_the_scenario_still_stands_for_a_tool_that_is_registered_anew(
    target: str,
) -> None:
    async def real(params: Any) -> None:
        await params.result_callback("real")

    scenario = Scenario(
        script=[turn(wait("50ms"), call("f", as_="f1")), turn(say("Done."))],
        tools={"f": Tool(result="stubbed")},
        inject=[after("10ms", unregister("f")), after("20ms", register("f"))],
    )
    one = run(scenario, bot=Bot(lambda llm: llm.register_function("f", real)), target=target)
    assert one.call("f1").result == "stubbed"


@needs_pipecat
def test_a_run_may_wait_while_the_user_speaks_but_not_for_ever() -> None:
    speaks_at_the_end = converse("pipecat", user_starts())
    has_spoken = converse("pipecat", user_starts(), Stimulus(kind="user_starts"), user_stops())
    late = Scenario(
        script=[turn(call("f", as_="f1")), turn(say("Done."))],
        tools={"f": Tool(latency="100ms")},
        inject=[after("50ms", user_starts()), after("300ms", user_stops())],
    )
    assert speaks_at_the_end.laws == ()
    assert has_spoken.laws == ()
    assert run(late, target="pipecat").laws == ("LS204",)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", STIMULUS_KINDS.values(), ids=lambda row: row.word)
def test_every_target_knows_every_stimulus(target: str, row: StimulusKind) -> None:
    if row.does == "release":  # opens a gate of the harness, and enters no target
        return
    one = converse(target, Stimulus(kind=row.word, text="f" if row.argument else ""))
    assert [event.data["do"] for event in one.trace.of("stimulus")][1:] == [row.word]


@pytest.mark.parametrize("target", [*TARGETS, "naive"])
def test_a_stimulus_that_a_target_does_not_know_is_no_silent_pass(target: str) -> None:
    unknown = Stimulus.model_construct(kind="dtmf", text="")
    told = rf"^target '{get_target(target).name}' does not know the stimulus 'dtmf'$"
    with pytest.raises(TargetError, match=told):
        converse(target, unknown)


def test_nor_is_one_whose_frame_the_target_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(frames, "UserStoppedSpeakingFrame")
    with pytest.raises(TargetError, match=r"^target 'reference' does not know .* 'user_stops'$"):
        converse("reference", user_starts(), user_stops())


@needs_pipecat
def test_a_renamed_queue_of_pipecat_is_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_sim.targets.pipecat import _service

    async def start_and_rename(self: Any, frame: Any) -> None:
        await start(self, frame)
        self._renamed = self.__dict__.pop("_sequential_runner_queue")

    service = _service.ScriptedPipecatLLMService
    start = service.start
    monkeypatch.setattr(service, "start", start_and_rename)
    scenario = Scenario(mode="sequential", script=[turn(say("Hello."))])
    with pytest.raises(TargetError, match="no longer has '_sequential_runner_queue'"):
        run(scenario, target="pipecat")


class OwnSession(Session):
    """A session of a target of one's own, which has no frames but one."""

    target = "own"
    frames = SimpleNamespace(StartInterruptionFrame=str)

    def __init__(self) -> None:
        self.noted: list[Any] = []

    async def run(self) -> None:
        """Run nothing."""

    async def queue(self, frame: Any) -> None:
        self.noted.append(("queue", frame))

    async def end(self) -> None:
        self.noted.append("end")

    async def cancel(self) -> None:
        self.noted.append("cancel")

    async def say(self, text: str) -> None:
        self.noted.append(("say", text))

    def views(self) -> Views:
        return Views()


def test_a_target_of_ones_own_is_led_to_its_primitives() -> None:
    session = OwnSession()
    for stimulus in (end(), cancel(), user_says("Hm."), interrupt()):
        asyncio.run(session.inject(stimulus))
    assert session.noted == ["end", "cancel", ("say", "Hm."), ("queue", "")]


def test_a_target_of_ones_own_that_lacks_a_frame_does_not_know_the_stimulus() -> None:
    with pytest.raises(TargetError, match=r"^target 'own' does not know .* 'user_starts'"):
        asyncio.run(OwnSession().inject(user_starts()))
