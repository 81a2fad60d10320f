"""``llm-sim explain``: the laws, all in a line each or one in full."""

from __future__ import annotations

from typing import Annotated

import typer

from llm_sim.cli import _completion as complete
from llm_sim.cli._app import command
from llm_sim.cli._console import out
from llm_sim.invariants import LAWS, get_law
from llm_sim.reports import ExitCode


@command("Look up", "llm-sim explain", "llm-sim explain LS103", rank=1)
def explain(
    law: Annotated[
        str,
        typer.Argument(
            metavar="LAW",
            help="A law's code, like LS103, or the beginning of codes, like LS1.",
            autocompletion=complete.laws,
        ),
    ] = "LS",
) -> ExitCode:
    """Say what a law demands, and why; or list the laws."""
    begun = [each for each in LAWS if each.code.startswith(law.upper())]
    if begun and law.upper() not in (each.code for each in begun):
        widest = max(len(each.name) for each in begun)
        out("\n".join(f"{each.code}  {each.name:{widest}}  {each.sentence}" for each in begun))
        return ExitCode.CLEAN
    found = get_law(law)
    out(f"{found.code} {found.name}  ({found.level})\n\n{found.sentence}\n")
    out(f"why      {found.reason}\nseen in  {found.source}")
    return ExitCode.CLEAN
