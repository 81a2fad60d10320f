"""A directory of failures, one file each."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from llm_sim.errors import ScenarioError, UsageError, did_you_mean
from llm_sim.exploration._files import HOME, make_directory, write_text
from llm_sim.exploration._found import Found
from llm_sim.scenario import Plain, Version, dump_document, load_document

FAILURES: Final = f"{HOME}/failures"
SUFFIX: Final = ".failure.yaml"
"""How the name of a failure's file ends."""


class _FailureFile(Plain):
    """The file of a failure.

    Parameters:
        version: The version of the format.
        failure: What failed, and all that it takes to see it again.
    """

    version: Version
    failure: Found

    _remedies = {"version": "version: 1"}

    if TYPE_CHECKING:

        def __init__(self, *, version: int, failure: Found) -> None: ...

    def to_plain(self) -> dict[str, Any]:
        """Return the document of the file."""
        return {"version": self.version, "failure": self.failure.to_plain()}


def load_failure(file: str | Path) -> Found:
    """Read the file of one failure.

    Raises:
        ScenarioError: It cannot be read, or something in it is wrong; each mistake is told with its
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

    def path_of(self, found: Found) -> Path:
        """Return where the file of a failure stands, or would."""
        return self.directory / f"{found.name}{SUFFIX}"

    def save(self, found: Found) -> Path:
        """Write a failure's file, whole; the same failure again is the same file.

        Raises:
            OSError: It cannot be written.
        """
        make_directory(self.directory)
        path = self.path_of(found)
        write_text(path, dump_document(_FailureFile(version=1, failure=found)))
        return path

    def load(self, damaged: Callable[[ScenarioError], None] = warn) -> list[Found]:
        """Return every failure that can be read, sorted by name.

        Args:
            damaged: Told of each file that cannot be read, with the place of each mistake; the file
                stays as it is. By default a warning is shown.
        """
        return sorted((found for _, found in self._files(damaged)), key=lambda one: one.name)

    def find(self, reference: str, damaged: Callable[[ScenarioError], None] = warn) -> Found:
        """Return the failure of a name or of a token.

        Raises:
            UsageError: There is none, or several have the token.
        """
        kept = self.load(damaged)
        found = [one for one in kept if reference in (one.name, one.token)]
        if len(found) == 1:
            return found[0]
        names = [one.name for one in found or kept]
        if found:
            raise UsageError(f"{len(found)} failures have {reference}: name one, {_list(names)}")
        known = f"it has {_list(names)}" if names else "it is empty: find one with llm-sim sweep"
        raise UsageError(
            f"there is no failure {reference!r}{did_you_mean(reference, names)} in "
            f"{self.directory}: {known}"
        )

    def drop(self, found: Found) -> None:
        """Remove a failure's file, whatever it is called; that there is none is no mistake."""
        for path, kept in self._files(lambda _: None):
            if kept == found:
                path.unlink(missing_ok=True)

    def _files(self, damaged: Callable[[ScenarioError], None]) -> Iterator[tuple[Path, Found]]:
        for path in sorted(self.directory.glob(f"*{SUFFIX}")):
            try:
                yield path, load_failure(path)
            except ScenarioError as error:
                if path.exists():  # else another process has found it repaired
                    damaged(error)


def _list(names: list[str]) -> str:
    return ", ".join(names)
