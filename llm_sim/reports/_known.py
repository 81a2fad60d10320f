"""Whether a violation looks like a public issue of the target.

This is for readers only. The issues are data, which no law and no search may see: what a harness
knows of a bug it would not have to find. So an issue is recognised by what the trace shows, and
said to be known only where target, release, mode and stimulus fit as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import yaml
from pydantic import TypeAdapter

from llm_sim.invariants import Violation
from llm_sim.trace import DOWN, CallLife, Event, Trace, calls, phase_of


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """One public issue.

    Parameters:
        link: Where to read it, ``owner/repository#number``.
        title: What goes wrong, in a line.
        target: The target that has it.
        laws: The codes of the laws that it breaks.
        since: The first release that has it.
        until: The last one, or empty where it is open.
        mode: The mode in which it shows; empty: in both.
        stimuli: The stimuli of which one is needed; none: it shows undisturbed too.
        needs: The name of what the trace must show besides, or empty.
        error: A part of the message of an exception that the trace must have, or empty.
    """

    link: str
    title: str
    target: str
    laws: tuple[str, ...]
    since: str
    until: str = ""
    mode: str = ""
    stimuli: tuple[str, ...] = ()
    needs: str = ""
    error: str = ""

    def __str__(self) -> str:
        releases = f"{self.since} to {self.until}" if self.until else f"{self.since} and later"
        return f"{self.link}  {self.title} ({releases})"

    def fits(self, violation: Violation, trace: Trace) -> bool:
        """Return whether a violation may be this issue."""
        target, _, version = trace.header.target.partition(" ")
        return (
            violation.law in self.laws
            and target == self.target
            and _release(self.since) <= _release(version)
            and (not self.until or _release(version) <= _release(self.until))
            and self.mode in ("", trace.header.mode)
            and (not self.stimuli or any(do in self.stimuli for do in _stimuli(trace)))
            and (not self.needs or NEEDS[self.needs](violation, trace))
            and (not self.error or any(self.error in each for each in _errors(trace)))
        )


@cache
def known_issues() -> tuple[KnownIssue, ...]:
    """Return the public issues, in the order in which they are looked through."""
    text = (files("llm_sim.reports") / "known_issues.yaml").read_text(encoding="utf-8")
    return TypeAdapter(tuple[KnownIssue, ...]).validate_python(yaml.safe_load(text))


def known_issue(violation: Violation, trace: Trace) -> KnownIssue | None:
    """Return the public issue that a violation looks like, or None.

    Args:
        violation: What was broken.
        trace: The record of the run that broke it.
    """
    return next((issue for issue in known_issues() if issue.fits(violation, trace)), None)


def _release(version: str) -> tuple[int, ...]:
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, match.group().split("."))) if match else ()


def _stimuli(trace: Trace) -> Iterator[str]:
    return (str(event.data["do"]) for event in trace.of("stimulus"))


def _errors(trace: Trace) -> Iterator[str]:
    return (str(event.data["message"]) for event in trace.of("error"))


def _lives(violation: Violation, trace: Trace) -> list[CallLife]:
    """Return the life of the call that a violation is about; all where it is about none."""
    lives = calls(trace)
    return [life for life in lives.values() if violation.call in ("", life.id)]


def _ends(life: CallLife, phase: str) -> Iterator[Event]:
    return (event for event in life.handler if event.data["phase"] == phase)


def _answers(life: CallLife, trace: Trace) -> list[Event]:
    return [event for event in trace.of("answer") if event.call == life.id]


def _cancel_overtakes(violation: Violation, trace: Trace) -> bool:
    """A processor takes the cancel of the call up before its in-progress."""
    cancelled: set[str] = set()
    for event in trace.of("process"):
        frame = trace.frame_of(event)
        phase = phase_of(frame)
        if frame is None or phase is None or violation.call not in frame.calls:
            continue
        if phase.name == "cancelled":
            cancelled.add(event.where)
        elif phase.name == "in_progress" and event.where in cancelled:
            return True
    return False


def _starts_afterwards(violation: Violation, trace: Trace) -> bool:
    """The handler starts after an interruption."""
    stop = next((e.seq for e in trace.of("stimulus") if e.data["do"] == "interrupt"), None)
    lives = _lives(violation, trace)
    return stop is not None and any(
        event.data["phase"] == "started" and event.seq > stop
        for life in lives
        for event in life.handler
    )


def _no_answer(violation: Violation, trace: Trace) -> bool:
    """The handler returns of its own accord and has not called back."""
    return any(
        not event.data.get("cancels") and not _answers(life, trace)
        for life in _lives(violation, trace)
        for event in _ends(life, "returned")
    )


def _raised(violation: Violation, trace: Trace) -> bool:
    """The handler raises."""
    return any(True for life in _lives(violation, trace) for _ in _ends(life, "raised"))


def _two_results(violation: Violation, trace: Trace) -> bool:
    """The service pushes two results of the call."""
    return any(life.phases_in(DOWN).count("result") > 1 for life in _lives(violation, trace))


def _asked(violation: Violation, trace: Trace) -> bool:
    """The model is asked, where it should not be."""
    return violation.event is not None and trace.events[violation.event].kind == "inference"


def _not_asked(violation: Violation, trace: Trace) -> bool:
    """The model is not asked, where it should be."""
    return not _asked(violation, trace)


def _falsy_result(violation: Violation, trace: Trace) -> bool:
    """The handler answers with something that counts as false."""
    return any(
        not event.data["result"]
        for life in _lives(violation, trace)
        for event in _answers(life, trace)
    )


def _ignores_cancellation(violation: Violation, trace: Trace) -> bool:
    """A handler is told to stop and does not."""
    return any(
        event.data.get("cancels", 0) > 0 and event.data["phase"] != "cancelled"
        for life in _lives(violation, trace)
        for event in life.handler
    )


NEEDS: Final[dict[str, Callable[[Violation, Trace], bool]]] = {
    "asked": _asked,
    "cancel_overtakes": _cancel_overtakes,
    "falsy_result": _falsy_result,
    "ignores_cancellation": _ignores_cancellation,
    "no_answer": _no_answer,
    "not_asked": _not_asked,
    "raised": _raised,
    "starts_afterwards": _starts_afterwards,
    "two_results": _two_results,
}
"""What a trace can show of an issue, by the name that the data use."""
