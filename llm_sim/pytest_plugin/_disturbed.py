"""What is tried on the scenarios of a test when its body is done: a sweep, or one schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from llm_sim.exploration import Baseline, SweepReport, Window, known_sweep, known_windows, sweep
from llm_sim.pytest_plugin._simulator import Made, Simulator
from llm_sim.schedule import decode
from llm_sim.simulation import Run
from llm_sim.testing import Notes, new_failures, tell_sweep


@dataclass(frozen=True, slots=True)
class Swept:
    """One sweep.

    Parameters:
        report: What came of it.
        target: The target's name.
        failures: A run of each set of laws that it broke and that is new.
        known: Tells whether all that a window breaks is known.
        simulator: Whose scenario it is.
        failed: Whether it breaks something new, or has points without a verdict.
    """

    report: SweepReport
    target: str
    failures: tuple[Run, ...]
    known: Callable[[Window], bool]
    simulator: Simulator
    failed: bool

    def lines(self) -> list[str]:
        """Return the sweep in a line, and each warning that came of it in one."""
        report = self.report
        verdict = f"{report.failed} fail" if report.failed else "clean"
        return [
            f"{report.scenario.name} on {report.target}: {report.inject} at each of "
            f"{report.points} points, {report.runs} runs: {verdict}",
            *(
                f"warn {warning}, at {count} point{'' if count == 1 else 's'}"
                for warning, count in report.warnings.items()
            ),
        ]

    def tell(self, replay: Callable[[str], str], notes: Mapping[str, Notes]) -> str:
        """Return the failed sweep in full.

        Args:
            replay: Makes of a token the line that replays it.
            notes: By token, more lines of a failure.
        """
        how = {"laws": self.simulator.laws, "limits": self.simulator.limits}
        return tell_sweep(self.report, self.target, replay, notes=notes, known=self.known, **how)


def sweeps(simulator: Simulator, inject: str, baseline: Baseline) -> Iterator[Swept]:
    """Sweep what a test ran, each once.

    Args:
        simulator: What ran it.
        inject: The stimuli.
        baseline: What is known to be broken.

    Raises:
        KeyboardInterrupt: It was stopped.
        SimulationError: A point is not the same when it is run again.
    """
    how = {"laws": simulator.laws, "limits": simulator.limits}
    for made in _distinct(simulator):
        report = sweep(
            made.run.scenario,
            bot=made.bot,
            inject=inject,
            target=made.target,
            place=simulator.test,
            **how,  # type: ignore[arg-type]
        )
        if report.stopped:
            raise KeyboardInterrupt
        is_known = known_sweep(baseline, report)
        known = known_windows(baseline, report)
        new = new_failures(report, made.target, known, **how)
        yield Swept(
            report,
            made.target,
            tuple(one for _, one in new),
            known,
            simulator,
            not (report.clean or (is_known and report.conclusive)),
        )


def replays(simulator: Simulator, token: str) -> list[Made]:
    """Run a schedule on what a test ran, each once.

    Args:
        simulator: What ran it.
        token: The schedule.

    Returns:
        The runs in which it landed; where it landed in none, the last run, which tells why.
    """
    schedule = decode(token)
    runs = [
        simulator.make(made.run.scenario, made.bot, made.target, schedule)
        for made in _distinct(simulator)
    ]
    return [made for made in runs if made.run.landed] or runs[-1:]


def _distinct(simulator: Simulator) -> list[Made]:
    """Return what a test ran and expects to keep every law, each once."""
    distinct: list[Made] = []
    for made in simulator.made:
        if not made.expected and not any(made.is_alike(other) for other in distinct):
            distinct.append(made)
    return distinct
