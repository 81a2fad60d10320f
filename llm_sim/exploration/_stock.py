"""A run's schedule on asyncio's own loop."""

from __future__ import annotations

from dataclasses import dataclass, replace

from llm_sim.errors import SimulationError
from llm_sim.loop import StockLoop
from llm_sim.simulation import Limits, Run, run
from llm_sim.targets import Bot, Target


@dataclass(frozen=True, slots=True)
class StockCheck:
    """What came of a run's schedule on asyncio's own loop.

    Parameters:
        found: The run on the simulated loop; it is its first violation that is asked about.
        laws: The codes of the laws that are broken on asyncio's own loop, sorted.
        complaint: Why asyncio's own loop gives no verdict, or None.
    """

    found: Run
    laws: tuple[str, ...] = ()
    complaint: SimulationError | None = None

    @property
    def fails_too(self) -> bool:
        """Whether the law of the run's first violation is broken on asyncio's own loop as well."""
        return any(violation.law in self.laws for violation in self.found.violations[:1])

    @property
    def verdict(self) -> str:
        """The answer in words."""
        if self.complaint is not None:
            return f"no verdict: {self.complaint}"
        if self.laws:
            also = "too" if self.fails_too else "with other laws"
            return f"fails there {also}: {' '.join(self.laws)}"
        return "does NOT fail there" if self.found.laws else "clean there too"

    @property
    def note(self) -> str:
        """The answer as a failure report gives it."""
        place = "at the same step" if self.found.schedule.landings else "undisturbed"
        if self.fails_too:
            return f"asyncio's own loop fails {place} too"
        if self.complaint is None and not self.laws:
            return f"asyncio's own loop does NOT fail {place}"
        return f"asyncio's own loop: {self.verdict}"


def check_on_stock(
    found: Run,
    *,
    bot: Bot | None = None,
    target: str | Target = "reference",
    limits: Limits | None = None,
) -> StockCheck:
    """Run a schedule again on asyncio's own loop, each stimulus at the same step.

    A failure in asyncio's order that is not found there cannot happen in production, and is a bug
    of the simulated loop. Of a run in another order only the stimuli are taken over.

    Args:
        found: The run on the simulated loop.
        bot: What is under test; by default the scenario's own bot.
        target: Which service core it runs on.
        limits: Where a run that does not come to rest is stopped.

    Raises:
        UsageError: The bot or the target cannot be used.
    """
    try:
        stock = run(
            found.scenario,
            bot=bot,
            target=target,
            schedule=replace(found.schedule, order=None),
            limits=limits,
            loop=StockLoop,
        )
    except SimulationError as error:
        return StockCheck(found, complaint=error)
    if stock.complaint is not None and not (stock.landed and stock.laws):
        return StockCheck(found, complaint=stock.complaint)
    return StockCheck(found, stock.laws)
