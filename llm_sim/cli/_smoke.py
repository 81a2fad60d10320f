"""``llm-sim smoke``: each tool of a bot is called once."""

from __future__ import annotations

from typing import Annotated

import typer

from llm_sim.cli._app import command
from llm_sim.cli._options import JSON, TARGET
from llm_sim.cli._output import Output
from llm_sim.exploration import SILENCE, search_tools
from llm_sim.reports import ExitCode
from llm_sim.simulation import Setup
from llm_sim.targets import load_bot


@command("Run a conversation", "llm-sim smoke shop:assistant", rank=5)
def smoke(
    bots: Annotated[
        list[str],
        typer.Argument(
            metavar="BOT",
            help="The bots to test: module:attribute or path/to/bot.py:attribute.",
        ),
    ],
    target: TARGET = None,
    json: JSON = None,
) -> ExitCode:
    """Call each tool that a bot registers once, and check every law.

    The arguments are the simplest that the tool's schema allows; no scenario is needed.

    Exit code: 0 clean, 1 a tool is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    with Output("smoke", json) as output:
        setups = [Setup.of(SILENCE, bot=load_bot(bot), target=target) for bot in bots]
        for setup in setups:
            output.show_line(output.take(search_tools(setup)))
    return output.code
