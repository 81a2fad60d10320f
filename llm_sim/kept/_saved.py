"""A failure as plain data that replays it."""

from __future__ import annotations

import json
import platform
from hashlib import sha256
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, InstanceOf

from llm_sim.errors import ScheduleFormatError
from llm_sim.invariants import LAWS, Law, Violation
from llm_sim.scenario import Place, Plain, Scenario, Text, Writes
from llm_sim.schedule import Schedule, decode, encode
from llm_sim.simulation import Run, Setup

OWN_LAW: Final = "test"
"""The code of what a test's own assertion says; only that test can judge it."""

_DIGITS: Final = 6
_LONGEST_TOOL: Final = 40


def _schedule(value: Any) -> Schedule:
    if isinstance(value, Schedule):
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be a token like ls1-interrupt@start+1, not {value!r}")
    try:
        return decode(value)
    except ScheduleFormatError as error:
        raise ValueError(f"cannot be read: {error.problem}") from None


class SavedFailure(Plain):
    """One failure, as plain data that replays it in any process.

    Parameters:
        law: The code of the broken law.
        kind: The way in which it is broken, as the law names it.
        call: The tool-call id that the violation is about, or empty.
        message: What happened, in one line.
        laws: The codes of all laws that the run broke, sorted.
        schedule: What landed where.
        target: The target's name.
        version: The target with its version, e.g. ``"pipecat 1.14.0"``.
        python: The version of Python, or empty in a file that an older llm_sim wrote.
        place: Where the scenario stands, ``FILE::NAME``; or the test, or the bot.
        scenario: What happened, whole.
    """

    law: Text
    kind: Text = ""
    call: Text = ""
    message: Text
    laws: tuple[Text, ...]
    schedule: Annotated[InstanceOf[Schedule], BeforeValidator(_schedule), Writes(encode)]
    target: Text
    version: Text
    python: Text = ""
    place: Text = ""
    scenario: Scenario

    @classmethod
    def of(cls, run: Run, violation: Violation) -> Self:
        """Return a violation of a run.

        Args:
            run: The failed run.
            violation: One of its violations.
        """
        setup = run.setup
        bot = setup.bot_reference
        return cls(
            law=violation.law,
            kind=violation.kind,
            call=one_line(violation.call),
            message=one_line(violation.message),
            laws=run.laws,
            schedule=run.schedule,
            target=setup.target.name,
            version=run.trace.header.target,
            python=platform.python_version(),
            place=one_line(str(setup.place)),
            scenario=run.scenario if bot is None else run.scenario.replace(bot=bot),
        )

    @property
    def where(self) -> Place:
        """Where it was found."""
        return Place.told(self.place)

    @property
    def token(self) -> str:
        """The schedule as a string."""
        return encode(self.schedule)

    @property
    def tool(self) -> str:
        """The name of the tool that the broken law is about, or empty."""
        return next((call.name for call in self.scenario.calls if call.id == self.call), "")

    @property
    def name(self) -> str:
        """A file's stem: law, tool and a digest, the same for the same failure always."""
        # With its place: what two tests find alike, each of them replays.
        parts = [self.law, self.call, self.token, self.target, self.place, self.scenario.to_plain()]
        digest = sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:_DIGITS]
        tool = self.tool[:_LONGEST_TOOL]
        readable = "".join(each if each.isalnum() else "_" for each in tool)
        return "-".join(part for part in (self.law, readable, digest) if part)

    @property
    def title(self) -> str:
        """A name for the scenario that it may become: the tool and the law, in words."""
        law = next((law.name for law in LAWS if law.code == self.law), self.law)
        return "_".join(word for word in (self.tool, law) if word).replace("-", "_")

    def is_of(self, violation: Violation) -> bool:
        """Return whether a violation is this one: the same law, on the same call."""
        return (self.law, self.call) == (violation.law, one_line(violation.call))

    def law_of(self, setup: Setup) -> Law | None:
        """Return the broken law out of those of a Setup, or None where it does not have it."""
        return next((law for law in setup.laws if law.code == self.law), None)


def one_line(text: str) -> str:
    """Return a text that any file can hold in one line: an answer of a tool may be anything."""
    return "".join(
        each if each.isprintable() else ascii(each)[1:-1] for each in " ".join(text.split())
    )
