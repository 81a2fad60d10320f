"""A directory of failures, one file each."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from llm_sim.errors import ScenarioError, UsageError, did_you_mean
from llm_sim.kept._files import HOME, make_directory, write_text
from llm_sim.kept._saved import SavedFailure
from llm_sim.scenario import Plain, dump_document, load_document
from llm_sim.simulation import Finding

FAILURES: Final = f"{HOME}/failures"
SUFFIX: Final = ".failure.yaml"
"""How the name of a failure's file ends."""


_VERSION: Final = 2
"""The version of the format: since 2, it tells the kind of the violation and Python's version."""


def _version(value: Any) -> Any:
    if type(value) is int and 1 <= value <= _VERSION:
        return value
    raise ValueError(f"must be 1 to {_VERSION}, not {value!r}: find the failure again")


class _FailureFile(Plain):
    """The file of a failure.

    Parameters:
        version: The version of the format.
        failure: What failed, and all that it takes to see it again.
    """

    version: Annotated[int, BeforeValidator(_version)]
    failure: SavedFailure

    _remedies = {"version": f"version: {_VERSION}"}


def load_failure(file: str | Path) -> SavedFailure:
    """Read the file of one failure.

    Raises:
        ScenarioError: It cannot be read, or something in it is wrong; each mistake comes with its
            line and column.
    """
    return load_document(file, _FailureFile).failure


def warn(damaged: ScenarioError) -> None:
    """Show a warning for a file that cannot be read."""
    warnings.warn(str(damaged), stacklevel=2)


class FailureStore:
    """The failures that were found and are not known to be repaired.

    Args:
        directory: Where they are kept; it is created with the first of them.
    """

    def __init__(self, directory: str | Path = FAILURES) -> None:
        self.directory = Path(directory)

    def path_of(self, found: SavedFailure) -> Path:
        """Return where the file of a failure stands, or would."""
        return self.directory / f"{found.name}{SUFFIX}"

    def save(self, found: SavedFailure) -> Path:
        """Write a failure's file, whole; the same failure again is the same file.

        Raises:
            OSError: It cannot be written.
        """
        make_directory(self.directory)
        path = self.path_of(found)
        write_text(path, dump_document(_FailureFile(version=_VERSION, failure=found)))
        return path

    def keep(self, finding: Finding, lost: Callable[[str, str], None]) -> Finding:
        """Save a finding, and return it with the name under which it is kept.

        Only a broken law of a run that came to its end is kept. Any other finding comes back
        unchanged, and so does one that cannot be written, so that it is still reported.

        Args:
            finding: What was found.
            lost: Told the name of the failure that cannot be written, and why.
        """
        if finding.run is None or finding.violation is None:
            return finding
        saved = SavedFailure.of(finding.run, finding.violation)
        try:
            self.save(saved)
        except OSError as error:
            lost(saved.name, f"{self.directory}: {error.strerror}")
            return finding
        return replace(finding, saved=saved.name)

    def load(self, damaged: Callable[[ScenarioError], None] = warn) -> list[SavedFailure]:
        """Return every failure that can be read, sorted by name.

        Args:
            damaged: Told of each file that cannot be read, with the place of each mistake; the file
                stays as it is. By default a warning is shown.
        """
        return sorted((found for _, found in self._files(damaged)), key=lambda one: one.name)

    def find(self, reference: str, damaged: Callable[[ScenarioError], None] = warn) -> SavedFailure:
        """Return the failure of a name or of a token.

        Raises:
            UsageError: There is none, or several have the token.
        """
        kept = self.load(damaged)
        found = [one for one in kept if reference in (one.name, one.token)]
        if len(found) == 1:
            return found[0]
        names = [one.name for one in found or kept]
        listed = ", ".join(names)
        if found:
            raise UsageError(f"{len(found)} failures have {reference}: name one, {listed}")
        known = f"it has {listed}" if names else "it is empty: find one with llm-sim sweep"
        raise UsageError(
            f"there is no failure {reference!r}{did_you_mean(reference, names)} in "
            f"{self.directory}: {known}"
        )

    def drop(self, found: SavedFailure) -> None:
        """Remove a failure's file, whatever it is called; that there is none is no mistake."""
        for path, kept in self._files(lambda _: None):
            if kept == found:
                path.unlink(missing_ok=True)

    def _files(
        self, damaged: Callable[[ScenarioError], None]
    ) -> Iterator[tuple[Path, SavedFailure]]:
        for path in sorted(self.directory.glob(f"*{SUFFIX}")):
            try:
                yield path, load_failure(path)
            except ScenarioError as error:
                if path.exists():  # else another process has found it repaired
                    damaged(error)
