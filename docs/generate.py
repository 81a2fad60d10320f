"""Write what is made from the code: ``python docs/generate.py``, or a file of it by its name.

``laws.md`` is made from the laws, ``cli.md`` from the command line, ``reference.md`` from the
docstrings of what is public, the keys in ``json.md`` from the schema of reports,
``scenario.schema.json`` from the model of a scenario file, ``pipecat-1.14.0.md`` from sweeping
every scenario on it. In each page the outputs of its commands are made by typing them, block after
block.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from typer.main import get_command

from llm_sim.cli import app, tour
from llm_sim.exploration import SweepReport, sweep
from llm_sim.invariants import LAWS
from llm_sim.reports import known_issue, report_schema
from llm_sim.scenario import Scenario, load_scenarios, schema_text
from llm_sim.schedule import decode
from llm_sim.simulation import Run, Window, run
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

_FINDING: Final = "FindingDocument"
_KEYS: Final = re.compile(
    r"(?P<begin><!-- keys, from the schema -->)\n.*?(?P<end><!-- end of the keys -->)", re.S
)
_JSON_KINDS: Final = {
    "boolean": "true or false",
    "integer": "number",
    "null": "null",
    "object": "object",
    "string": "text",
}


def laws_page() -> str:
    """Return the page of the laws."""
    return "\n".join(_laws_lines())


def _laws_lines() -> Iterator[str]:
    yield "# The laws"
    yield ""
    yield (
        "A law holds on every run. It is a pure function from a trace to violations. This page is "
        "made from the code."
    )
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
        "`llm-sim --help` lists the commands, `llm-sim COMMAND --help` describes one. "
        "`python -m llm_sim` is the same program. This page is made from the code. The examples "
        "can be pasted where `llm-sim init` has written a project."
    )
    yield ""
    yield (
        "A command that takes `FILE...` takes any number of scenario files, `FILE::NAME` for one "
        "scenario of a file, directories, and globs in quotation marks. A directory means each "
        "`*.sim.yaml` below it; hidden directories and virtual environments are left out. A "
        "scenario that is named twice runs once."
    )
    yield ""
    yield (
        "Results go to standard output, progress and messages to standard error; without a "
        "terminal both are plain lines, and `NO_COLOR` is honoured. `--json FILE` also writes the "
        "result as [JSON](json.md). `--json -` writes the JSON to standard output, and everything "
        "else to standard error."
    )
    yield ""
    yield (
        "`llm-sim --install-completion` lets the shell complete scenario files, targets, laws, "
        "stimuli and saved failures."
    )
    yield from ("", "| exit code | |", "|---|---|")
    yield "| 0 | clean: every law holds, and every expectation is met |"
    yield "| 1 | a law is broken, or an expectation is not met |"
    yield "| 2 | wrong usage: a mistake in a file or on the command line |"
    yield "| 3 | no verdict: something could not be judged, or the command was stopped |"
    yield "| 4 | a bug of llm-sim |"
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for title, group in tour().items():
        yield ""
        yield f"## {title}"
        for name, examples in group.items():
            yield from _command(name, commands[name], examples)
    yield ""


def _command(name: str, command: Any, examples: tuple[str, ...]) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    yield ""
    yield f"### {' '.join(['llm-sim', name, *map(_placeholder, arguments)])}"
    yield ""
    yield command.help
    yield ""
    for argument in arguments:
        yield f"- `{_placeholder(argument)}`: {argument.help}"
    for option in options:
        usual = f" Default: `{option.default}`." if option.default not in (None, False) else ""
        spelled = " ".join(filter(None, ["/".join(option.opts), option.metavar]))
        yield f"- `{spelled}`: {option.help}{usual}"
    if command.params:
        yield ""
    yield "```text"
    yield from examples
    yield "```"


def _placeholder(argument: Any) -> str:
    """Return how an argument stands in a usage line: ``[DIR]``, ``FILE...``."""
    several = "..." if argument.nargs == -1 else ""
    return f"{argument.metavar}{several}" if argument.required else f"[{argument.metavar}]{several}"


def json_page() -> str:
    """Return the page of JSON reports, whose keys are made from their schema."""
    page = (HERE / "json.md").read_text(encoding="utf-8")
    keys = "\n".join(_key_tables(report_schema()))
    return _KEYS.sub(lambda marks: f"{marks['begin']}\n{keys}\n{marks['end']}", page)


def _key_tables(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of keys for the whole report, then one for each kind of object in it."""
    yield from _key_table("The report", schema)
    objects = schema["$defs"]
    in_order = sorted(objects, key=lambda name: (name != _FINDING, [*objects].index(name)))
    for name in in_order:
        yield from _key_table(_object_title(name), objects[name])


def _key_table(title: str, model: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        "",
        f"### {title}",
        "",
        model["description"],
        "",
        "| key | value | |",
        "|---|---|---|",
    )
    for key, value in model["properties"].items():
        yield f"| `{key}` | {_kind_of_value(value)} | {value.get('description', '')} |"


def _object_title(model: str) -> str:
    name = model.removesuffix("Document").lower()
    return f"{'An' if name[0] in 'aeiou' else 'A'} {name}"


def _kind_of_value(value: Mapping[str, Any]) -> str:
    """Return what a value may be, in words."""
    match value:
        case {"const": only}:
            return f"`{_json_of(only)}`"
        case {"enum": words}:
            return " or ".join(f"`{_json_of(word)}`" for word in words)
        case {"anyOf": forms}:
            return " or ".join(map(_kind_of_value, forms))
        case {"$ref": reference}:
            title = _object_title(reference.rpartition("/")[2])
            return f"[{title.partition(' ')[2]}](#{title.lower().replace(' ', '-')})"
        case {"items": item}:
            return f"list of {_kind_of_value(item)}"
        case {"type": kind}:
            return _JSON_KINDS[kind]
    raise ValueError(f"say in _kind_of_value what this is: {value}")


def _json_of(value: object) -> str:
    return json.dumps(value)


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
    found += [
        f"{first}-{last} {' '.join(laws)}" for first, last, laws in _spans(report.windows) if laws
    ]
    first_points = [decode(window.token) for window in report.windows if window.laws]
    runs = [run(scenario, target="pipecat", schedule=schedule) for schedule in first_points]
    failing = (report.undisturbed, *runs)
    issues = dict.fromkeys(link for failed in failing for link in _links(failed))
    what = "; ".join(found) or "clean"
    points = f"{report.failed} of {report.points}"
    return f"| {scenario.name} | {report.inject} | {points} | {what} | {' '.join(issues)} |"


def _spans(windows: Iterable[Window]) -> list[tuple[int, int, tuple[str, ...]]]:
    """Return the points that break the same laws, whichever tools they are about."""
    spans: list[tuple[int, int, tuple[str, ...]]] = []
    for window in windows:
        first = window.first
        if spans and spans[-1][1:] == (first - 1, window.laws):
            first = spans.pop()[0]
        spans.append((first, window.last, window.laws))
    return spans


def _links(failed: Run) -> Iterator[str]:
    for violation in failed.violations:
        issue = known_issue(violation, failed.trace)
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
    HERE / "json.md": json_page,
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
