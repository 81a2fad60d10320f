"""A finding as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from llm_sim.exploration import UNREACHABLE
from llm_sim.invariants import Violation
from llm_sim.kept import FailureStore
from llm_sim.reports._known import known_issue
from llm_sim.reports._lines import keep_line, replay_line
from llm_sim.reports._words import labelled
from llm_sim.scenario import dump_scenarios
from llm_sim.simulation import Broken, Finding, NoVerdict, Run, Setup, Unmet, UnmetExpectation
from llm_sim.trace import timeline

KNOWN: Final = "   known (baseline)"
"""What stands after a line of which all that is broken is known."""

LONGEST: Final = 120
"""A headline is not longer, so that it is one line wherever it stands."""

_CALL: Final = re.compile(r"(\S+) `([^`]+)`")


@dataclass(frozen=True, slots=True)
class Telling:
    """How much of a finding is shown.

    Parameters:
        whole: Whether the timeline is shown; the line to replay it shows it as well.
        placed: Whether the reader has just been told where it was found.
        store: Where failures are kept, or None.
        options: Options of pytest that hold for a replay as well.
        traces: Runs whose traces are written, each with its file.
        keep: The line that keeps it, where it is saved already.
        replay: The line that shows it again, where it is another one than its place says.
    """

    whole: bool = True
    placed: bool = False
    store: FailureStore | None = None
    options: tuple[str, ...] = ()
    traces: Sequence[tuple[Run, str]] = ()
    keep: str = ""
    replay: str = ""


def headline(finding: Finding) -> str:
    """Return a finding in a line: law, tool, what, how often.

    It is what everybody sees: in a terminal, in the title of a CI job, in JUnit's message.
    """
    match finding.verdict:
        case Broken(violations=(first, *_)):
            words = f"{first.law} {_what(first, finding.setup)}"
        case Unmet(expectations=(missed, *others)):
            more = f" (and {len(others)} more)" if others else ""
            words = f"expectation not met: {_first_line(missed.message)}{more}"
        case NoVerdict(reason=reason):
            words = f"no verdict: {_first_line(str(reason))}"
    how_often = _how_often(finding)
    return f"{_cut(words, LONGEST - len(how_often))}{how_often}"


def render_finding(finding: Finding, how: Telling | None = None) -> str:
    """Return a finding as text: what, where, when, the timeline, and the line to replay it.

    What looks like a public issue of the target is said to be known.

    Args:
        finding: What was found.
        how: How much of it is shown.
    """
    how = how or Telling()
    lines = [headline(finding)]
    if not how.placed:
        name = str(finding.setup.place) or finding.setup.scenario.name
        lines.append(labelled("in", f"{name} on {under_test(finding)}"))
    match finding.verdict:
        case Broken(violations=violations, unmet=missed):
            lines += _of_laws(violations, finding.setup)
            lines += (_of_expectation(finding.setup, each) for each in missed)
        case Unmet(expectations=missed, reason=reason):
            lines += (_of_expectation(finding.setup, each) for each in missed)
            lines += [] if reason is None else [labelled("besides", str(reason))]
        case NoVerdict(reason=reason) if str(reason) not in lines[0]:  # else the headline has it
            lines.append(labelled("why", str(reason)))
    lines += _of_the_run(finding, how)
    return "\n".join(lines)


def render_brief(finding: Finding, how: Telling) -> str:
    """Return a finding in a few lines: what, whether it is known, how to keep it and to replay it.

    Args:
        finding: What was found.
        how: How much of it is shown; the timeline is not.
    """
    # What asyncio's own loop says is news only where it does not fail as well.
    stock = None if finding.stock is not None and finding.stock.word == "fails" else finding.stock
    return "\n".join([headline(finding), *_of_its_future(replace(finding, stock=stock), how)])


def under_test(finding: Finding) -> str:
    """Return what a finding was made on: the target with its version."""
    run = finding.run
    return finding.setup.under_test if run is None else run.trace.header.target


def _of_the_run(finding: Finding, how: Telling) -> Iterator[str]:
    run, window = finding.run, finding.window
    if finding.schedule.landings or finding.schedule.order is not None:
        where = "" if window is None else f"   ({window.in_words()})"
        yield labelled("schedule", finding.schedule.in_words() + where)
    elif isinstance(finding.verdict, Broken):
        injected = "nothing lands besides what the scenario injects"
        own = finding.setup.scenario.inject
        yield labelled("schedule", injected if own else finding.schedule.in_words())
    if how.whole and run is not None and not isinstance(finding.verdict, NoVerdict):
        yield labelled("timeline", f"{run.trace.header.target}, {run.trace.header.mode} mode")
        yield from timeline(run.trace, _breaking(finding))
    yield from _of_its_future(finding, how)


def _of_its_future(finding: Finding, how: Telling) -> Iterator[str]:
    """Yield what a reader does with a finding: know it, keep it, see it again."""
    run = finding.run
    if run is not None:
        issues = dict.fromkeys(known_issue(each, run.trace) for each in finding.violations)
        yield from (labelled("known", str(issue)) for issue in issues if issue is not None)
    if finding.schedule.order is not None:
        yield labelled("order", UNREACHABLE)
    if finding.stock is not None:
        yield labelled("stock", finding.stock.note)
    yield from (labelled("trace", path) for traced, path in how.traces if traced is run)
    if finding.unit == "example":
        yield labelled("token", finding.token)
    keep = how.keep or (keep_line(finding) if how.store is not None else "")
    if keep:
        yield labelled("keep", keep)
    line = how.replay or replay_line(finding, how.store, *how.options)
    yield labelled("replay", line)
    if finding.unit == "example":
        yield "  scenario"
        yield from (f"    {line}" for line in _scenario(finding).splitlines())


def _what(violation: Violation, setup: Setup) -> str:
    """Return what happened, with the names of tools and without the ids of calls."""
    message = _first_line(violation.message).partition("; ")[0]
    ids = {violation.call, *(call.id for call in setup.scenario.calls)}
    of_call = _CALL.match(message)
    if violation.call and not (of_call and of_call[1] == violation.call):  # else it says the tool
        message = message.removeprefix(f"{violation.call}: ").removeprefix(f"{violation.call} ")
    return _CALL.sub(lambda call: call[2] if call[1] in ids else call[0], message)


def _how_often(finding: Finding) -> str:
    if finding.unit == "example":
        return f" (example {finding.example:,})" if finding.example else " (found before)"
    if not finding.unit or finding.of <= 1:
        return ""
    if finding.window is not None and finding.window.first == 0:
        return " (undisturbed)"
    return f" ({finding.hits:,} of {finding.of:,} {finding.unit}s)"


def _of_laws(violations: Sequence[Violation], setup: Setup) -> Iterator[str]:
    first, *others = violations
    # A test's own assertion has no law: its message already says what it expected.
    law = next((law for law in setup.laws if law.code == first.law), None)
    if law is not None:
        yield labelled("law", f"{law.code} {law.name}: {law.sentence}")
    yield labelled("where", first.message)
    yield from (labelled("also", f"{other.law} {other.message}") for other in others)


def _of_expectation(setup: Setup, missed: UnmetExpectation) -> str:
    problem = setup.scenario.place.problem(missed.message, missed.path)
    return "\n".join(f"  {line}" for line in str(problem).splitlines())


def _breaking(finding: Finding) -> int | None:
    """Return the event that a timeline marks."""
    match finding.verdict:
        case Broken(violations=(first, *_)):
            return first.event
        case Unmet(expectations=missed):
            return next((each.event for each in missed if each.event is not None), None)
    return None


def _scenario(finding: Finding) -> str:
    bot = finding.setup.bot_reference
    scenario = finding.setup.scenario
    return dump_scenarios([scenario if bot is None else scenario.replace(bot=bot)])


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
