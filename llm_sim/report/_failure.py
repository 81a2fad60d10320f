"""One failed run in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from llm_sim.invariants import LAWS, Violation
from llm_sim.report._known import known_issue
from llm_sim.report._timeline import timeline
from llm_sim.trace import Trace

_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Failure:
    """What is known about a failed run besides its trace.

    Parameters:
        headline: What failed, before the law; empty where the reader has just been told.
        schedule: The schedule in words.
        replay: The line to paste that shows the failure again.
        extent: How much of a sweep fails likewise, or empty.
        notes: More lines, each with its label.
    """

    headline: str
    schedule: str
    replay: str
    extent: str = ""
    notes: Sequence[tuple[str, str]] = field(default=())


def render_failure(
    trace: Trace, violations: Sequence[Violation], failure: Failure, *, whole: bool = True
) -> str:
    """Return the failure as text: laws, place, schedule, timeline, and the line to replay it.

    What looks like a public issue of the target is said to be known.

    Args:
        trace: The record of the failed run.
        violations: What was broken, at least one.
        failure: What is known besides.
        whole: Whether the timeline is shown.
    """
    first = violations[0]
    lines = list(_head(first.law, failure.headline))
    lines += [_labelled("where", first.message)]
    lines += [_labelled("also", f"{other.law} {other.message}") for other in violations[1:]]
    extent = f"   ({failure.extent})" if failure.extent else ""
    lines.append(_labelled("schedule", failure.schedule + extent))
    if whole:
        lines.append(_labelled("timeline", f"{trace.header.target}, {trace.header.mode} mode"))
        lines.extend(timeline(trace, first.event))
    issues = dict.fromkeys(known_issue(violation, trace) for violation in violations)
    lines += [_labelled("known", str(issue)) for issue in issues if issue is not None]
    lines += [_labelled(label, text) for label, text in failure.notes]
    lines.append(_labelled("replay", failure.replay))
    return "\n".join(lines)


def _head(code: str, headline: str) -> Iterator[str]:
    law = next((law for law in LAWS if law.code == code), None)
    start = f"{headline}   " if headline else ""
    # A law of the user's own is the assertion of a test: it has said what it wants.
    yield f"{start}{code} {law.name}" if law is not None else f"{start}{code}"
    if law is not None:
        yield _labelled("law", law.sentence)


def _labelled(label: str, text: str) -> str:
    return f"{_INDENT}{label:9} {text}"
