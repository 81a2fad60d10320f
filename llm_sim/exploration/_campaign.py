"""A campaign: many drawn conversations, each failure once, as small as it gets.

Hypothesis draws; what comes of a run is ours. A run that breaks a law does not end the search: its
failure is shrunk at once, noted, and recognised from then on, so that one campaign finds many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from llm_sim.errors import NondeterminismError, SimulationError, UsageError
from llm_sim.exploration._causes import Causes, causes
from llm_sim.exploration._coverage import PHASES, Coverage, cells
from llm_sim.exploration._shrink import Rerun, shrink
from llm_sim.exploration._stopping import stop_requests
from llm_sim.invariants import Violation
from llm_sim.scenario import Scenario
from llm_sim.schedule import Schedule
from llm_sim.simulation import (
    Broken,
    Finding,
    NoVerdict,
    Run,
    Summary,
    Verdict,
    steady,
    worst,
)
from llm_sim.trace import first_difference

if TYPE_CHECKING:
    import hypothesis
    from hypothesis.strategies import SearchStrategy

Case = tuple[Scenario, Schedule]
"""What happens, and what lands where."""

FuzzListener = Callable[[int, int, int], None]
"""Called after each example with the examples done, those to come, and the failures found."""

Keeper = Callable[["Found"], Finding]
"""Keeps a failure as soon as it is found, and says what is to be told of it."""

_MEETS: Final = {
    "before": "before a call",
    "no_call": "without a call",
    **{phase: f"while a call is {phase.replace('_', ' ')}" for phase in PHASES[1:]},
}
_MOST_OF_A_KIND: Final = 4
"""So many failures of one kind are told apart by their causes; more say the same."""


@dataclass(frozen=True, slots=True)
class Found:
    """One failure, shrunk, and what it takes to recognise its like.

    Parameters:
        run: The smallest run that fails so; the violation that it was shrunk for comes first.
        kinds: All ways in which the run breaks laws.
        causes: What is out of the ordinary in it.
        example: The number of the example that showed it first; 0 for one that was known before.
        shrink_runs: How many runs it took to shrink it.
    """

    run: Run
    kinds: frozenset[str]
    causes: Causes
    example: int = 0
    shrink_runs: int = 0

    @classmethod
    def of(cls, run: Run, violation: Violation, example: int = 0, shrink_runs: int = 0) -> Found:
        """Return a failing run as a failure that recognises its like."""
        others = tuple(each for each in run.violations if each != violation)
        first = run.judged(Broken((violation, *others)))
        kinds = frozenset(each.identity for each in run.violations)
        return cls(first, kinds, causes(run), example, shrink_runs)

    @property
    def violation(self) -> Violation:
        """The violation that the run was shrunk for."""
        return self.run.violations[0]

    def explains(self, kind: str, found: Causes) -> bool:
        """Return whether a violation of this kind in a run with these causes is nothing new."""
        return kind in self.kinds and self.causes <= found


@dataclass(slots=True, kw_only=True)
class Campaign(Summary):
    """What came of a campaign.

    Parameters:
        planned: How many examples there were to be.
        examples: How many examples ran.
        runs: How many runs it took, shrinking included.
        no_verdict: Why there was none, by message, for runs that could not be made or not be made
            again.
        not_kept: Why failures could not be kept, by message.
        coverage: Which stimulus met which phase of a call, how often.
    """

    planned: int = 0
    examples: int = 0
    runs: int = 0
    no_verdict: dict[str, int] = field(default_factory=dict)
    not_kept: dict[str, int] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=Coverage)

    @property
    def clean(self) -> bool:
        """Whether every example ran and kept every law."""
        return not (self.findings or self.no_verdict or self.stopped)

    @property
    def conclusive(self) -> bool:
        """Whether every example has a verdict, kept or broken."""
        return not (self.no_verdict or self.stopped)

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict on an example."""
        reasons = map(SimulationError, self.no_verdict)
        return worst(*(f.verdict for f in self.findings if not f.known), *map(NoVerdict, reasons))

    def note_not_kept(self, name: str, why: str) -> None:
        """Count a failure that could not be kept; the report shows it whole all the same."""
        del name
        self.not_kept[why] = self.not_kept.get(why, 0) + 1

    def to_plain(self) -> dict[str, Any]:
        """Return the campaign as JSON values."""
        return {
            "target": self.target,
            "examples": self.examples,
            "runs": self.runs,
            "clean": self.clean,
            "stopped": self.stopped,
            "no_verdict": self.no_verdict,
            "coverage": self.coverage.to_plain(),
            "runs_per_second": round(self.runs / self.seconds, 1) if self.seconds else 0.0,
        }


