"""What the help teaches: the commands in the order of their use, each with lines to paste.

Rich's panels would group the commands too, but with markup, boxes and a width of their own; this is
plain text wherever it goes.
"""

from __future__ import annotations

from typing import Any, Final

from typer.core import TyperGroup

TOUR: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "Begin": {
        "demo": ("llm-sim demo",),
        "init": ("llm-sim init", "llm-sim init simulation"),
    },
    "Run a conversation": {
        "run": (
            "llm-sim run scenarios/reserve.sim.yaml",
            "llm-sim run scenarios/reserve.sim.yaml --target pipecat --trace reserve.jsonl",
        ),
        "show": ("llm-sim show reserve.jsonl",),
        "diff": (
            "llm-sim run scenarios/reserve.sim.yaml --trace other.jsonl",
            "llm-sim diff reserve.jsonl other.jsonl",
        ),
        "smoke": ("llm-sim smoke shop:assistant",),
    },
    "Search": {
        "sweep": (
            "llm-sim sweep scenarios/reserve.sim.yaml",
            "llm-sim sweep scenarios/reserve.sim.yaml --inject end --target pipecat",
        ),
        "fuzz": ("llm-sim fuzz bot:build", "llm-sim fuzz bot:build --inject interrupt,end"),
        "reorder": ("llm-sim reorder scenarios/reserve.sim.yaml --policy pct",),
    },
    "Repair": {
        "replay": (
            "llm-sim replay",
            "llm-sim replay scenarios/reserve.sim.yaml "
            "--schedule ls1-interrupt@LLMFullResponseStart+5 --target pipecat --stock",
        ),
        "shrink": (
            "llm-sim shrink scenarios/reserve.sim.yaml "
            "--schedule ls1-interrupt@LLMFullResponseStart+5 --target pipecat",
        ),
        "promote": ("llm-sim promote LS102-find_book-eec907 --name find_book_interrupted",),
    },
    "Look up": {
        "explain": ("llm-sim explain", "llm-sim explain LS103"),
        "schema": ("llm-sim schema",),
    },
}
"""The commands by what they are for, each with lines that can be pasted where `llm-sim init` ran.

A name whose command is not there is passed over."""

_EPILOG: Final = """\
\b
First steps:
  llm-sim demo                            what a failure looks like
  llm-sim init && python -m pytest        a bot of your own, with its tests
  llm-sim run scenarios/reserve.sim.yaml  one conversation, undisturbed
  llm-sim sweep scenarios/reserve.sim.yaml --target pipecat
                                          an interruption at every point of it
  llm-sim replay                          what has failed: FIXED or FAILED
  llm-sim promote NAME --name N           a failure becomes a scenario

\b
Exit codes: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict,
4 a bug of llm-sim.
"""


class Tour(TyperGroup):
    """Lists the commands as a way through them, and gives each its examples."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.epilog = _EPILOG
        for group in TOUR.values():
            for name, lines in group.items():
                if name in self.commands:
                    examples = "\n".join(f"  {line}" for line in lines)
                    self.commands[name].epilog = f"\b\nExample:\n{examples}"

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands in the order of the tour."""
        return [name for group in TOUR.values() for name in group if name in self.commands]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, group by group."""
        for title, group in TOUR.items():
            commands = [self.commands[name] for name in group if name in self.commands]
            widest = max(len(name) for name in self.commands)
            room = formatter.width - widest - 6
            with formatter.section(title):
                formatter.write_dl(
                    [(f"{c.name:{widest}}", c.get_short_help_str(room)) for c in commands]
                )
