"""What is known to be broken, so that only what is new fails."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from llm_sim.errors import UsageError, did_you_mean
from llm_sim.invariants import LAWS
from llm_sim.kept._files import write_text
from llm_sim.scenario import Plain, Text, Version, dump_document, load_document
from llm_sim.simulation import Finding, Setup
from llm_sim.targets import TARGETS


class Known(NamedTuple):
    """One known violation.

    Parameters:
        place: Where it was found, ``FILE::NAME`` or a test's id.
        target: The name of the target on which it was found.
        law: The law's code.
        function: The name of the function that it is about, or empty.
    """

    place: str
    target: str
    law: str
    function: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


def _law(code: str) -> str:
    """Refuse a slip of the pen; a code that is near none of ours is a law of the user's own."""
    codes = [law.code for law in LAWS]
    meant = did_you_mean(code.upper(), codes)
    if code in codes or not meant:
        return code
    raise ValueError(f"must be the code of a law, not {code!r}{meant}")


def _target(name: str) -> str:
    """Refuse a slip of the pen; a name that is near none of ours is a target of the user's own."""
    near = did_you_mean(name, tuple(TARGETS), nearness=0.85)
    if name in TARGETS or not near:
        return name
    raise ValueError(f"must be {' or '.join(TARGETS)}, not {name!r}{near}")


class _Entry(Plain):
    """One known violation in a file; see :class:`Known`."""

    place: Text
    target: Annotated[Text, AfterValidator(_target)]
    law: Annotated[Text, AfterValidator(_law)]
    function: Text = ""

    _remedies = {"target": "target: pipecat"}

    @property
    def known(self) -> Known:
        """The violation."""
        return Known(self.place, self.target, self.law, self.function)


class _BaselineFile(Plain):
    """A baseline's file.

    Parameters:
        version: The version of the format.
        known: What is known to be broken, sorted.
    """

    version: Version
    known: tuple[_Entry, ...]

    _remedies = {"version": "version: 1", "known": "known: []"}


class Baseline:
    """The known violations of a file, and how what was run compares with them.

    Args:
        file: The file; None: nothing is known, and nothing will be.
        update: Whether what is new becomes known.
        prune: Whether what is stale is forgotten.

    Raises:
        ScenarioError: The file cannot be read.
        UsageError: There is no such file and it is not to be updated, or there is nothing to update
            or to prune.
    """

    def __init__(
        self, file: str | Path | None, *, update: bool = False, prune: bool = False
    ) -> None:
        if file is None and (update or prune):
            raise UsageError("there is no baseline to update or to prune: name its file")
        self._file = None if file is None else Path(file)
        self._update = update
        self._prune = prune
        self._known = _load(self._file, missing_is_empty=update)
        self._seen: set[Known] = set()
        self._whole: set[tuple[str, str]] = set()

    def filtered(self, finding: Finding, ignored: Collection[str] = ()) -> Finding:
        """Note what a finding breaks, and return it with whether all of that is known.

        What an expectation missed and what has no verdict is never known: a baseline is about laws.

        Args:
            finding: What was found.
            ignored: Codes of laws that are broken on purpose.
        """
        broken = [each for each in finding.broken if each[0] not in ignored]
        place, target = _where(finding.setup)
        self._seen.update(Known(place, target, *each) for each in broken)
        if not broken or self._file is None:
            return finding
        known = self._update or all(Known(place, target, *each) in self._known for each in broken)
        return replace(finding, known=known and not getattr(finding.verdict, "unmet", ()))

    def covered(self, setup: Setup) -> None:
        """Note that all there is to run of a Setup was run, so that what was not seen is stale."""
        self._whole.add(_where(setup))

    def noted(self) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        """Return all that was noted, as plain data for the baseline of another process."""
        return [tuple(each) for each in sorted(self._seen)], sorted(self._whole)

    def take_over(self, noted: Iterable[Iterable[Iterable[str]]]) -> None:
        """Note what the baseline of another process has noted.

        Args:
            noted: What :meth:`noted` returned there.
        """
        seen, whole = noted
        self._seen.update(Known(*each) for each in seen)
        self._whole.update((place, target) for place, target in whole)

    @property
    def new(self) -> list[Known]:
        """What was found and is not known, sorted."""
        return [] if self._file is None else sorted(self._seen - self._known)

    @property
    def stale(self) -> list[Known]:
        """What is known and was not seen where it should have been, sorted."""
        unseen = self._known - self._seen
        return sorted(known for known in unseen if (known.place, known.target) in self._whole)

    def finish(self) -> list[str]:
        """Write the file where it is to be changed, and return what happened to it, in lines.

        Raises:
            OSError: It cannot be written.
        """
        added = self.new if self._update else []
        removed = self.stale if self._prune else []
        if self._file is not None and (added or removed or (self._update and not self._known)):
            entries = sorted(self._known.union(added).difference(removed))
            known = tuple(_Entry(**entry._asdict()) for entry in entries)
            text = dump_document(_BaselineFile(version=1, known=known))
            write_text(self._file, text)
        lines = [f"added     {known}" for known in added]
        return lines + [f"{'removed' if self._prune else 'stale':9} {k}" for k in self.stale]


def _where(setup: Setup) -> tuple[str, str]:
    return str(setup.place) or setup.scenario.name, setup.target.name


def _load(file: Path | None, *, missing_is_empty: bool) -> frozenset[Known]:
    if file is None:
        return frozenset()
    if not file.exists():
        if missing_is_empty:
            return frozenset()
        raise UsageError(f"{file}: there is no such baseline; update it, and it is created")
    return frozenset(entry.known for entry in load_document(file, _BaselineFile).known)
