"""The schedule and its token.

A landing is counted from a frame, not from the start of the run: an edit of the bot that adds a
step before the model answers moves every absolute step, but not "3 steps after the first
FunctionCallsStarted". The token says just that, in plain words, so that a reviewer can read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from llm_sim.errors import ScheduleFormatError, did_you_mean

START: Final = "start"
"""The anchor of a landing that is counted from the opening of the conversation."""

THEN: Final = "then"
"""The anchor of a landing that is counted from the landing before it."""

Kind = Literal["interrupt", "end", "cancel", "user_starts", "user_stops", "error"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""What can be injected at a point."""

_IN_WORDS: Final = {START: "the conversation opened", THEN: "that"}
_PREFIX: Final = "ls1-"
_NOTHING: Final = "undisturbed"
_LANDING: Final = re.compile(
    r"(?P<kind>[a-z_]+)@(?P<anchor>[A-Za-z_]\w*)(?:\.(?P<nth>\d+))?\+(?P<offset>\d+)"
)
_EXAMPLE: Final = "ls1-interrupt@FunctionCallsStarted+3"


@dataclass(frozen=True, slots=True)
class Landing:
    """Where one stimulus joined the end of the ready queue.

    Parameters:
        kind: What was injected.
        anchor: A frame's name without its ``Frame`` suffix, ``start``, or ``then``.
        nth: Which occurrence of the anchor, from 1.
        offset: Steps done after the step in which the anchor appeared.
    """

    kind: Kind
    anchor: str = START
    nth: int = 1
    offset: int = 0

    def __str__(self) -> str:
        which = f".{self.nth}" if self.nth > 1 else ""
        return f"{self.kind}@{self.anchor}{which}+{self.offset}"

    def in_words(self) -> str:
        """Return the landing as a reader would say it."""
        steps = f"{self.offset} step{'' if self.offset == 1 else 's'} after"
        anchor = _IN_WORDS.get(self.anchor, self.anchor)
        which = f" no. {self.nth}" if self.nth > 1 else ""
        return f"{self.kind} {steps} {anchor}{which}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that is not decided by the bot and the scenario.

    Parameters:
        landings: The injected stimuli; none is the undisturbed run.
    """

    landings: tuple[Landing, ...] = ()

    def in_words(self) -> str:
        """Return the schedule as a reader would say it."""
        return ", ".join(landing.in_words() for landing in self.landings) or _NOTHING


def encode(schedule: Schedule) -> str:
    """Return the token that :func:`decode` reads back, e.g. ``ls1-end@LLMText.2+5``."""
    return _PREFIX + (",".join(str(landing) for landing in schedule.landings) or _NOTHING)


def decode(token: str) -> Schedule:
    """Read a token.

    Raises:
        ScheduleFormatError: The token is of another version, or is no token at all.
    """
    if not token.startswith(_PREFIX):
        version = re.match(r"ls\d+-", token)
        raise ScheduleFormatError(
            token,
            f"version {version.group()[:-1]} is not known here; this llm_sim reads ls1"
            if version
            else f"a token starts with {_PREFIX!r}, like {_EXAMPLE}",
        )
    body = token[len(_PREFIX) :]
    if body == _NOTHING:
        return Schedule()
    landings = tuple(_decode_landing(token, part) for part in body.split(","))
    if landings[0].anchor == THEN:
        raise ScheduleFormatError(token, "the first landing has none before it to count from")
    return Schedule(landings)


def _decode_landing(token: str, part: str) -> Landing:
    match = _LANDING.fullmatch(part)
    if match is None:
        raise ScheduleFormatError(
            token, f"{part!r} is not STIMULUS@FRAME+STEPS, like {_EXAMPLE[len(_PREFIX) :]}"
        )
    nth = int(match["nth"] or 1)
    if nth < 1:
        raise ScheduleFormatError(token, f"{part!r}: occurrences are counted from 1")
    return Landing(_kind(token, match["kind"]), match["anchor"], nth, int(match["offset"]))


def _kind(token: str, word: str) -> Kind:
    for kind in KINDS:
        if word == kind:
            return kind
    hint = did_you_mean(word, KINDS)
    raise ScheduleFormatError(token, f"{word!r} cannot be injected{hint}: {', '.join(KINDS)}")
