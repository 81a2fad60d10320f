"""``llm-sim explain``: the laws, all in a line each or one in full."""

from __future__ import annotations

from llm_sim.cli._console import out
from llm_sim.cli._exits import ExitCode
from llm_sim.invariants import LAWS, get_law


def explain_command(code: str) -> ExitCode:
    """Print the page of a law, or a line for each law whose code begins like this.

    Raises:
        UsageError: There is no such law.
    """
    begun = [law for law in LAWS if law.code.startswith(code.upper())]
    if begun and code.upper() not in (law.code for law in begun):
        widest = max(len(law.name) for law in begun)
        out("\n".join(f"{law.code}  {law.name:{widest}}  {law.sentence}" for law in begun))
        return ExitCode.CLEAN
    law = get_law(code)
    out(f"{law.code} {law.name}  ({law.level})\n\n{law.sentence}\n")
    out(f"why      {law.reason}\nseen in  {law.source}")
    return ExitCode.CLEAN
