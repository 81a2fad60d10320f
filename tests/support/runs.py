"""Runs on another loop, or in another order, than a call of ``run`` makes."""

from __future__ import annotations

from typing import Any

from llm_sim.loop import Instrument, SimLoop, StockLoop
from llm_sim.scenario import Scenario
from llm_sim.schedule import Schedule
from llm_sim.schedulers import Scheduler
from llm_sim.simulation import Run, Setup, simulate


def simulated(
    scenario: Scenario,
    *,
    schedule: Schedule | None = None,
    loop: type[SimLoop | StockLoop] = SimLoop,
    instrument: Instrument | None = None,
    scheduler: Scheduler | None = None,
    **parts: Any,
) -> Run:
    """Make the Setup of a scenario, and run it."""
    setup = Setup.of(scenario, **parts)
    return simulate(setup, schedule, loop=loop, instrument=instrument, scheduler=scheduler)
