from collections.abc import Callable

import pytest

from llm_sim.errors import ScenarioError
from llm_sim.scenario import (
    Call,
    Injection,
    Say,
    Stimulus,
    Turn,
    Wait,
    after,
    at,
    at_step,
    call,
    cancel,
    end,
    interrupt,
    say,
    turn,
    user_says,
    wait,
)


def test_a_turn_is_built_from_its_steps() -> None:
    built = turn(say("One moment."), call("slow", {"q": "x"}, as_="c1"), wait("50ms"))
    assert built == Turn(
        steps=(
            Say(text="One moment."),
            Call(name="slow", args={"q": "x"}, id="c1"),
            Wait(duration="50ms"),
        )
    )


def test_the_stimuli_have_a_builder_each() -> None:
    assert [interrupt(), end(), cancel(), user_says("Stop.")] == [
        Stimulus(kind="interrupt"),
        Stimulus(kind="end"),
        Stimulus(kind="cancel"),
        Stimulus(kind="say", text="Stop."),
    ]


def test_an_injection_lands_at_a_frame_a_time_or_a_step() -> None:
    assert [at("LLMText", end(), nth=2, offset=3), after("2s", end()), at_step(7, end())] == [
        Injection(do="end", at="LLMText", nth=2, offset=3),
        Injection(do="end", after="2s"),
        Injection(do="end", step=7),
    ]


def test_the_suffix_of_a_frame_is_stripped() -> None:
    assert at("FunctionCallsStartedFrame", interrupt()).at == "FunctionCallsStarted"


def test_a_later_change_of_the_arguments_does_not_reach_the_call() -> None:
    args = {"filters": ["new"]}
    built = call("search", args)
    args["filters"].append("cheap")
    assert built.args == {"filters": ["new"]}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: say(5), "text must be text, not 5: put it in quotes"),  # type: ignore[arg-type]
        (lambda: call(""), "name must be the name of a tool, not ''"),
        (lambda: call("x", [1]), "args must be a mapping, not a list"),  # type: ignore[arg-type]
        (lambda: call("x", {1: 2}), "args: key 1 must be text: put it in quotes"),  # type: ignore[dict-item]
        (
            lambda: call("x", {"a": [0, float("inf")]}),
            "args.a[1] must be a finite number, not inf",
        ),
        (
            lambda: call("x", {"a": b""}),
            "args.a must be plain data: text, a number, true, false, null, a list or a mapping, "
            "not b''",
        ),
        (lambda: call("x", as_=""), "as_ must be a text that is not empty, not ''"),
        (lambda: wait(5), "duration must have a unit: write 300ms or 5s, not 5"),
        (
            lambda: turn(say("a"), "b"),  # type: ignore[arg-type]
            "step 2 must be say(text), call(name), wait(duration) or fail(text), not 'b'",
        ),
        (lambda: user_says(""), "text must be a text that is not empty, not ''"),
        (
            lambda: at(5, end()),  # type: ignore[arg-type]
            "frame must be a name such as 'FunctionCallsStarted', not 5",
        ),
        (
            lambda: at("Frame", end()),
            "at must be the name of a frame, such as FunctionCallsStarted, not 'Frame'",
        ),
        (
            lambda: at("LLMText", "end"),  # type: ignore[arg-type]
            "stimulus must be one that a builder makes, like interrupt() or user_says(text), "
            "not 'end'",
        ),
        (lambda: at("LLMText", end(), nth=0), "nth must be 1 or more, not 0"),
        (lambda: at("LLMText", end(), offset=-1), "offset must be 0 or more, not -1"),
        (lambda: after("2", end()), "after must have a unit: write 300ms or 5s, not '2'"),
        (
            lambda: after(None, end()),  # type: ignore[arg-type]
            "duration must be a duration such as 300ms or 5s, not null",
        ),
        (lambda: at_step(1.5, end()), "step must be a whole number, not 1.5"),  # type: ignore[arg-type]
        (lambda: at_step(None, end()), "step must be a whole number, not null"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_argument_is_named_with_its_remedy(
    build: Callable[[], object], message: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        build()
    assert str(caught.value) == message


def test_data_that_contains_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ScenarioError, match="must not be nested deeper than 100 levels"):
        call("x", {"a": endless})
