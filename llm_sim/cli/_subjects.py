"""What the words of a command line name: scenario files, and what they are run with."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from llm_sim.errors import Problem, ScenarioError, UsageError
from llm_sim.scenario import Place, Scenario, load_scenarios, names_one
from llm_sim.simulation import Setup
from llm_sim.targets import load_bot

_PATTERN = "*.sim.yaml"


class Subjects(NamedTuple):
    """What a command is about.

    Parameters:
        files: Scenario files, one scenario in a file, directories, or globs.
        target: The target, as the user named it, or None: the scenario's, or the reference.
        bot: The bot that the user named instead of the scenarios', or None.
    """

    files: Sequence[str]
    target: str | None = None
    bot: str | None = None

    def setups(self) -> list[Setup]:
        """Return what is run, in the order of the command line.

        Raises:
            ScenarioError: Files have mistakes; all of them are listed.
            UsageError: A file, the bot or the target is not there.
            TargetError: The target is not installed.
        """
        setups, problems = self.checked()
        if problems:
            raise ScenarioError(*problems)
        for setup in setups:
            setup.target.version()
        return setups

    def one(self) -> Setup:
        """Return what is run, of a command that takes one scenario.

        Raises:
            UsageError: The command line names more than one; or it cannot be used.
        """
        setup, *others = self.setups()
        if others:
            raise UsageError(
                f"this command takes one scenario, and {' '.join(self.files)} has "
                f"{1 + len(others)}: name it, like {setup.place}"
            )
        return setup

    def checked(self) -> tuple[list[Setup], list[Problem]]:
        """Return the Setups that can be made, and what is wrong with the others.

        A scenario that is named twice is run once.
        """
        bot = None if self.bot is None else load_bot(self.bot)
        setups: dict[str, Setup] = {}
        problems: list[Problem] = []
        for reference in self.files:
            try:
                files = expanded(reference)
            except ScenarioError as error:
                problems += error.problems
                continue
            for file in files:
                for scenario in _loaded(file, problems):
                    try:
                        setup = Setup.of(scenario, bot=bot, target=self.target)
                    except ScenarioError as error:
                        # Several scenarios may extend the one that has the mistake.
                        problems += (each for each in error.problems if each not in problems)
                    else:
                        setups.setdefault(str(scenario.place), setup)
        return list(setups.values()), problems


def _loaded(reference: str, problems: list[Problem]) -> Sequence[Scenario]:
    try:
        return load_scenarios(reference)
    except ScenarioError as error:
        problems += (each for each in error.problems if each not in problems)
        return ()


def expanded(reference: str) -> list[str]:
    """Return the files of a directory or a glob, in the order of their names; any other as it is.

    Directories of tools are not looked into: those whose name begins with a dot, and virtual
    environments, where the scenarios of installed packages are.

    Args:
        reference: What the command line names. With ``::NAME`` it is the scenario of that name in
            each file of a glob.

    Raises:
        ScenarioError: There is no scenario file in the directory, or the glob fits none.
    """
    place = Place.parse(reference)
    file = Path(place.file)
    if file.is_dir() and not names_one(reference):
        found = sorted(_below(file))
    elif not file.exists() and glob.has_magic(place.file):
        found = sorted(
            each for each in glob.glob(place.file, recursive=True) if not Path(each).is_dir()
        )
    else:
        return [reference]
    if not found:
        wrong = f"there is no {_PATTERN} file in it" if file.is_dir() else "no file matches"
        raise ScenarioError(Problem(wrong, reference))
    return [str(replace(place, file=each)) for each in found]


def _below(directory: Path) -> Iterator[str]:
    for parent, directories, files in os.walk(directory):
        directories[:] = [
            name
            for name in directories
            if not name.startswith(".") and not Path(parent, name, "pyvenv.cfg").exists()
        ]
        yield from (str(Path(parent, name)) for name in files if fnmatch(name, _PATTERN))
