"""Where a scenario stands: the one value that names it, and that finds its parts in its file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

from llm_sim.errors import Problem
from llm_sim.scenario._mistakes import Path, spell

SEPARATOR: Final = "::"
_FILES: Final = (".yaml", ".yml")


class Written(Protocol):
    """What a file knows of the places of a scenario's parts."""

    def place(self, path: Path) -> tuple[int, int]:
        """Return line and column, from 1, of a part or of the nearest part around it."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scenario stands.

    Two places are equal if they say the same; what finds lines and columns is not compared. It
    stays in the process that read the file: a pickled place has its names, and no positions.

    Parameters:
        file: The scenario file as the user named it; empty for a scenario that was built in Python.
        name: The scenario's name in that file.
        test: Who runs it where that is not a file: a test's node id, or the bot that is fuzzed; or
            empty.
        written: What finds the positions of its parts; None where the file was not read.
    """

    file: str = ""
    name: str = ""
    test: str = ""
    written: Written | None = field(default=None, compare=False, repr=False)

    @classmethod
    def parse(cls, reference: str | os.PathLike[str]) -> Self:
        """Read ``FILE`` or ``FILE::NAME``.

        Args:
            reference: What the user wrote.
        """
        file, _, name = str(reference).partition(SEPARATOR)
        return cls(file, name)

    @classmethod
    def told(cls, text: str) -> Self:
        """Read what the text of a place was, in a trace or in a saved failure.

        Args:
            text: A scenario file with or without a name in it, a test's node id, or a bot.
        """
        place = cls.parse(text)
        return place if place.file.endswith(_FILES) else cls(test=text)

    def __str__(self) -> str:
        if self.test or not self.file:
            return self.test
        return f"{self.file}{SEPARATOR}{self.name}" if self.name else self.file

    def __bool__(self) -> bool:
        return bool(str(self))

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, str]]:
        return type(self), (self.file, self.name, self.test)

    @property
    def home(self) -> str:
        """The scenario file, or the test's module; empty where it is neither."""
        return self.file or self.test.partition(SEPARATOR)[0]

    @property
    def directory(self) -> str | None:
        """The directory of the scenario file or of the test's module; None where neither is one.

        A bot is looked for there first.
        """
        if self.file:
            return os.path.dirname(os.path.abspath(self.file))
        return os.path.dirname(os.path.abspath(self.home)) if os.path.isfile(self.home) else None

    def position(self, path: Path = ()) -> tuple[int, int] | None:
        """Return line and column, from 1, of a part of the scenario in its file.

        Args:
            path: Keys and indices from the scenario to the part, such as ``("expect", 2)``; empty
                for the scenario itself. A part that is not there stands where the nearest part
                around it does, and one that is inherited from another file where that is extended.

        Returns:
            None where the position is not known.
        """
        return None if self.written is None else self.written.place(path)

    def problem(self, message: str, path: Path = ()) -> Problem:
        """Return what is wrong with a part of the scenario, with the part's place.

        Args:
            message: What is wrong.
            path: Keys and indices from the scenario to the part; it is spelled where the scenario
                was built in Python.
        """
        position = self.position(path)
        if position is not None:
            return Problem(message, self.file, *position)
        return Problem(f"{spell(path)}: {message}" if path else message, self.file)


def names_one(reference: str | os.PathLike[str]) -> bool:
    """Return whether a reference names a scenario of its file: ``FILE::NAME``."""
    return SEPARATOR in str(reference)
