"""Every exception that llm_sim raises, sorted by whose turn it is.

::

    LlmSimError
    ├─ UsageError                     you called us wrongly
    │  ├─ ScenarioError               a scenario, in a file or built in Python
    │  ├─ ScriptError                 the script of the model
    │  ├─ ScheduleFormatError         a replay token
    │  └─ BotError                    the bot under test cannot be built
    ├─ SimulationError                no verdict
    │  ├─ DeadlockError               who waits for what
    │  ├─ StepLimitError              the bound of steps or of virtual time was reached
    │  ├─ ScriptExhaustedError        the model was asked more often, or less often, than scripted
    │  ├─ UnsupportedOperationError   real I/O, threads or processes in a simulated run
    │  ├─ NondeterminismError         the same input gave another trace
    │  └─ TargetError                 the target is missing, too old, or has changed shape
    ├─ InvariantViolation             the code under test is wrong; also an AssertionError
    ├─ ExpectationError               a run did not go as a test expects; also an AssertionError
    └─ InternalError                  our bug

Each keeps its facts as attributes and composes its text in ``__str__``, so it can be pickled,
compared and printed later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any


def did_you_mean(wrong: str, known: list[str] | tuple[str, ...], nearness: float = 0.6) -> str:
    """Return ``" (did you mean 'x'?)"`` for the nearest known word, or an empty string.

    Args:
        wrong: The word, in whatever case.
        known: The words that there are.
        nearness: How near one must be, from 0 to 1, as difflib counts.
    """
    folded = {word.casefold(): word for word in reversed(known)}
    near = get_close_matches(wrong.casefold(), folded, n=1, cutoff=nearness)
    return f" (did you mean {folded[near[0]]!r}?)" if near else ""


def _rebuild(cls: type[LlmSimError], fields: Mapping[str, Any]) -> LlmSimError:
    error = cls.__new__(cls)
    error.__dict__.update(fields)
    return error


class LlmSimError(Exception):
    """The root of the tree."""

    def __init__(self, message: str = "") -> None:
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), dict(self.__dict__))


class UsageError(LlmSimError):
    """You called us wrongly; the text says how to put it right."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a scenario, with the place where it stands.

    Parameters:
        message: What is wrong, with the value and the remedy.
        file: The file's path as the user gave it; empty for one built in Python.
        line: 1-based line, 0 where there is none.
        column: 1-based column, 0 where there is none.
    """

    message: str
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place}: {self.message}" if place else self.message


class ScenarioError(UsageError):
    """A scenario that cannot be used.

    Args:
        problems: Every mistake that was found, in the order of the file.
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class ScriptError(UsageError):
    """A script that no model could play."""


class ScheduleFormatError(UsageError):
    """A replay token that cannot be read.

    Args:
        token: The token as it was given.
        problem: What is wrong with it, and the remedy.
    """

    def __init__(self, token: str, problem: str) -> None:
        self.token = token
        self.problem = problem

    def __str__(self) -> str:
        return f"schedule {self.token!r}: {self.problem}"


class BotError(UsageError):
    """The bot under test cannot be imported or built."""


class SimulationError(LlmSimError):
    """The run gives no verdict."""


class DeadlockError(SimulationError):
    """Nothing is ready and no timer is left, but the awaited future is not done.

    Args:
        awaited: What the run was waiting for.
        waiting: One line a pending task: its name, where it is suspended, what it waits for.
    """

    def __init__(self, awaited: str, waiting: tuple[str, ...] = ()) -> None:
        self.awaited = awaited
        self.waiting = waiting

    def __str__(self) -> str:
        lines = [f"deadlock: {self.awaited} can never finish: nothing is ready, no timer is left"]
        return "\n".join([*lines, *(f"  {line}" for line in self.waiting)])


class StepLimitError(SimulationError):
    """The run did not come to rest within its bound.

    Args:
        bound: The bound that was reached, with its unit, e.g. ``"100000 steps"``.
        waiting: One line a pending task: its name, where it is suspended, what it waits for.
    """

    def __init__(self, bound: str, waiting: tuple[str, ...] = ()) -> None:
        self.bound = bound
        self.waiting = waiting

    def __str__(self) -> str:
        lines = [f"the run did not come to rest within {self.bound}"]
        return "\n".join([*lines, *(f"  {line}" for line in self.waiting)])


class ScriptExhaustedError(SimulationError):
    """The model was asked more often, or less often, than the script has turns.

    Args:
        turns: How many turns the script has.
        asked: How often the model was asked.
    """

    def __init__(self, turns: int, asked: int) -> None:
        self.turns = turns
        self.asked = asked

    def __str__(self) -> str:
        asked = "once" if self.asked == 1 else f"{self.asked} times"
        turns = "1 turn" if self.turns == 1 else f"{self.turns} turns"
        told = f"the model was asked {asked}, the script has {turns}"
        if self.asked > self.turns:
            return f"{told}; add a turn, or find out who asked once more than you expected"
        return (
            f"{told}: {self.turns - self.asked} left over; remove what is never said, or find out "
            "who did not ask"
        )


class UnsupportedOperationError(SimulationError, NotImplementedError):
    """Code in a simulated run asked for the real world.

    Args:
        operation: What was asked for: ``"a connection to api.shop.test:443"``, or the method of the
            loop, such as ``"subprocess_exec"``.
        caller: ``file:line in function`` of the code that asked.
        remedy: What to do instead.
    """

    def __init__(self, operation: str, caller: str, remedy: str) -> None:
        self.operation = operation
        self.caller = caller
        self.remedy = remedy

    def __str__(self) -> str:
        return (
            f"{self.operation} is refused in a simulated run (called at {self.caller}): "
            f"{self.remedy}"
        )


class NondeterminismError(SimulationError):
    """The same bot, scenario and schedule gave another trace.

    Args:
        first_difference: The first line of the two traces that differs, in words.
        settles: Whether only the first run differs from those behind it.
    """

    def __init__(self, first_difference: str, settles: bool = False) -> None:
        self.first_difference = first_difference
        self.settles = settles

    def __str__(self) -> str:
        remedy = (
            "only the first run is another one: something outlives a run, as a client, a "
            "connection or a cache of a module does; make it in the bot's build()"
            if self.settles
            else "look for real time, random numbers, id() or set order"
        )
        return (
            "the same bot, scenario and schedule gave another trace: "
            f"{self.first_difference}; {remedy}"
        )


class TargetError(SimulationError):
    """The target is not installed, is not supported, or no longer has the shape we rely on."""


class InvariantViolation(LlmSimError, AssertionError):  # noqa: N818 - it names what happened
    """The code under test broke a law.

    Args:
        report: The failure for people: law, place, schedule, timeline, line to replay it.
        laws: The codes of the broken laws, sorted.
    """

    def __init__(self, report: str, laws: tuple[str, ...] = ()) -> None:
        self.report = report
        self.laws = laws

    def __str__(self) -> str:
        return self.report


class ExpectationError(LlmSimError, AssertionError):
    """A run did not go as a test expects.

    Args:
        expected: What was expected.
        miss: What came nearest to it.
        timeline: The lines of the run, the place to look at marked ``>>>``.
    """

    def __init__(self, expected: str, miss: str, timeline: tuple[str, ...] = ()) -> None:
        self.expected = expected
        self.miss = miss
        self.timeline = timeline

    def __str__(self) -> str:
        return "\n".join([f"expected {self.expected}", f"  {self.miss}", *self.timeline])


class InternalError(LlmSimError):
    """A bug of ours; the text says what to attach to a report."""
