"""A run's schedule on asyncio's own loop: the proof that a finding is sound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from llm_sim.errors import SimulationError
from llm_sim.loop import StockLoop
from llm_sim.simulation._run import Run, simulate
from llm_sim.simulation._verdict import Broken, NoVerdict, Verdict

StockWord = Literal["fails", "other laws", "clean", "no verdict"]


@dataclass(frozen=True, slots=True)
class StockCheck:
    """What came of a run's schedule on asyncio's own loop.

    Parameters:
        found: The run on the simulated loop; it is its first violation that is asked about.
        verdict: The verdict on asyncio's own loop.
    """

    found: Run
    verdict: Verdict

    @property
    def laws(self) -> tuple[str, ...]:
        """The codes of the laws that are broken there, sorted."""
        return self.verdict.laws if isinstance(self.verdict, Broken) else ()

    @property
    def fails_too(self) -> bool:
        """Whether the law of the run's first violation is broken on asyncio's own loop as well."""
        return any(violation.law in self.laws for violation in self.found.violations[:1])

    @property
    def word(self) -> StockWord:
        """The answer for machines: ``fails``, ``other laws``, ``clean`` or ``no verdict``."""
        if isinstance(self.verdict, NoVerdict):
            return self.verdict.word
        if self.laws:
            return "fails" if self.fails_too else "other laws"
        return "clean"

    def in_words(self) -> str:
        """Return the answer as a sentence without its subject."""
        if isinstance(self.verdict, NoVerdict):
            return f"no verdict: {self.verdict.reason}"
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
        if self.word == "clean":
            return f"asyncio's own loop does NOT fail {place}"
        return f"asyncio's own loop: {self.in_words()}"


def check_on_stock(found: Run) -> StockCheck:
    """Run a schedule again on asyncio's own loop, each stimulus at the same step.

    A failure in asyncio's order that is not found there cannot happen in production, and is a bug
    of the simulated loop. Of a run in another order only the stimuli are taken over.

    Args:
        found: The run on the simulated loop; its bot, target, limits and laws are the same there.
    """
    try:
        stock = simulate(found.setup, replace(found.schedule, order=None), loop=StockLoop)
    except SimulationError as error:
        return StockCheck(found, NoVerdict(error))
    if not stock.landed:
        missed = stock.complaint or SimulationError("the schedule did not land there")
        return StockCheck(found, NoVerdict(missed))
    return StockCheck(found, stock.verdict)
