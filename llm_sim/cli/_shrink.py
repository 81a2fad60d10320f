"""``llm-sim shrink``."""

from __future__ import annotations

from dataclasses import replace

from llm_sim.cli._console import err, out
from llm_sim.cli._exits import ExitCode
from llm_sim.cli._show import replay_line, run_failure
from llm_sim.cli._subjects import load_subjects, place_in
from llm_sim.errors import SimulationError, UsageError
from llm_sim.exploration import FailureStore, Found, Shrunk, shrink, stop_requests
from llm_sim.invariants import Violation, get_law
from llm_sim.scenario import dump_scenarios
from llm_sim.schedule import decode
from llm_sim.simulation import Run, run
from llm_sim.testing import pasted, promote_line


def shrink_command(
    file: str, token: str, target: str, bot: str | None, law: str | None
) -> ExitCode:
    """Shrink one failure of a scenario, show what is left of it and keep that."""
    scenarios, given = load_subjects(file, target, bot)
    if len(scenarios) > 1:
        raise UsageError(f"one scenario is shrunk: name it, like {file}::{scenarios[0].name}")
    place = place_in(file, scenarios[0])
    one = run(scenarios[0], bot=given, target=target, schedule=decode(token), place=place)
    chosen = _chosen(one, law)
    with stop_requests() as stop_requested:
        shrunk = shrink(one, chosen, bot=given, target=target, stop=stop_requested)
    found = Found.of(shrunk.run, shrunk.violation, target, bot=bot)
    out(f"# {_how(shrunk)}, from {place} with {token}\n{dump_scenarios([found.scenario])}")
    store = FailureStore()
    try:
        line = pasted("llm-sim", "replay", str(store.save(found)))
    except OSError as error:
        err(f"llm-sim: {found.name} is not kept: {store.directory}: {error.strerror}")
        again = replay_line(place, target=target, bot=bot)(token)
        out(run_failure(_first(shrunk), lambda _: again))
    else:
        out(run_failure(_first(shrunk), lambda _: line, [("keep", promote_line(found))]))
    return ExitCode.VIOLATION


def _chosen(one: Run, law: str | None) -> Violation:
    code = None if law is None else get_law(law).code
    for violation in one.violations:
        if code in (None, violation.law):
            return violation
    if one.violations:
        raise UsageError(f"the run breaks {', '.join(one.laws)}, not {code}: give one of those")
    if one.complaint is not None:
        raise SimulationError(f"nothing to shrink: {one.complaint}")
    raise UsageError(f"nothing to shrink: {one.token} breaks no law; give a token of a failed run")


def _how(shrunk: Shrunk) -> str:
    if shrunk.complete:
        return f"Shrunk in {shrunk.runs} runs"
    return f"Stopped after {shrunk.runs} runs, it may get smaller"


def _first(shrunk: Shrunk) -> Run:
    """Return the run with the failure that was shrunk before all others."""
    others = (violation for violation in shrunk.run.violations if violation != shrunk.violation)
    return replace(shrunk.run, violations=(shrunk.violation, *others))
