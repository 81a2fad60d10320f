"""``llm-sim shrink``: the smallest scenario that still fails."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from llm_sim.cli import _completion as complete
from llm_sim.cli._app import command
from llm_sim.cli._console import out
from llm_sim.cli._options import BOT, FILE, JSON, TARGET
from llm_sim.cli._output import Output
from llm_sim.cli._subjects import Subjects
from llm_sim.errors import SimulationError, UsageError
from llm_sim.exploration import RunReport, Shrunk, shrink, stop_requests
from llm_sim.invariants import Violation, get_law
from llm_sim.kept import FailureStore, SavedFailure
from llm_sim.reports import ExitCode, Telling, pasted, render_finding, replay_line
from llm_sim.scenario import dump_scenarios
from llm_sim.schedule import decode
from llm_sim.simulation import Broken, Finding, NoVerdict, Run, simulate


@command(
    "Repair",
    "llm-sim shrink scenarios/reserve.sim.yaml "
    "--schedule ls1-interrupt@LLMFullResponseStart+5 --target pipecat",
    rank=2,
)
def shrink_(
    file: FILE,
    schedule: Annotated[str, typer.Option(metavar="TOKEN", help="The token of a failed run.")],
    target: TARGET = None,
    bot: BOT = None,
    law: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="LAW",
            help="Keep this law broken, instead of the first one.",
            autocompletion=complete.laws,
        ),
    ] = None,
    json: JSON = None,
) -> ExitCode:
    """Shrink a failure to the smallest scenario that still fails so.

    The same law stays broken on the same call. The smaller scenario is printed, and the smaller
    failure is saved, so that it can be replayed and promoted.

    Exit code: 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    store = FailureStore()
    with Output("shrink", json, store=store) as output:
        setup = Subjects([file], target, bot).one()
        failing = simulate(setup, decode(schedule))
        chosen = _chosen(failing, law)
        with stop_requests() as stop_requested:
            shrunk = shrink(failing, chosen, stop=stop_requested)
        saved = SavedFailure.of(shrunk.run, shrunk.violation)
        out(f"# {_how(shrunk)}, from {setup.place} with {schedule}")
        out(dump_scenarios([saved.scenario]))
        finding = output.keep(_finding(shrunk))
        if finding.saved:
            how = Telling(
                store=store, replay=pasted("llm-sim", "replay", str(store.path_of(saved)))
            )
        else:
            original = Finding.of_run(failing)
            assert original is not None
            how = Telling(replay=replay_line(original))
        out(render_finding(finding, how))
        output.note(RunReport(finding.setup, [finding], run=shrunk.run), how.replay)
    return output.code


def _chosen(run: Run, law: str | None) -> Violation:
    code = None if law is None else get_law(law).code
    for violation in run.violations:
        if code in (None, violation.law):
            return violation
    if run.violations:
        raise UsageError(f"the run breaks {', '.join(run.laws)}, not {code}: give one of those")
    if isinstance(run.verdict, NoVerdict):
        raise SimulationError(f"nothing to shrink: {run.verdict.reason}")
    raise UsageError(f"nothing to shrink: {run.token} breaks no law; give a token of a failed run")


def _how(shrunk: Shrunk) -> str:
    if shrunk.complete:
        return f"Shrunk in {shrunk.runs} runs"
    return f"Stopped after {shrunk.runs} runs, it may get smaller"


def _finding(shrunk: Shrunk) -> Finding:
    """Return the failure that was shrunk, named by its law before all others."""
    others = (each for each in shrunk.run.violations if each != shrunk.violation)
    verdict = Broken((shrunk.violation, *others))
    run = shrunk.run.judged(verdict)
    return Finding(run.setup, run.schedule, verdict, run, shrunk_in=shrunk.runs)
