"""A failure as plain data that replays it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BeforeValidator, InstanceOf

from llm_sim.errors import ScheduleFormatError
from llm_sim.invariants import LAWS, Violation
from llm_sim.scenario import Plain, Scenario, Text
from llm_sim.schedule import Schedule, decode, encode
from llm_sim.simulation import Run

OWN_LAW: Final = "test"
"""The code under which a broken law of a test's own is told; only that test can judge it."""

_DIGITS: Final = 6
_LONGEST_FUNCTION: Final = 40


def _schedule(value: Any) -> Schedule:
    if isinstance(value, Schedule):
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be a token like ls1-interrupt@start+1, not {value!r}")
    try:
        return decode(value)
    except ScheduleFormatError as error:
        raise ValueError(f"cannot be read: {error.problem}") from None


class Found(Plain):
    """One failure, as plain data that replays it in any process.

    Parameters:
        law: The code of the broken law.
        call: The tool-call id that the violation is about, or empty.
        message: What happened, in one line.
        laws: The codes of all laws that the run broke, sorted.
        schedule: What landed where.
        target: The target's name.
        version: The target with its version, e.g. ``"pipecat 1.14.0"``.
        place: Where the scenario stands, ``FILE::NAME``; or the test, or the bot.
        scenario: What happened, whole.
    """

    law: Text
    call: Text = ""
    message: Text
    laws: tuple[Text, ...]
    schedule: Annotated[InstanceOf[Schedule], BeforeValidator(_schedule)]
    target: Text
    version: Text
    place: Text = ""
    scenario: Scenario

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            law: str,
            message: str,
            laws: tuple[str, ...],
            schedule: Schedule,
            target: str,
            version: str,
            scenario: Scenario,
            call: str = "",
            place: str = "",
        ) -> None: ...

    @classmethod
    def of(cls, run: Run, violation: Violation, target: str, *, bot: str | None = None) -> Found:
        """Return a violation of a run.

        Args:
            run: The failed run.
            violation: One of its violations.
            target: The name of the target it ran on.
            bot: What was under test, ``package.module:attribute``, where it was not the scenario's
                own bot.
        """
        header = run.trace.header
        return cls(
            law=violation.law,
            call=one_line(violation.call),
            message=one_line(violation.message),
            laws=run.laws,
            schedule=run.schedule,
            target=target,
            version=header.target,
            place=one_line(header.place),
            scenario=run.scenario if bot is None else run.scenario.replace(bot=bot),
        )

    @property
    def token(self) -> str:
        """The schedule as a string."""
        return encode(self.schedule)

    @property
    def function(self) -> str:
        """The name of the function that the broken law is about, or empty."""
        return function_of(self.scenario, self.call)

    @property
    def name(self) -> str:
        """A file's stem: law, function and a digest, the same for the same failure always."""
        # With its place: what two tests find alike, each of them replays.
        what = [self.law, self.call, self.token, self.target, self.place, self.scenario.to_plain()]
        digest = sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:_DIGITS]
        function = self.function[:_LONGEST_FUNCTION]
        readable = "".join(each if each.isalnum() else "_" for each in function)
        return "-".join(part for part in (self.law, readable, digest) if part)

    @property
    def title(self) -> str:
        """A name for the scenario that it may become: the function and the law, in words."""
        law = next((law.name for law in LAWS if law.code == self.law), self.law)
        return "_".join(word for word in (self.function, law) if word).replace("-", "_")

    def is_of(self, violation: Violation) -> bool:
        """Return whether a violation is this one: the same law, on the same call."""
        return (self.law, self.call) == (violation.law, one_line(violation.call))

    def to_plain(self) -> dict[str, Any]:
        """Return what the entry of a failure file says."""
        plain = {
            "law": self.law,
            "call": self.call,
            "message": self.message,
            "laws": list(self.laws),
            "schedule": self.token,
            "target": self.target,
            "version": self.version,
            "place": self.place,
            "scenario": self.scenario.to_plain(),
        }
        return {key: value for key, value in plain.items() if value != ""}


def function_of(scenario: Scenario, call: str) -> str:
    """Return the function that a call of the script calls, or an empty string."""
    return next((each.name for each in scenario.calls if each.id == call), "")


def one_line(text: str) -> str:
    """Return a text that any file can hold in one line: an answer of a tool may be anything."""
    return "".join(
        each if each.isprintable() else ascii(each)[1:-1] for each in " ".join(text.split())
    )
