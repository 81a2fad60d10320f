"""One schedule again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from llm_sim.scenario import Scenario
from llm_sim.schedule import decode
from llm_sim.simulation import Run, run
from llm_sim.targets import Bot, Target


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a schedule on one or more scenarios.

    Parameters:
        runs: The runs in which the whole schedule landed.
        missed: The runs in which a stimulus never came to its place.
    """

    runs: tuple[Run, ...]
    missed: tuple[Run, ...]


def replay(
    scenarios: Iterable[Scenario],
    token: str,
    *,
    bot: Bot | None = None,
    target: str | Target = "reference",
    place: str = "",
) -> Replay:
    """Run a schedule again on each scenario.

    Args:
        scenarios: The scenarios that it may belong to.
        token: The schedule's token.
        bot: What is under test; by default the scenario's own bot.
        target: Which service core it runs on: ``reference`` (embedded), ``pipecat`` (installed) or
            ``naive`` (with two planted races); or a target of your own.
        place: The file of the scenarios, for messages.

    Raises:
        ScheduleFormatError: The token cannot be read.
    """
    schedule = decode(token)
    runs = [
        run(s, bot=bot, target=target, schedule=schedule, place=_place(place, s)) for s in scenarios
    ]
    landed = tuple(one for one in runs if one.landed)
    return Replay(landed, tuple(one for one in runs if not one.landed))


def _place(file: str, scenario: Scenario) -> str:
    return f"{file}::{scenario.name}" if file else ""
