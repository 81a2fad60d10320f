"""``llm-sim promote``: a failure becomes a scenario file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llm_sim.cli import _completion as complete
from llm_sim.cli._app import command
from llm_sim.cli._console import err, out
from llm_sim.cli._files import check_writable, create_directory
from llm_sim.errors import UsageError
from llm_sim.kept import SUFFIX, FailureStore, load_failure, promote, write_text
from llm_sim.reports import ExitCode, pasted


@command("Repair", "llm-sim promote LS102-find_book-eec907 --name find_book_interrupted", rank=3)
def promote_(
    failure: Annotated[
        str,
        typer.Argument(
            metavar="TOKEN|NAME",
            help="A saved failure: its token, its name or its file.",
            autocompletion=complete.failures,
        ),
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="The scenario's name.")],
    into: Annotated[
        Path, typer.Option(metavar="DIRECTORY", readable=False, help="Where it goes.")
    ] = Path("scenarios/regressions"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> ExitCode:
    """Make a regression scenario of a saved failure.

    It fails now, and passes when the failure is repaired. It names the target on which the failure
    was found, so plain pytest runs it there.

    Exit code: 0 written, 2 it cannot be promoted.
    """
    if failure.endswith(SUFFIX):
        saved = load_failure(failure)
    else:
        saved = FailureStore().find(failure, lambda damaged: err(f"llm-sim: {damaged}"))
    path = into / f"{name}.sim.yaml"
    if path.exists() and not force:
        raise UsageError(f"{path}: is there already; choose another name, or say --force")
    promoted = promote(saved, name, path)
    create_directory(path.parent)
    check_writable(path)
    write_text(path, promoted.text)
    out(f"{path}: breaks {saved.law} on {promoted.run.trace.header.target}")
    out(f"  replay    {pasted('llm-sim', 'replay', str(path))}")
    return ExitCode.CLEAN
