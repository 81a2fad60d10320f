"""A scenario once: as it is scripted, or with the schedule of a token."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any

from llm_sim.scenario import Scenario
from llm_sim.schedule import Schedule, decode
from llm_sim.simulation import Finding, Run, Setup, Summary, check_on_stock, simulate
from llm_sim.targets import Bot, Target


@dataclass(frozen=True, slots=True)
class TokenReplay:
    """What came of a schedule on one or more scenarios.

    Parameters:
        runs: The runs in which the whole schedule landed.
        missed: The runs in which a stimulus never came to its place.
    """

    runs: tuple[Run, ...]
    missed: tuple[Run, ...]


@dataclass(slots=True, kw_only=True)
class RunReport(Summary):
    """What came of one run.

    Parameters:
        run: The run.
    """

    run: Run

    def to_plain(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "scenario": self.run.scenario.name,
            "target": self.target,
            "token": self.run.token,
            "steps": self.run.steps,
            "clean": self.clean,
            "warnings": {f"{each.law} {each.message}": 1 for each in self.run.warnings},
        }


def search_run(
    setup: Setup,
    schedule: Schedule | None = None,
    *,
    stock: bool = False,
    amend: Callable[[Run], Run] = lambda run: run,
) -> Generator[Finding, None, RunReport]:
    """Run a Setup once.

    Args:
        setup: What is run.
        schedule: What lands where.
        stock: Whether asyncio's own loop is asked about a broken law.
        amend: Takes the run and returns the one to report: after golden traces were written anew,
            the run meets them.

    Yields:
        What is wrong with the run, if anything is.
    """
    run = amend(simulate(setup, schedule))
    report = RunReport(setup, run=run)
    asked = check_on_stock(run) if stock and run.violations else None
    finding = Finding.of_run(run, asked)
    if finding is not None:
        report.findings.append(finding)
        yield finding
    return report


def replay(
    scenarios: Iterable[Scenario],
    token: str,
    *,
    bot: Bot | None = None,
    target: str | Target | None = None,
) -> TokenReplay:
    """Run a schedule again on each scenario.

    Args:
        scenarios: The scenarios that it may belong to.
        token: The schedule's token.
        bot: What is under test; by default the scenario's own bot.
        target: Which service core it runs on, see :func:`llm_sim.run`.

    Raises:
        ScheduleFormatError: The token cannot be read.
    """
    schedule = decode(token)
    runs = [simulate(Setup.of(s, bot=bot, target=target), schedule) for s in scenarios]
    landed = tuple(run for run in runs if run.landed)
    return TokenReplay(landed, tuple(run for run in runs if not run.landed))
