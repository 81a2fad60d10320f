"""The exception tree."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from llm_sim import errors
from llm_sim.errors import (
    BotError,
    DeadlockError,
    ExpectationError,
    InternalError,
    InvariantViolation,
    LlmSimError,
    NondeterminismError,
    Problem,
    ScenarioError,
    ScheduleFormatError,
    ScriptError,
    ScriptExhaustedError,
    SimulationError,
    StepLimitError,
    TargetError,
    UnsupportedOperationError,
    UsageError,
    did_you_mean,
)

SAMPLES: list[tuple[LlmSimError, str]] = [
    (LlmSimError("told"), "told"),
    (LlmSimError(), ""),
    (UsageError("told"), "told"),
    (ScenarioError(Problem("wrong")), "wrong"),
    (
        ScenarioError(Problem("one", "a.yaml", 3, 5), Problem("two", "a.yaml")),
        "a.yaml:3:5: one\na.yaml: two",
    ),
    (ScriptError("told"), "told"),
    (ScheduleFormatError("ls9", "not known"), "schedule 'ls9': not known"),
    (BotError("told"), "told"),
    (SimulationError("told"), "told"),
    (
        DeadlockError("main", ("worker: waits",)),
        "deadlock: main can never finish: nothing is ready, no timer is left\n  worker: waits",
    ),
    (
        StepLimitError("9 steps", ("worker: waits",)),
        "the run did not come to rest within 9 steps\n  worker: waits",
    ),
    (
        ScriptExhaustedError(1, 2),
        "the model was asked 2 times, the script has 1 turn; add a turn, or find out who asked "
        "once more than you expected",
    ),
    (
        ScriptExhaustedError(2, 1),
        "the model was asked once, the script has 2 turns: 1 left over; remove what is never "
        "said, or find out who did not ask",
    ),
    (
        UnsupportedOperationError("create_connection", "bot.py:3 in call", "use a stub"),
        "create_connection is refused in a simulated run (called at bot.py:3 in call): use a stub",
    ),
    (
        NondeterminismError("event 3"),
        "the same bot, scenario and schedule gave another trace: event 3; look for real time, "
        "random numbers, id() or set order",
    ),
    (
        NondeterminismError("event 3", settles=True),
        "the same bot, scenario and schedule gave another trace: event 3; only the first run is "
        "another one: something outlives a run, as a client, a connection or a cache of a module "
        "does; make it in the bot's build()",
    ),
    (TargetError("told"), "told"),
    (InvariantViolation("FAILED told", ("LS101",)), "FAILED told"),
    (
        ExpectationError("down: in order End", "End did not come", (">>> 0 ms",)),
        "expected down: in order End\n  End did not come\n>>> 0 ms",
    ),
    (InternalError("told"), "told"),
]
each = pytest.mark.parametrize(
    ("error", "text"), SAMPLES, ids=[type(error).__name__ for error, _ in SAMPLES]
)


def public_errors() -> list[type[LlmSimError]]:
    """Return every exception of the module, in its order."""
    return [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, LlmSimError)
    ]


def test_every_error_is_tried_here() -> None:
    assert {type(error) for error, _ in SAMPLES} == set(public_errors())


@each
def test_an_error_composes_its_text(error: LlmSimError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@each
def test_an_error_survives_pickling_with_its_fields(
    error: LlmSimError, text: str, protocol: int
) -> None:
    again = pickle.loads(pickle.dumps(error, protocol))
    assert (type(again), vars(again), str(again)) == (type(error), vars(error), text)


@each
def test_an_error_can_be_copied(error: LlmSimError, text: str) -> None:
    again = copy.copy(error)
    assert (type(again), vars(again), str(again)) == (type(error), vars(error), text)


def test_a_note_on_an_error_survives_pickling() -> None:
    error = UsageError("told")
    error.add_note("in scenario told")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["in scenario told"]


def test_an_error_of_a_user_of_ours_survives_pickling() -> None:
    again = pickle.loads(pickle.dumps(OwnError(7)))
    assert (type(again), again.number, str(again)) == (OwnError, 7, "number 7")


class OwnError(UsageError):
    """An error of another package, with a constructor of its own."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __str__(self) -> str:
        return f"number {self.number}"


def test_a_broken_law_is_an_assertion_that_failed() -> None:
    assert issubclass(InvariantViolation, AssertionError)


def test_a_refused_operation_is_what_asyncio_raises_for_it() -> None:
    assert issubclass(UnsupportedOperationError, NotImplementedError)


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn = re.findall(r"^([ │├└─]*)(\w+(?:Error|Violation))\b", errors.__doc__ or "", re.M)
    parents: dict[int, str] = {}
    edges: dict[str, str | None] = {}
    for branch, name in drawn:
        edges[name] = parents.get(len(branch) - 3)
        parents[len(branch)] = name
    assert edges == {
        cls.__name__: next(
            (base.__name__ for base in cls.__bases__ if issubclass(base, LlmSimError)), None
        )
        for cls in public_errors()
    }


@pytest.mark.parametrize(
    ("wrong", "hint"), [("interupt", " (did you mean 'interrupt'?)"), ("x", ""), ("", "")]
)
def test_a_near_word_is_suggested(wrong: str, hint: str) -> None:
    assert did_you_mean(wrong, ("interrupt", "end", "cancel")) == hint
