"""Findings and summaries as JSON, for CI and for other tools: one schema for every command."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_sim.kept import FailureStore
from llm_sim.reports._exits import ExitCode
from llm_sim.reports._findings_text import headline, under_test
from llm_sim.reports._known import known_issue
from llm_sim.reports._lines import replay_line
from llm_sim.simulation import Clean, Finding, NoVerdict, Summary, Unmet, worst

FORMAT: Final = 1
"""The version of the schema."""


class _Document(BaseModel):
    # Not `extra="forbid"`: a later release may add keys, and a reader passes over them.
    model_config = ConfigDict(frozen=True)


class WindowDocument(_Document):
    """Neighbouring points of a sweep that fail alike."""

    first: int = Field(description="The first point; 1 is the opening, 0 the undisturbed run.")
    last: int = Field(description="The last point, inclusive.")
    token: str = Field(description="Replays the first point.")


class ViolationDocument(_Document):
    """One broken law of a run."""

    law: str = Field(description="The law's code.")
    kind: str = Field(description="In which of its ways it is broken: a stable name.")
    tool: str = Field(description="The tool that it is about, or empty.")
    call: str = Field(description="The tool-call id that it is about, or empty.")
    message: str = Field(description="What happened, for people; it may be reworded.")


class IssueDocument(_Document):
    """A public issue of the target that looks like it."""

    link: str = Field(description="owner/repository#number")
    title: str = Field(description="What goes wrong, in a line.")


class FindingDocument(_Document):
    """One way in which something fails."""

    verdict: Literal["broken", "unmet", "no verdict"] = Field(
        description="Whether a law broke, only an expectation was not met, or nothing can be said."
    )
    headline: str = Field(description="Law, tool, what, how often: one line for people.")
    scenario: str = Field(description="The scenario's name.")
    place: str = Field(description="FILE::NAME, a test's node id, the bot; or empty.")
    target: str = Field(description="The target's name and version.")
    law: str = Field(description="The broken law that it is named by, or empty.")
    kind: str = Field(description="In which of its ways that law is broken.")
    tool: str = Field(description="The tool that it is about, or empty.")
    call: str = Field(description="The tool-call id that it is about, or empty.")
    message: str = Field(description="What happened, why there is no verdict, what was expected.")
    violations: list[ViolationDocument] = Field(description="Every broken law of that run.")
    expectations: list[str] = Field(description="The scenario's expectations that were not met.")
    token: str = Field(description="The schedule of the run that stands for it.")
    schedule: str = Field(description="That schedule, for people.")
    windows: list[WindowDocument] = Field(description="The points of a sweep that fail so.")
    hits: int = Field(description="How many points, orders or runs fail so.")
    of: int = Field(description="How many were tried.")
    unit: Literal["", "point", "order", "example"] = Field(description="What is counted.")
    stock: Literal["", "fails", "other laws", "clean", "no verdict"] = Field(
        description="What asyncio's own loop says of it; empty where it was not asked."
    )
    known: bool = Field(description="Whether the baseline has all that it breaks.")
    issue: IssueDocument | None = Field(description="A public issue that it looks like.")
    saved: str = Field(description="The name under which it is kept, or empty.")
    replay: str = Field(description="The line that shows it again.")


class ReportDocument(_Document):
    """What a command of llm-sim found."""

    format: Literal[1] = Field(description="The version of this schema.")
    llm_sim: str = Field(description="The version of llm_sim.")
    command: str = Field(description="The command.")
    verdict: Literal["clean", "broken", "unmet", "no verdict"] = Field(
        description="The worst verdict of all searches; no verdict where one was broken off."
    )
    exit_code: int = Field(
        description="0 clean, 1 a law is broken or an expectation not met, "
        "2 wrong usage, 3 no verdict, 4 a bug of llm-sim."
    )
    stopped: bool = Field(description="Whether it was stopped before its end.")
    searches: list[dict[str, Any]] = Field(
        description="What each search counted: points, runs, coverage and the like."
    )
    findings: list[FindingDocument] = Field(description="What they found, in their order.")
    problems: list[str] = Field(
        description="Why something could not be run: each mistake in the files, or the error that "
        "broke the command off."
    )


def report_document(
    command: str,
    summaries: Sequence[Summary],
    code: ExitCode,
    *,
    stopped: bool = False,
    store: FailureStore | None = None,
    problems: Iterable[str] = (),
    replays: Mapping[int, str] | None = None,
) -> str:
    """Return the text of a command's JSON report.

    Args:
        command: The command's name.
        summaries: What its searches came to.
        code: Its exit code.
        stopped: Whether some searches were never begun.
        store: Where failures are kept.
        problems: Why something could not be run.
        replays: The line that shows a search again, by the number of its summary, where it is
            another one than its place says.
    """
    verdict = worst(*(summary.verdict for summary in summaries)).word
    if verdict == Clean.word and code is not ExitCode.CLEAN:
        verdict = NoVerdict.word
    document = ReportDocument(
        format=FORMAT,
        llm_sim=version("llm_sim"),
        command=command,
        verdict=verdict,
        exit_code=int(code),
        stopped=stopped or any(summary.stopped for summary in summaries),
        searches=[
            {"place": str(summary.setup.place), **summary.to_plain()} for summary in summaries
        ],
        findings=[
            _finding(finding, (replays or {}).get(number) or replay_line(finding, store))
            for number, summary in enumerate(summaries)
            for finding in summary.findings
        ],
        problems=list(problems),
    )
    # In ASCII it is the same JSON on every standard output, whatever that can encode.
    return json.dumps(document.model_dump(), indent=2) + "\n"


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema of what ``--json`` writes."""
    return ReportDocument.model_json_schema()


def _finding(finding: Finding, replay: str) -> FindingDocument:
    setup, first = finding.setup, finding.violation
    tools = {call.id: call.name for call in setup.scenario.calls}
    issue = (
        known_issue(first, finding.run.trace)
        if first is not None and finding.run is not None
        else None
    )
    return FindingDocument(
        verdict=finding.verdict.word,
        headline=headline(finding),
        scenario=setup.scenario.name,
        place=str(setup.place),
        target=under_test(finding),
        law="" if first is None else first.law,
        kind="" if first is None else first.kind,
        tool="" if first is None else tools.get(first.call, ""),
        call="" if first is None else first.call,
        message=_message(finding),
        violations=[
            ViolationDocument(
                law=each.law,
                kind=each.kind,
                tool=tools.get(each.call, ""),
                call=each.call,
                message=each.message,
            )
            for each in finding.violations
        ],
        expectations=[each.message for each in _expectations(finding)],
        token=finding.token,
        schedule=finding.schedule.in_words(),
        windows=[
            WindowDocument(first=each.first, last=each.last, token=each.token)
            for each in finding.windows
        ],
        hits=finding.hits,
        of=finding.of,
        unit=finding.unit,
        stock="" if finding.stock is None else finding.stock.word,
        known=finding.known,
        issue=None if issue is None else IssueDocument(link=issue.link, title=issue.title),
        saved=finding.saved,
        replay=replay,
    )


def _expectations(finding: Finding) -> Iterable[Any]:
    if isinstance(finding.verdict, Unmet):
        return finding.verdict.expectations
    return getattr(finding.verdict, "unmet", ())


def _message(finding: Finding) -> str:
    if isinstance(finding.verdict, NoVerdict):
        return str(finding.verdict.reason)
    if isinstance(finding.verdict, Unmet):
        return finding.verdict.expectations[0].message
    return finding.verdict.violations[0].message
