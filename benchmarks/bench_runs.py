"""Runs per second on each target, and what recording and judging cost.

``python benchmarks/bench_runs.py [TARGET …]``: ratios are medians, interleaved in one process.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from llm_sim.exploration import sweep
from llm_sim.scenario import Scenario, load_scenarios
from llm_sim.simulation import Setup, simulate, steady

FILE = Path(__file__).parents[1] / "scenarios" / "barge_in.sim.yaml"
ROUNDS = 40


def _seconds(action: Callable[[], object]) -> float:
    began = perf_counter()
    action()
    return perf_counter() - began


def _sweeps(target: str, scenarios: tuple[Scenario, ...]) -> None:
    print(f"\n{target}")
    total = 0.0
    for scenario in scenarios:
        report = sweep(scenario, target=target)
        total += report.seconds
        print(
            f"  {scenario.name:24} {report.points:4} points {report.runs_per_second:8.0f} runs/s "
            f"{report.undisturbed.steps:5} steps {report.failed:4} failed"
        )
    print(f"  the whole sweep: {total:.2f} s")


def _recording(target: str, scenario: Scenario) -> None:
    taped, bare = [], []
    setup = Setup.of(scenario, target=target)
    with steady() as after_run:
        for _ in range(ROUNDS):
            taped.append(_seconds(lambda: simulate(setup)))
            bare.append(_seconds(lambda: simulate(setup, record=False)))
            after_run()
    ratio = statistics.median(taped) / statistics.median(bare)
    print(f"  {scenario.name}: recorded and judged / bare = {ratio:.2f}")


def main() -> None:
    """Print the figures."""
    scenarios = load_scenarios(str(FILE))
    for target in sys.argv[1:] or ["reference", "pipecat"]:
        simulate(Setup.of(scenarios[0], target=target))  # what is imported and compiled first
        _sweeps(target, scenarios)
        _recording(target, scenarios[0])


if __name__ == "__main__":
    main()
