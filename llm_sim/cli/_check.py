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
    """Look for mistakes in scenario files, and run nothing.

    The bots, tools, laws and frames that a file names are looked up too. Every mistake of every
    file is listed with its line and column.

    Exit code: 0 there is no mistake, 2 there are mistakes.
    """
    with Output("check", json) as output:
        setups, problems = Subjects(files, bot=bot).checked()
        for problem in map(str, problems):
            err(problem)
            output.problem(problem, ExitCode.USAGE)
        if not problems:
            checked = len({setup.place.file for setup in setups})
            out(f"{counted(len(setups), 'scenario')} in {counted(checked, 'file')}: no mistakes")
    return output.code
