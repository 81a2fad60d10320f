"""What each word of a tool's ``does`` means, on the reference core."""

from __future__ import annotations

from typing import get_args

import pytest

from llm_sim.scenario import Behaviour, Injection, Scenario, Tool, after, call, interrupt, turn
from llm_sim.scripted import BEHAVIOURS
from llm_sim.simulation import Run, run

UNDISTURBED: dict[Behaviour, list[str]] = {
    "answer": ["0 started", "100 answers", "100 returned"],
    "answer_late": ["0 started", "0 returned", "100 answers"],
    "answer_quietly": ["0 started", "100 answers", "100 returned"],
    "answer_twice": ["0 started", "100 answers", "150 answers", "150 returned"],
    "answer_when_cancelled": ["0 started", "100 answers", "100 returned"],
    "clean_up": ["0 started", "100 answers", "200 returned"],
    "hang": ["0 started"],
    "interrupt": ["0 started", "100 answers", "100 returned"],
    "register": ["0 started", "100 answers", "100 returned"],
    "report_progress": ["0 started", "50 answers", "100 answers", "100 returned"],
    "speak": ["0 started", "100 answers", "100 returned"],
    "stay_silent": ["0 started", "100 returned"],
    "swallow": ["0 started", "100 answers", "100 returned"],
    "unregister": ["0 started", "100 answers", "100 returned"],
}
INTERRUPTED: dict[Behaviour, list[str]] = {
    "answer": ["0 started", "30 cancelled"],
    "answer_when_cancelled": ["0 started", "30 answers", "30 cancelled"],
    "clean_up": ["0 started", "130 cancelled"],
    "hang": ["0 started", "30 cancelled"],
    "swallow": ["0 started", "3030 answers", "3030 returned"],
}

_LOUD_AND_QUIET: tuple[Behaviour, Behaviour] = ("answer", "answer_quietly")


def converse(does: Behaviour, *injections: Injection, cancel: bool = True) -> Run:
    """Let the model call a tool of 100 ms that does so."""
    scenario = Scenario(
        script=[turn(call("f", as_="f1")), turn()],
        tools={"f": Tool(does=does, latency="100ms", cancel_on_interruption=cancel)},
        inject=injections,
    )
    return run(scenario)


def told(one: Run) -> list[str]:
    """Return what the handler did, with the virtual milliseconds."""
    return [
        f"{event.time_ns // 1_000_000} {event.data.get('phase', 'answers')}"
        for event in one.trace.until_rest().of("handler", "answer")
        if event.call == "f1"
    ]


def frames(one: Run) -> list[str]:
    """Return what the service pushed downstream between the call's start and its end."""
    pushed = [
        one.trace.type_of(event)
        for event in one.trace.of("push")
        if event.data["by"] == "llm" and event.direction == "down"
    ]
    begin = pushed.index("FunctionCallInProgress")
    return pushed[begin + 1 : pushed.index("FunctionCallResult", begin)]


def test_every_word_is_described_and_can_be_drawn() -> None:
    assert sorted(BEHAVIOURS) == sorted(get_args(Behaviour)) == sorted(UNDISTURBED)
    assert [word for word, behave in BEHAVIOURS.items() if not behave.__doc__] == []


@pytest.mark.parametrize("does", UNDISTURBED)
def test_a_handler_that_nobody_disturbs(does: Behaviour) -> None:
    assert told(converse(does)) == UNDISTURBED[does]


@pytest.mark.parametrize("does", INTERRUPTED)
def test_a_handler_that_is_interrupted_after_30_ms(does: Behaviour) -> None:
    at_30_ms = after("30ms", interrupt())
    assert told(converse(does, at_30_ms)) == INTERRUPTED[does]


def test_a_tool_that_interrupts_pushes_an_interruption_before_its_answer() -> None:
    assert "Interruption" in frames(converse("interrupt"))


def test_a_tool_that_speaks_pushes_text_before_its_answer() -> None:
    assert "Text" in frames(converse("speak"))


def test_a_tool_that_reports_progress_has_an_update_if_it_outlives_interruptions() -> None:
    kept, cancelled = (converse("report_progress", cancel=cancel) for cancel in (False, True))
    assert kept.call("f1").phases == ["started", "in_progress", "update", "result"]
    assert cancelled.call("f1").phases == ["started", "in_progress", "result"]
    assert (kept.violations, cancelled.violations) == ((), ())


def test_after_a_quiet_answer_the_model_is_not_asked_again() -> None:
    loud, quiet = (converse(does).trace for does in _LOUD_AND_QUIET)
    asked = [len(list(trace.until_rest().of("inference"))) for trace in (loud, quiet)]
    assert asked == [2, 1]


def test_a_tool_that_registers_itself_anew_turns_its_cancellation_round() -> None:
    said = [e.data for e in converse("register").trace.of("register") if e.where == "f"]
    assert [one["cancel_on_interruption"] for one in said] == [True, False]


def test_a_tool_that_unregisters_itself_is_gone() -> None:
    said = [e.data for e in converse("unregister").trace.of("register") if e.where == "f"]
    assert [one["cancel_on_interruption"] for one in said] == [True, None]


def test_a_timeout_settles_a_tool_that_never_ends() -> None:
    scenario = Scenario(
        script=[turn(call("f", as_="f1")), turn()],
        tools={"f": Tool(does="hang", timeout="200ms")},
    )
    one = run(scenario)
    assert (told(one), one.violations) == (["0 started", "200 cancelled"], ())
