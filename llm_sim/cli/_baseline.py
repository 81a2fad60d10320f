"""What is known to be broken, on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from llm_sim.cli._console import out
from llm_sim.cli._files import check_writable
from llm_sim.exploration import Baseline


class BaselineOptions(NamedTuple):
    """What the command line says of a baseline.

    Parameters:
        file: Its file, or None.
        update: Whether what is new becomes known.
        prune: Whether what is stale is forgotten.
    """

    file: Path | None = None
    update: bool = False
    prune: bool = False

    def open(self) -> Baseline:
        """Load the baseline.

        Raises:
            UsageError: It cannot be read, or could not be written.
        """
        if self.update or self.prune:
            check_writable(self.file)
        return Baseline(self.file, update=self.update, prune=self.prune)


def tell(baseline: Baseline) -> None:
    """Finish the baseline and tell what happened to it."""
    lines = baseline.finish()
    if lines:
        out("\nbaseline")
    for line in lines:
        out(f"  {line}")
