"""Names that a scenario uses, against what there is: laws, bots, tools, frames.

A name that is misspelt must never make a green run. Laws and bots are known before a run; which
tools there are, only a run can tell, for a handler may register another one; and what must not come
is not there when all is well, so a misspelt frame would never be noticed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Final

from llm_sim.errors import Problem, ScenarioError, UsageError, did_you_mean
from llm_sim.frames import Frame
from llm_sim.invariants import get_law
from llm_sim.scenario import FramePattern, Scenario, unknown_calls
from llm_sim.trace import Miss, Trace

_ANY: Final = ""
"""The name under which a catch-all is registered."""

_PIPECAT: Final = "pipecat.frames.frames"
_NEAR: Final = 0.85
_PART: Final = 3


@contextmanager
def placed_at(scenario: Scenario, *path: str | int) -> Iterator[None]:
    """Give a mistake its line and column, where the scenario stands in a file.

    Args:
        scenario: What has the mistake.
        *path: Keys and indices from the scenario to it.

    Raises:
        ScenarioError: The block raised a UsageError that has no place yet.
    """
    try:
        yield
    except ScenarioError:
        raise
    except UsageError as error:
        if not scenario.place.file:
            raise
        raise ScenarioError(scenario.place.problem(str(error), path)) from error


@contextmanager
def noted(problems: list[Problem]) -> Iterator[None]:
    """Note the mistakes that the block has a place for, and go on behind it.

    Args:
        problems: Where they are noted, to be told at once.
    """
    try:
        yield
    except ScenarioError as error:
        problems += error.problems


def unknown_laws(scenario: Scenario) -> list[Problem]:
    """Return the laws that a scenario names as strict and that there are not."""
    problems: list[Problem] = []
    for i, code in enumerate(scenario.strict):
        try:
            get_law(code)
        except UsageError as error:
            problems.append(scenario.place.problem(str(error), ("strict", i)))
    return problems


def tools_without_a_bot(scenario: Scenario) -> None:
    """Check that a scenario without a bot calls only tools that it describes itself.

    Raises:
        ScenarioError: It calls another one.
    """
    problems = unknown_calls(scenario) if scenario.bot is None else []
    if problems:
        raise ScenarioError(*problems)


def unknown_tools(scenario: Scenario, trace: Trace) -> tuple[str, ...]:
    """Return what a scenario says of tools that there are not, in words.

    Args:
        scenario: What names the tools.
        trace: The record of a run of it in which nothing else happened.
    """
    handlers = Counter(
        event.where
        for event in trace.of("register")
        if event.data["cancel_on_interruption"] is not None
    )
    known = [name for name in handlers if name]
    return (
        *_called(scenario, handlers, known),
        *_stubbed_in_vain(scenario, handlers, known),
        *_changed(scenario, known),
    )


def _called(scenario: Scenario, handlers: Counter[str], known: list[str]) -> Iterator[str]:
    missing = {name for name, tool in scenario.tools.items() if not tool.registered}
    for name in dict.fromkeys(call.name for call in scenario.calls):
        if not handlers.keys() & {name, _ANY} and name not in missing:
            yield (
                f"the script calls {name!r}, for which the bot registers no handler"
                f"{did_you_mean(name, known)}; it has {', '.join(known) or 'none'}. To call a "
                f"tool without one, say so: `tools: {{{name}: {{registered: false}}}}`"
            )


def _stubbed_in_vain(scenario: Scenario, handlers: Counter[str], known: list[str]) -> Iterator[str]:
    """Yield stubs that nobody calls and that are nearly named like one of the bot's tools.

    A stub that nobody calls is no mistake by itself: scenarios share their tools.
    """
    called = {call.name for call in scenario.calls}
    of_the_bot = [name for name in known if name not in scenario.tools or handlers[name] > 1]
    for name, tool in scenario.tools.items():
        hint = did_you_mean(name, of_the_bot)
        if tool.registered and name not in called and name not in of_the_bot and hint:
            yield f"nobody calls the stub {name!r}, and the bot has no tool of this name{hint}"


def _changed(scenario: Scenario, known: list[str]) -> Iterator[str]:
    for injection in scenario.inject:
        do = injection.do
        if do.kind in ("register", "unregister") and do.text not in known:
            hint = did_you_mean(do.text, known)
            yield f"there is no tool {do.text!r} to {do.kind}{hint}; the bot has {', '.join(known)}"


def misspelt_frame(trace: Trace, *patterns: FramePattern | None) -> Miss | None:
    """Ask whether one of these is almost the name of a frame, and itself the name of none.

    Args:
        trace: The record of a run.
        patterns: What may be misspelt; None is not.
    """
    wanted = [pattern.type for pattern in patterns if pattern is not None]
    unseen = set(wanted) - {frame.type for frame in trace.frames}
    if not unseen:
        return None
    known = sorted(_frames())
    for name in sorted(unseen.difference(known)):
        near = get_close_matches(name, known, n=1, cutoff=_NEAR)
        # A name with another one in it is a word more, as VADUserStartedSpeaking is.
        if near and not (near[0] in name and len(name) - len(near[0]) >= _PART):
            meant = f"did you mean {near[0]!r}?"
            return Miss(f"nothing to look at: there is no frame {name!r} ({meant})")
    return None


def _frames() -> Iterator[str]:
    """Yield the types of all frames that have been defined, whoever did so."""
    bases: list[type] = [Frame]
    if (frames := sys.modules.get(_PIPECAT)) is not None:
        bases.append(frames.Frame)
    return (FramePattern.named(cls.__name__).type for cls in _descendants(bases))


def _descendants(classes: Iterable[type]) -> Iterator[type]:
    for cls in classes:
        yield cls
        yield from _descendants(cls.__subclasses__())
