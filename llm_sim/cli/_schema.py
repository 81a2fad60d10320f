"""The schema of scenario files, for editors."""

from __future__ import annotations

from pathlib import Path

from llm_sim.cli._console import out
from llm_sim.cli._exits import ExitCode
from llm_sim.cli._files import check_writable
from llm_sim.exploration import write_text
from llm_sim.scenario import schema_text


def schema_command(output: Path | None) -> ExitCode:
    """Print the JSON Schema of a scenario file, or write it to a file."""
    if output is None:
        out(schema_text().rstrip("\n"))
        return ExitCode.CLEAN
    check_writable(output)
    write_text(output, schema_text())
    out(f"{output}: begin a scenario file with `# yaml-language-server: $schema={output}`")
    return ExitCode.CLEAN
