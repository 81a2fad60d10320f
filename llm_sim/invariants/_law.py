"""The form of a law."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from llm_sim.invariants._facts import Facts
from llm_sim.trace import Event

Level = Literal["error", "warn"]


@dataclass(frozen=True, slots=True)
class Violation:
    """Where a law did not hold.

    Parameters:
        law: The law's code.
        message: What happened, in one line.
        call: The tool-call id that it is about, or empty.
        event: The ``seq`` of the event that broke the law, or None.
        level: ``error``, or ``warn`` where it is only shown.
        kind: In which of its ways the law was broken: a short name in kebab case, unique within the
            law, such as ``settled-twice``. It holds no id, value or number.
    """

    law: str
    message: str
    call: str = ""
    event: int | None = None
    level: Level = "error"
    kind: str = ""

    @property
    def identity(self) -> str:
        """What it has in common with its like: the law, and the kind if the law gives one.

        Searches recognise a failure by it. The message is for people, and may be reworded or
        translated without changing what a search finds.
        """
        return f"{self.law} {self.kind}".rstrip()


_WORD_BEGINS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_ ]+")
_PLACE: Final = re.compile(r"\.\d+")


def kebab(*words: str) -> str:
    """Return the words as one name in kebab case, such as ``result-without-in-progress``.

    Args:
        *words: Words of our own, phases of calls, or names of frames, exceptions and processors. Of
            the label of a processor, such as ``Filter.2``, the class counts and not the place.
    """
    return _WORD_BEGINS.sub("-", "-".join(_PLACE.sub("", word) for word in words)).lower()


def of_call(facts: Facts, law: str, call: str, event: Event, wrong: str, kind: str) -> Violation:
    """Return what is wrong with a call, which the message names."""
    return Violation(law, f"{facts.name(call)}: {wrong}", call, event.seq, kind=kind)


Check = Callable[[Facts], Iterable[Violation]]


@dataclass(frozen=True, slots=True)
class Law:
    """One law.

    Parameters:
        code: ``LS`` and three digits.
        name: A short name for headlines.
        sentence: What must hold, in one sentence.
        reason: Why: what a user lives through when it does not.
        source: Where it was seen broken, or where it is promised.
        check: Finds the violations.
        level: ``error`` fails a test, ``warn`` is only shown. One violation may be milder than its
            law, none graver. :func:`at_level` changes it.
    """

    code: str
    name: str
    sentence: str
    reason: str
    source: str
    check: Check
    level: Level = "error"
