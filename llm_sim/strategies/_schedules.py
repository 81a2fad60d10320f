"""Where stimuli land: schedules, as they stand in a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from llm_sim.errors import UsageError, did_you_mean
from llm_sim.frames import CALL_PHASES
from llm_sim.schedule import KINDS, START, THEN, Landing, Schedule
from llm_sim.stimuli import STIMULUS_KINDS

ANCHORS: Final = (
    (START, 1),
    ("LLMFullResponseStart", 1),
    ("LLMText", 1),
    *((phase.frame, nth) for phase in CALL_PHASES for nth in range(1, phase.anchors + 1)),
    ("LLMFullResponseEnd", 1),
    ("FunctionCallsStarted", 2),
    ("LLMFullResponseStart", 2),
)
"""The frames that a drawn landing is counted from; every target has them."""

_FURTHEST: Final = 20


def landings(kinds: Sequence[str] = KINDS, *, then: bool = False) -> st.SearchStrategy[Landing]:
    """Draw where one stimulus lands: a number of steps after a frame.

    Args:
        kinds: The stimuli.
        then: Whether it may be counted from the landing before it.

    Raises:
        UsageError: There is no such stimulus.
    """
    anchors = (*ANCHORS, (THEN, 1), (THEN, 1), (THEN, 1)) if then else ANCHORS
    return st.tuples(
        st.sampled_from([_kind(kind) for kind in kinds]),
        st.sampled_from(anchors),
        st.integers(0, _FURTHEST),
    ).map(lambda drawn: Landing(drawn[0], *drawn[1], drawn[2]))


def schedules(kinds: Sequence[str] = KINDS, *, max_stimuli: int = 2) -> st.SearchStrategy[Schedule]:
    """Draw schedules of a few stimuli, none first.

    Args:
        kinds: The stimuli: those that can land at any point.
        max_stimuli: How many at most.

    Raises:
        UsageError: There is no such stimulus, or the bound is negative.
    """
    if max_stimuli < 0:
        raise UsageError(f"max_stimuli must be 0 or more, not {max_stimuli}")
    if not kinds or not max_stimuli:
        return st.just(Schedule())
    kinds = [_kind(kind) for kind in kinds]
    # A user who has not started to speak cannot stop: that comes after another stimulus.
    first = landings([kind for kind in kinds if not STIMULUS_KINDS[kind].follows] or kinds)
    later = landings(kinds, then=True)
    after: dict[str, st.SearchStrategy[Landing]] = {}
    for kind in kinds:
        if before := STIMULUS_KINDS[kind].follows:
            # And a user who has started stops, more often than not.
            follower = landings([kind], then=True)
            after[before] = st.one_of(follower, follower, later)

    @st.composite
    def some(draw: st.DrawFn) -> Schedule:
        begins = draw(first)
        others = after.get(begins.kind, later)
        return Schedule((begins, *draw(st.lists(others, max_size=max_stimuli - 1))))

    return st.one_of(st.just(Schedule()), some(), some(), some())


def _kind(name: str) -> str:
    if name in KINDS:
        return name
    known = ", ".join(KINDS)
    raise UsageError(f"cannot inject {name!r}{did_you_mean(name, KINDS)}; it is one of {known}")
