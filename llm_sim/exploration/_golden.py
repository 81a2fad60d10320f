"""Golden traces that are written anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from llm_sim.exploration._files import write_text
from llm_sim.simulation import Run, golden_path
from llm_sim.trace import golden_text


def update_golden(run: Run) -> tuple[Run, tuple[Path, ...]]:
    """Write the golden traces that a run does not meet.

    A run that breaks a law or gives no verdict is no model for others: nothing is written then. The
    files are whole or as they were.

    Args:
        run: A run of a scenario as it is scripted.

    Returns:
        The run with these expectations met, and the files that were written.

    Raises:
        OSError: A file cannot be written.
    """
    if run.violations or run.complaint is not None:
        return run, ()
    golden = {each.path for each in run.unmet if each.path[-1] == "trace"}
    files = {golden_path(run.trace, str(run.scenario.expect[int(i)].trace)) for _, i, _ in golden}
    for file in sorted(files):
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, golden_text(run.trace, before))
    met = tuple(each for each in run.unmet if each.path not in golden)
    return replace(run, unmet=met), tuple(sorted(files))
