"""What the words of a command line name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llm_sim.cli._files import check_writable
from llm_sim.errors import UsageError
from llm_sim.scenario import Scenario, load_scenarios
from llm_sim.targets import Bot, get_target, load_bot
from llm_sim.testing import check_names


def load_subjects(file: str, target: str, bot: str | None) -> tuple[Sequence[Scenario], Bot | None]:
    """Return the scenarios and the bot of a command line.

    Args:
        file: A scenario file, or one scenario in it.
        target: Which service core they are for.
        bot: The bot, instead of the scenarios'.

    Raises:
        UsageError: One of them is not there, or cannot be used.
        TargetError: The target is not installed.
    """
    scenarios = load_scenarios(file)
    get_target(target).version()
    check_names(scenarios, bots=bot is None)
    return scenarios, None if bot is None else load_bot(bot)


def place_in(file: str, scenario: Scenario) -> str:
    """Return where a scenario stands, ``FILE::NAME``.

    Args:
        file: Its file, or the scenario in it.
        scenario: The scenario.
    """
    return f"{file.partition('::')[0]}::{scenario.name}"


def check_trace(path: Path | None, file: str, scenarios: Sequence[Scenario]) -> None:
    """Refuse a trace that cannot be written before the work begins.

    Args:
        path: Where it is to stand, or None.
        file: The scenario file, as the user named it.
        scenarios: What is run.

    Raises:
        UsageError: The place cannot be written to, or there is more than one run.
    """
    check_writable(path)
    if path is not None and len(scenarios) > 1:
        raise UsageError(
            f"--trace writes one run: name a scenario, like {file}::{scenarios[0].name}"
        )
