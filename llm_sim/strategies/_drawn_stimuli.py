"""What happens from outside, in the scenario itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from llm_sim.errors import UsageError, did_you_mean
from llm_sim.scenario import STIMULI, Injection, Stimulus, after, at, at_step
from llm_sim.stimuli import STIMULUS_KINDS
from llm_sim.strategies._schedules import ANCHORS

_SAID: Final = "And another thing."
_MOMENTS: Final = ("0s", "5ms", "30ms", "60ms", "110ms", "300ms")


def stimuli(
    kinds: Sequence[str] = STIMULI, *, tools: Sequence[str] = ("f",)
) -> st.SearchStrategy[Injection]:
    """Draw a stimulus and its moment: after a frame, after a while, or at a step.

    Args:
        kinds: The kinds of stimuli.
        tools: The tools that are registered and unregistered.

    Raises:
        UsageError: There is no such kind, or no tool for one that needs it.
    """
    happenings = [each for kind in kinds for each in _of_kind(kind, tools)]
    if not happenings:
        raise UsageError(f"kinds {tuple(kinds)!r} and tools {tuple(tools)!r} leave no stimulus")
    frames = [anchor for anchor in ANCHORS if anchor[0][0].isupper()]
    do = st.sampled_from(happenings)
    return st.one_of(
        st.tuples(do, st.sampled_from(_MOMENTS)).map(lambda drawn: after(drawn[1], drawn[0])),
        st.tuples(do, st.sampled_from(frames), st.integers(0, 9)).map(
            lambda drawn: at(drawn[1][0], drawn[0], nth=drawn[1][1], offset=drawn[2])
        ),
        st.tuples(do, st.integers(0, 60)).map(lambda drawn: at_step(drawn[1], drawn[0])),
    )


def _of_kind(kind: str, tools: Sequence[str]) -> list[Stimulus]:
    if kind not in STIMULI:
        known = ", ".join(STIMULI)
        raise UsageError(f"there is no stimulus {kind!r}{did_you_mean(kind, STIMULI)}: {known}")
    told = {"tool": tools, "text": (_SAID,), "": ("",)}[STIMULUS_KINDS[kind].argument]
    return [Stimulus(kind=kind, text=text) for text in told]
