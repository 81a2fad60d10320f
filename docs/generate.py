"""Write what is made from the code: ``python docs/generate.py``, or a file of it by its name.

``laws.md`` is made from the laws, ``cli.md`` from the command line, ``reference.md`` from the
docstrings of what is public, ``scenario.schema.json`` from the model of a scenario file,
``pipecat-1.14.0.md`` from sweeping every scenario on it. In each page the outputs of its commands
are made by typing them, block after block.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from llm_sim.report import known_issue
from typer.main import get_command

from llm_sim.cli import TOUR, app
from llm_sim.exploration import SweepReport, Window, sweep
from llm_sim.invariants import LAWS
from llm_sim.scenario import Scenario, load_scenarios, schema_text
from llm_sim.schedule import decode
from llm_sim.simulation import Run, run
from llm_sim.targets import get_target

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.support.pages import pages, rewritten  # noqa: E402 - found by the line above
from tests.support.reference import reference_page  # noqa: E402

SCENARIOS: Final = HERE.parent / "scenarios"
SCHEMA: Final = HERE.parent / "llm_sim" / "scenario" / "scenario.schema.json"
PINNED: Final = "1.14.0"
PYTHON: Final = "3.11"
STIMULI: Final = ("interrupt", "end", "cancel")

REPOSITORY: Final = "pipecat-ai/pipecat"


def laws_page() -> str:
    """Return the page of the laws."""
    return "\n".join(_laws_lines())


def _laws_lines() -> Iterator[str]:
    yield "# The laws"
    yield ""
    yield "A law is a pure function from a trace to violations. This page is made from the code."
    yield ""
    yield (
        '"Call" means one tool call, known by its `tool_call_id`. '
        '"At rest" means: nothing is ready, no timer is left.'
    )
    for law in LAWS:
        yield ""
        yield f"## {law.code} {law.name}"
        yield ""
        yield law.sentence
        yield ""
        yield f"*Why:* {law.reason}"
        yield ""
        yield f"*Seen in:* {law.source}"
        if law.level == "warn":
            yield ""
            yield "*Level:* a warning, which fails nothing."
    yield ""


def cli_page() -> str:
    """Return the page of the command line."""
    return "\n".join(_cli_lines())


def _cli_lines() -> Iterator[str]:
    yield "# The command line"
    yield ""
    yield (
        "`llm-sim --help` lists the commands, `llm-sim COMMAND --help` tells each. This page is "
        "made from the code. The examples can be pasted where `llm-sim init` has written a project."
    )
    yield ""
    yield (
        "Results go to standard output, progress and messages to standard error; without a "
        "terminal both are plain lines, and `NO_COLOR` is honoured. `llm-sim "
        "--install-completion` lets the shell complete scenario files, targets, laws, stimuli and "
        "saved failures."
    )
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for title, group in TOUR.items():
        yield ""
        yield f"## {title}"
        for name, examples in group.items():
            if name in commands:
                yield from _command(name, commands[name], examples)
    yield ""


def _command(name: str, command: Any, examples: tuple[str, ...]) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    yield ""
    yield f"### {' '.join(['llm-sim', name, *(one.metavar for one in arguments)])}"
    yield ""
    yield command.help
    yield ""
    for one in arguments:
        yield f"- `{one.metavar}`: {one.help}"
    for one in options:
        usual = f" Default: `{one.default}`." if one.default not in (None, False) else ""
        yield f"- `{' '.join(filter(None, ['/'.join(one.opts), one.metavar]))}`: {one.help}{usual}"
    if command.params:
        yield ""
    yield "```text"
    yield from examples
    yield "```"


def pipecat_page() -> str:
    """Return the page of what the pinned Pipecat breaks."""
    return "\n".join(_pipecat_lines())


def _pipecat_lines() -> Iterator[str]:
    yield f"# What Pipecat {PINNED} breaks"
    yield ""
    yield (
        "Every scenario of `scenarios/`, swept with an interruption, an end and a cancel at every "
        "point. The reference core is clean in all of them. This page is made by "
        f"`python docs/generate.py` on Python {PYTHON}; another Python takes other steps."
    )
    yield ""
    yield (
        "*Undisturbed* means that the scenario breaks the law without any stimulus; *no verdict*, "
        "that the model is asked more often than on the reference core. The last column names the "
        f"public issues of {REPOSITORY} that fit."
    )
    yield ""
    yield "| scenario | stimulus | points | failing windows | public |"
    yield "|---|---|---|---|---|"
    for file in sorted(SCENARIOS.glob("*.sim.yaml")):
        for scenario in load_scenarios(str(file)):
            for inject in STIMULI:
                yield _row(scenario, sweep(scenario, target="pipecat", inject=inject))
    yield ""


def _row(scenario: Scenario, report: SweepReport) -> str:
    undisturbed = report.undisturbed.laws
    found = [f"undisturbed {' '.join(undisturbed)}"] if undisturbed else []
    if report.complaint is not None and not undisturbed:
        found.append("no verdict")
    found += [_window(window) for window in report.windows if window.laws]
    first_points = [decode(window.token) for window in report.windows if window.laws]
    runs = [run(scenario, target="pipecat", schedule=schedule) for schedule in first_points]
    issues = dict.fromkeys(link for one in (report.undisturbed, *runs) for link in _links(one))
    what = "; ".join(found) or "clean"
    points = f"{report.failed} of {report.points}"
    return f"| {scenario.name} | {report.inject} | {points} | {what} | {' '.join(issues)} |"


def _window(window: Window) -> str:
    return f"{window.first}-{window.last} {' '.join(window.laws)}"


def _links(one: Run) -> Iterator[str]:
    for violation in one.violations:
        issue = known_issue(violation, one.trace)
        if issue is not None:
            yield issue.link.removeprefix(REPOSITORY)


def rewrite_outputs(page: Path) -> None:
    """Put what comes out into a page where it shows something else."""
    shown = page.read_text(encoding="utf-8")
    with TemporaryDirectory() as workspace:
        actual = rewritten(shown, Path(workspace))
    if actual != shown:
        page.write_text(actual, encoding="utf-8")


MADE: Final = {
    HERE / "cli.md": cli_page,
    HERE / "laws.md": laws_page,
    HERE / "reference.md": reference_page,
    SCHEMA: schema_text,
}
"""The files that are made whole, and quickly."""


if __name__ == "__main__":
    os.chdir(SCENARIOS.parent)
    named = {*sys.argv[1:]}
    for file, make in MADE.items():
        if not named or file.name in named:
            file.write_text(make(), encoding="utf-8")
    pinned = get_target("pipecat").version() == PINNED and sys.version.startswith(f"{PYTHON}.")
    if pinned and not named:
        (HERE / f"pipecat-{PINNED}.md").write_text(pipecat_page(), encoding="utf-8")
    for page in pages():
        if not named or page.name in named:
            rewrite_outputs(page)
