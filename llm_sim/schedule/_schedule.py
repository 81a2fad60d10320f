"""The schedule and its token.

A landing is counted from a frame, not from the start of the run: an edit of the bot that adds a
step before the model answers moves every absolute step, but not "3 steps after the first
FunctionCallsStarted". The token says just that, in plain words, so that a reviewer can read it.

A schedule may also say in which order tasks go on where several could. That is not asyncio's
order, and what it leads to may not be reachable on asyncio; so it is a part of its own, which a
reader sees at once: ``ls1-interrupt@LLMText+2/order@4:2``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from llm_sim.errors import ScheduleFormatError, did_you_mean
from llm_sim.stimuli import STIMULUS_KINDS

START: Final = "start"
"""The anchor of a landing that is counted from the opening of the conversation."""

THEN: Final = "then"
"""The anchor of a landing that is counted from the landing before it."""

Kind: TypeAlias = str
"""The word of a stimulus that can be injected at a point."""

KINDS: Final = tuple(word for word, row in STIMULUS_KINDS.items() if row.swept)
"""What can be injected at a point."""

_ORDER: Final = "order"
_IN_WORDS: Final = {START: "the conversation opened", THEN: "that"}
_PREFIX: Final = "ls1-"
_NOTHING: Final = "undisturbed"
_LANDING: Final = re.compile(
    r"(?P<kind>[a-z_]+)@(?P<anchor>[A-Za-z_]\w*)(?:\.(?P<nth>\d+))?\+(?P<offset>\d+)"
)
_DEVIATION: Final = re.compile(r"(?P<choice>[1-9]\d*):(?P<place>[1-9]\d*)")
_EXAMPLE_OF_ORDER: Final = f"{_ORDER}@4:2,9:3"
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
class Deviation:
    """Where another task goes on than the one whose turn it was.

    Parameters:
        choice: Which choice, from 1; a choice is a step before which several lanes are ready.
        place: Which of those lanes goes on, from 1, the one with the oldest entry first.
    """

    choice: int
    place: int

    def __str__(self) -> str:
        return f"{self.choice}:{self.place}"

    def in_words(self) -> str:
        """Return the deviation as a reader would say it."""
        return f"no. {self.place} in the queue goes first at choice {self.choice}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that is not decided by the bot and the scenario.

    Parameters:
        landings: The injected stimuli; none is the undisturbed run.
        order: None for asyncio's own order, first in, first out. Otherwise each task runs until it
            waits, the one that has been ready longest goes on then, and these are the choices, in
            ascending order, at which another one does.
    """

    landings: tuple[Landing, ...] = ()
    order: tuple[Deviation, ...] | None = None

    def in_words(self) -> str:
        """Return the schedule as a reader would say it."""
        words = ", ".join(landing.in_words() for landing in self.landings) or _NOTHING
        if self.order is None:
            return words
        but = " and ".join(deviation.in_words() for deviation in self.order)
        return f"{words}, each task runs until it waits{but and ', but ' + but}"


def encode(schedule: Schedule) -> str:
    """Return the token that :func:`decode` reads back, e.g. ``ls1-end@LLMText.2+5/order@4:2``."""
    token = _PREFIX + (",".join(str(landing) for landing in schedule.landings) or _NOTHING)
    if schedule.order is None:
        return token
    deviations = ",".join(str(deviation) for deviation in schedule.order)
    return f"{token}/{_ORDER}{deviations and '@' + deviations}"


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
    where, slash, order = token[len(_PREFIX) :].partition("/")
    return Schedule(_decode_landings(token, where), _decode_order(token, order) if slash else None)


def _decode_landings(token: str, body: str) -> tuple[Landing, ...]:
    if body == _NOTHING:
        return ()
    landings = tuple(_decode_landing(token, part) for part in body.split(","))
    if landings[0].anchor == THEN:
        raise ScheduleFormatError(token, "the first landing has none before it to count from")
    return landings


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
    if word in KINDS:
        return word
    hint = did_you_mean(word, KINDS)
    raise ScheduleFormatError(token, f"{word!r} cannot be injected{hint}: {', '.join(KINDS)}")


def _decode_order(token: str, body: str) -> tuple[Deviation, ...]:
    word, at, listed = body.partition("@")
    if word != _ORDER:
        raise ScheduleFormatError(
            token, f"{body!r} is not an order, like {_EXAMPLE_OF_ORDER} or {_ORDER} alone"
        )
    found = tuple(_decode_deviation(token, part) for part in listed.split(",")) if at else ()
    for before, after in pairwise(found):
        if before.choice >= after.choice:
            raise ScheduleFormatError(
                token, f"'{after}' comes after '{before}': list the choices in ascending order"
            )
    return found


def _decode_deviation(token: str, part: str) -> Deviation:
    match = _DEVIATION.fullmatch(part)
    if match is None:
        raise ScheduleFormatError(
            token,
            f"{part!r} is not CHOICE:PLACE, both counted from 1, like {_EXAMPLE_OF_ORDER}",
        )
    return Deviation(int(match["choice"]), int(match["place"]))
