"""``llm-sim check``: are the files right? Nothing is run."""

from __future__ import annotations

from llm_sim.cli._app import command
from llm_sim.cli._console import err, out
from llm_sim.cli._options import BOT, FILES, JSON
from llm_sim.cli._output import Output
from llm_sim.cli._subjects import Subjects
from llm_sim.reports import ExitCode, counted


@command("Run a conversation", "llm-sim check scenarios", rank=2)
def check(files: FILES, bot: BOT = None, json: JSON = None) -> ExitCode:
    """Validate scenario files, with the bots and the laws that they name, and run nothing.

    Every mistake is listed with its line and column.

    Exit code: 0 the files are right, 2 there are mistakes.
    """
    with Output("check", json) as output:
        setups, problems = Subjects(files, bot=bot).checked()
        output.problems = [str(problem) for problem in problems]
        for problem in output.problems:
            err(problem)
        if problems:
            return ExitCode.USAGE
        checked = len({setup.place.file for setup in setups})
        out(f"{counted(len(setups), 'scenario')} in {counted(checked, 'file')}: no mistakes")
        return ExitCode.CLEAN
