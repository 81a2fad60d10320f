"""A failure becomes a scenario file."""

from __future__ import annotations

from pathlib import Path

from llm_sim.cli._console import err, out
from llm_sim.cli._exits import ExitCode
from llm_sim.cli._files import check_writable, create_directory
from llm_sim.errors import UsageError
from llm_sim.exploration import SUFFIX, FailureStore, load_failure, promote, write_text
from llm_sim.testing import pasted


def promote_command(reference: str, name: str, into: Path, force: bool) -> ExitCode:
    """Make a regression scenario of a failure."""
    if reference.endswith(SUFFIX):
        found = load_failure(reference)
    else:
        found = FailureStore().find(reference, lambda damaged: err(f"llm-sim: {damaged}"))
    path = into / f"{name}.sim.yaml"
    if path.exists() and not force:
        raise UsageError(f"{path}: is there already; choose another name, or say --force")
    promoted = promote(found, name)
    create_directory(path.parent)
    check_writable(path)
    write_text(path, promoted.text)
    out(f"{path}: breaks {found.law} on {promoted.run.trace.header.target}")
    out(f"  replay    {pasted('llm-sim', 'replay', str(path), '--target', found.target)}")
    return ExitCode.CLEAN
