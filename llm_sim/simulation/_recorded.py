"""A run that was read from a file, judged again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from llm_sim.errors import SimulationError
from llm_sim.invariants import LAWS, Law, Violation, at_level, judge
from llm_sim.scenario import Scenario, call, turn
from llm_sim.schedule import decode
from llm_sim.simulation._expectations import UnmetExpectation
from llm_sim.simulation._run import Run
from llm_sim.simulation._setup import Setup
from llm_sim.simulation._verdict import NoVerdict, verdict_of
from llm_sim.targets import Bot, Plan, Rig, RigOptions, Session
from llm_sim.trace import Header, Trace, calls


@dataclass(slots=True)
class RecordedTarget:
    """What a run was on, as the head of its trace tells; nothing can be run on it.

    Parameters:
        name: The target's name.
        release: Its version then.
    """

    name: str
    release: str

    def version(self) -> str:
        """Return the version that the run was on."""
        return self.release

    def surroundings(self, report: Callable[[str], None]) -> AbstractContextManager[None]:
        """Hold nothing."""
        del report
        return nullcontext()

    async def open(self, plan: Plan) -> Session:
        """Refuse: a record is read, not run.

        Raises:
            SimulationError: Always.
        """
        del plan
        raise self._refusal()

    def rig(self, processor: Any, options: RigOptions) -> Rig:
        """Refuse, as :meth:`open` does.

        Raises:
            SimulationError: Always.
        """
        del processor, options
        raise self._refusal()

    def _refusal(self) -> SimulationError:
        return SimulationError(f"{self.name} {self.release} is a record: run its scenario instead")


def recorded_run(trace: Trace) -> Run:
    """Return the run that a trace tells of, with the verdict that it had.

    The laws are judged again, at the levels that the header says. What no law can find in the
    events stands in the header: expectations that were not met, a script that did not fit, and
    laws of the user's own. The scenario of the run has what the trace knows of it: its name, its
    mode and its calls.

    Args:
        trace: A record, such as :func:`llm_sim.trace.loads` returns.
    """
    header = trace.header
    laws = _laws_of(header)
    name, _, release = header.target.partition(" ")
    lives = calls(trace.until_rest()).values()
    steps = [call(life.name or "unknown", as_=life.id) for life in lives]
    scenario = Scenario(
        name=header.scenario or "unnamed",
        bot="recorded:bot",  # whatever it was, it has the tools
        mode="sequential" if header.mode == "sequential" else "parallel",
        script=[turn(*steps)],
    )
    setup = Setup(scenario, Bot(), RecordedTarget(name, release), laws, place=header.place)
    schedule = decode(header.schedule or "ls1-undisturbed")
    if not trace.is_whole:
        # What a trace that was cut short does not tell is no broken law.
        cut = SimulationError("the trace ends before the run did")
        return Run(setup, schedule, trace, NoVerdict(cut))
    found = judge(trace, laws)
    parts = (each.partition(" ") for each in header.own_laws)
    own = (Violation(code, message) for code, _, message in parts)
    verdict = verdict_of(
        (*(each for each in found if each.level == "error"), *own),
        tuple(UnmetExpectation((), message) for message in header.unmet),
        SimulationError(header.no_verdict) if header.no_verdict else None,
    )
    warnings = tuple(each for each in found if each.level == "warn")
    return Run(setup, schedule, trace, verdict, warnings)


def _laws_of(header: Header) -> tuple[Law, ...]:
    laws = tuple(law for law in LAWS if law.code not in header.disabled)
    for each in header.levels:
        code, level = each.split(" ")
        if any(law.code == code for law in laws):
            laws = at_level("warn" if level == "warn" else "error", code, laws=laws)
    return laws