class _StoppedError(BaseException):
    """Leaves Hypothesis's search; it would take an Exception for a failing example."""


def search(
    result: Campaign,
    drawn: SearchStrategy[Case],
    run_one: Rerun,
    *,
    settings: hypothesis.settings,
    seed: int | None = None,
    known: tuple[Found, ...] = (),
    keep: Keeper,
    progress: FuzzListener | None = None,
) -> None:
    """Run as many examples as the settings say, and note what they broke.

    Args:
        result: What is filled.
        drawn: Draws what happens.
        run_one: Runs it and judges it.
        settings: Hypothesis's settings: how many examples, whether they are derandomised.
        seed: Hypothesis's seed.
        known: Failures that are known before; they are not told again.
        keep: Given each failure when it is found.
        progress: Told after each example.

    Raises:
        UsageError: The bot or the target cannot be used.
    """
    result.planned = settings.max_examples
    with stop_requests() as stop_requested, steady() as after_run:
        trial = _Trial(result, run_one, list(known), keep, stop_requested, after_run)

        def example(case: Case) -> None:
            if stop_requested():
                raise _StoppedError
            result.examples += 1
            trial.try_(case)
            if progress is not None:
                progress(result.examples, result.planned, len(result.findings))

        began = perf_counter()
        try:
            _search(drawn, example, settings, seed)
        except (_StoppedError, KeyboardInterrupt):
            result.stopped = True
        result.seconds = perf_counter() - began
        result.stopped = result.stopped or stop_requested()


def _search(
    drawn: SearchStrategy[Case],
    example: Callable[[Case], None],
    settings: hypothesis.settings,
    seed: int | None,
) -> None:
    import hypothesis
    from hypothesis import HealthCheck, Phase

    # Without the phase of targets: runs with more meetings cost half of the examples, and broke no
    # more laws than examples that are drawn afresh.
    patient = hypothesis.settings(
        settings,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    search = patient(hypothesis.given(case=drawn)(example))
    if seed is not None:
        search = hypothesis.seed(seed)(search)
    search()


@dataclass(slots=True)
class _Trial:
    """Runs the examples of a campaign.

    Parameters:
        result: What comes of them.
        run_one: Runs a case and judges it.
        known: Failures that are known by now.
        keep: Given each failure when it is found.
        stop: Whether Ctrl-C was pressed.
        after_run: Called after each run.
    """

    result: Campaign
    run_one: Rerun
    known: list[Found]
    keep: Keeper
    stop: Callable[[], bool]
    after_run: Callable[[], None]

    def try_(self, case: Case) -> None:
        """Run a case, and note each way in which it fails and nothing known does."""
        try:
            self.result.runs += 1
            run = self.run_one(*case)
        except SimulationError as error:
            self._no_verdict(error)
            return
        finally:
            self.after_run()
        _count(run, self.result)
        for violation in run.violations:
            if not self._is_known(violation.identity, causes(run)):
                self._note(run, violation)

    def _is_known(self, kind: str, found: Causes) -> bool:
        alike = sum(kind == one.violation.identity for one in self.known)
        return alike >= _MOST_OF_A_KIND or any(one.explains(kind, found) for one in self.known)

    def _note(self, run: Run, violation: Violation) -> None:
        try:
            small = shrink(run, violation, rerun=self.run_one, stop=self.stop)
            again = self.run_one(small.run.scenario, small.run.schedule)
        except (UsageError, SimulationError):
            # It was there once, and is not when the very same is run again.
            self._no_verdict(
                NondeterminismError(f"{violation.law} {violation.message!r}, then not")
            )
            return
        self.result.runs += small.runs + 1
        difference = first_difference(small.run.trace, again.trace)
        if difference is not None:
            self._no_verdict(NondeterminismError(difference.in_words()))
            return
        found = Found.of(small.run, small.violation, self.result.examples, small.runs)
        self.known.append(found)
        self.result.findings.append(self.keep(found))

    def _no_verdict(self, error: SimulationError) -> None:
        message = str(error)
        self.result.no_verdict[message] = self.result.no_verdict.get(message, 0) + 1


def _count(run: Run, result: Campaign) -> None:
    """Count which stimulus met which phase of a call, for the report and for Hypothesis.

    Hypothesis tells the highest number of different meetings; it does not steer by it, see
    :func:`_search`.
    """
    import hypothesis

    met = cells(run)
    result.coverage.count(met)
    different = dict.fromkeys(f"{cell.stimulus} {_MEETS[cell.phase]}" for cell in met)
    for meeting in different:
        hypothesis.event(meeting)
    hypothesis.target(float(len(different)), label="different meetings of stimuli and calls")
