"""What the words of a command line name: scenario files, and what they are run with."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from llm_sim.errors import Problem, ScenarioError, UsageError
from llm_sim.scenario import Place, Scenario, load_scenarios
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
        """Return the Setups that can be made, and what is wrong with the others."""
        bot = None if self.bot is None else load_bot(self.bot)
        setups: list[Setup] = []
        problems: list[Problem] = []
        for reference in expanded(self.files):
            for scenario in _loaded(reference, problems):
                try:
                    setups.append(Setup.of(scenario, bot=bot, target=self.target))
                except ScenarioError as error:
                    # Several scenarios may extend the one that has the mistake.
                    problems += (each for each in error.problems if each not in problems)
        return setups, problems


def by_target(setups: Sequence[Setup]) -> dict[str, list[Setup]]:
    """Return Setups by what they run on, with its version, in the order of first sight."""
    groups: dict[str, list[Setup]] = {}
    for setup in setups:
        groups.setdefault(setup.under_test, []).append(setup)
    return groups


def _loaded(reference: str, problems: list[Problem]) -> Sequence[Scenario]:
    try:
        return load_scenarios(reference)
    except ScenarioError as error:
        problems += error.problems
        return ()


def expanded(references: Sequence[str]) -> Iterator[str]:
    """Yield files in the place of directories and globs, in the order of their names.

    Args:
        references: What the command line names; a name after ``::`` may have brackets of its own.

    Raises:
        UsageError: A directory or a glob leads to no scenario file.
    """
    for reference in references:
        file = Path(Place.parse(reference).file)
        if file.is_dir() and reference == str(Place.parse(reference)):
            yield from _some(reference, sorted(map(str, file.rglob(_PATTERN))))
        elif not file.exists() and glob.has_magic(str(file)):
            found = glob.glob(str(file), recursive=True)
            yield from _some(reference, sorted(each for each in found if Path(each).is_file()))
        else:
            yield reference


def _some(reference: str, files: Sequence[str]) -> Sequence[str]:
    if not files:
        raise UsageError(f"{reference}: there is no {_PATTERN} file in it")
    return files
