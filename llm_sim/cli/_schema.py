"""``llm-sim schema``: the JSON Schemas, for editors and for readers of reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Optional

import typer

from llm_sim.cli._app import command
from llm_sim.cli._console import out
from llm_sim.cli._files import check_writable
from llm_sim.kept import write_text
from llm_sim.reports import ExitCode, report_schema
from llm_sim.scenario import schema_text


@command("Look up", "llm-sim schema", "llm-sim schema --report", rank=2)
def schema(
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "-o", "--output", metavar="PATH", readable=False, help="Write the schema to this file."
        ),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="The schema of JSON reports, which --json writes.")
    ] = False,
) -> ExitCode:
    """Print the JSON Schema of scenario files, or of JSON reports.

    An editor that knows the schema of scenario files helps to write them: begin a file with
    `# yaml-language-server: $schema=PATH`.
    """
    text = json.dumps(report_schema(), indent=2) + "\n" if report else schema_text()
    if output is None:
        out(text.rstrip("\n"))
        return ExitCode.CLEAN
    check_writable(output)
    write_text(output, text)
    if report:
        out(str(output))
    else:
        out(f"{output}: begin a scenario file with `# yaml-language-server: $schema={output}`")
    return ExitCode.CLEAN
