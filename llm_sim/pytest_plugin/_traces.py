"""Traces of a test's runs, as files."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Final

from llm_sim.exploration import make_directory, write_text
from llm_sim.simulation import Run
from llm_sim.trace import dumps

SUFFIX: Final = ".trace.jsonl"

_DIGITS: Final = 6
_LONGEST_NAME: Final = 120


class Traces:
    """The trace files of one test; those of its last session are removed.

    Args:
        directory: Where they stand.
        here: From where they are named.
        test: The test's node id.

    Attributes:
        lost: Why a trace could not be written, or empty.
    """

    def __init__(self, directory: Path, here: Path, test: str) -> None:
        self._directory = directory
        self._here = here
        readable = re.sub(r"[^\w.=-]+", "-", test)[:_LONGEST_NAME].strip("-")
        # What makes no file name is left out; the digest tells such tests apart.
        self._stem = f"{readable}-{sha256(test.encode()).hexdigest()[:_DIGITS]}"
        self._written = 0
        self.lost = ""
        for old in directory.glob(f"{self._stem}-*{SUFFIX}"):
            old.unlink(missing_ok=True)

    def write(self, one: Run) -> str:
        """Write the trace of a run, whole.

        Returns:
            Its file, or why there is none: that fails no test.
        """
        self._written += 1
        path = self._directory / f"{self._stem}-{self._written}{SUFFIX}"
        try:
            make_directory(self._directory)
            write_text(path, dumps(one.trace))
        except OSError as error:
            shown = os.path.relpath(self._directory, self._here)
            why = "it is a file" if self._directory.is_file() else error.strerror
            self.lost = f"not written: {shown}: {why}; name another place with --llm-sim-output"
            return self.lost
        shown = os.path.relpath(path, self._here)
        return str(path) if shown.startswith("..") else shown
