"""Progress of an exploration: a bar on a terminal, a line now and then without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from llm_sim.cli._console import console, err, is_interactive
from llm_sim.exploration import ProgressListener

_SECONDS_BETWEEN_LINES: Final = 5.0


@contextmanager
def progress(label: str, *, of: str = "points") -> Iterator[ProgressListener]:
    """Show how far an exploration is while it runs.

    Args:
        label: What is explored.
        of: What is counted.
    """
    if is_interactive():
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]} failed"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=None, failed=0)

            def advance(done: int, total: int, failed: int) -> None:
                bar.update(task, completed=done, total=total, failed=failed)

            yield advance
        return
    last = perf_counter()

    def tell(done: int, total: int, failed: int) -> None:
        nonlocal last
        if perf_counter() - last >= _SECONDS_BETWEEN_LINES and done < total:
            last = perf_counter()
            err(f"{label}: {done} of {total} {of}, {failed} failed")

    yield tell
