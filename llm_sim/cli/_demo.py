"""``llm-sim demo``: what a clean sweep and a failure look like."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from llm_sim import __version__
from llm_sim.cli._app import command
from llm_sim.cli._console import out
from llm_sim.cli._output import Output
from llm_sim.cli._progress import progress
from llm_sim.cli._subjects import Subjects
from llm_sim.exploration import SweepReport, search_points
from llm_sim.reports import ExitCode, exit_code, pasted, render_sweep
from llm_sim.scenario import Place

_SWEPT: Final = (
    ("reference", "booking_bot", ("interrupt", "end", "cancel")),
    ("reference", "support_bot", ("interrupt", "end", "cancel")),
    ("naive", "naive_service", ("interrupt",)),
)


@command("Begin", "llm-sim demo", rank=1)
def demo() -> ExitCode:
    """Sweep two correct bots and a service with planted races.

    All of it on the embedded core: nothing else has to be installed.
    """
    out(f"llm_sim {__version__} · embedded core · virtual time")
    file = str(files("llm_sim.cli.demo") / "demo.sim.yaml")
    correct: list[SweepReport] = []
    planted: list[SweepReport] = []
    output = Output("demo")
    for target, name, stimuli in _SWEPT:
        setup = Subjects([str(Place(file, name))], target).one()
        for inject in stimuli:
            with progress(name) as advance:
                report = output.take(search_points(setup, inject, progress=advance))
            output.show_line(report)
            (planted if target == "naive" else correct).append(report)
    for report in planted:
        out("\nA failure, as it is shown to you (the races of the naive service are planted):\n")
        out(render_sweep(report))
    out(f"\nnext      {pasted('llm-sim', 'sweep', file, '--target', 'pipecat')}")
    return exit_code(correct)
