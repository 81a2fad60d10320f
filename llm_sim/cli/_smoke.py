"""``llm-sim smoke``: each tool of a bot is called once."""

from __future__ import annotations

from llm_sim.cli._console import out
from llm_sim.cli._exits import ExitCode
from llm_sim.exploration import smoke
from llm_sim.targets import load_bot


def smoke_command(bot: str, target: str) -> ExitCode:
    """Call each tool of a bot once, and tell what came of it."""
    report = smoke(load_bot(bot), target)
    out(str(report))
    if not report.clean:
        return ExitCode.VIOLATION if report.conclusive else ExitCode.NO_VERDICT
    return ExitCode.CLEAN
