"""One row for each stimulus.

Scenario files, tokens, strategies, targets, laws and reports read this table: a new stimulus is a
new row, and a builder in :mod:`llm_sim.scenario` for those who write Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Does = Literal["queue", "end", "cancel", "say", "report_error", "change_tools", "release"]
"""What brings a stimulus in: a primitive of the target's session, of its service, or the gates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StimulusKind:
    """What is known of one stimulus.

    Parameters:
        word: What it is called in a scenario file and in a token.
        in_words: What people call it.
        does: What brings it in; ``queue`` puts the frame that it enters as into the pipeline's
            source.
        argument: What it needs to know: a ``text``, or the name of a ``tool``; empty for most.
        builder: The function of :mod:`llm_sim.scenario` that makes it; empty for one that is called
            as the word.
        enters_as: The frames that it enters the pipeline as, without their suffix, today's name
            first; empty where that depends on the target.
        far: Whether it must reach the far end of the pipeline soon, which LS207 checks.
        ends: Whether it ends the conversation.
        follows: The stimulus that comes before it in a drawn schedule; empty for most.
        drawn: Whether a campaign may draw it.
    """

    word: str
    in_words: str
    does: Does = "queue"
    argument: Literal["", "text", "tool"] = ""
    builder: str = ""
    enters_as: tuple[str, ...] = ()
    far: bool = False
    ends: bool = False
    follows: str = ""
    drawn: bool = True

    @property
    def swept(self) -> bool:
        """Whether it can land at any point, and so stand in a token: it has no argument."""
        return not self.argument


_ROWS: Final = (
    StimulusKind(
        word="interrupt",
        in_words="interruption",
        enters_as=("Interruption", "StartInterruption"),
        far=True,
    ),
    StimulusKind(word="end", in_words="end", does="end", enters_as=("End",), far=True, ends=True),
    StimulusKind(
        word="cancel", in_words="cancel", does="cancel", enters_as=("Cancel",), far=True, ends=True
    ),
    StimulusKind(
        word="user_starts", in_words="start of speech", enters_as=("UserStartedSpeaking",)
    ),
    StimulusKind(
        word="user_stops",
        in_words="end of speech",
        enters_as=("UserStoppedSpeaking",),
        follows="user_starts",
    ),
    StimulusKind(word="error", in_words="error", does="report_error", enters_as=("Error",)),
    StimulusKind(
        word="say", in_words="user message", does="say", argument="text", builder="user_says"
    ),
    StimulusKind(word="register", in_words="registration", does="change_tools", argument="tool"),
    StimulusKind(
        word="unregister", in_words="unregistration", does="change_tools", argument="tool"
    ),
    StimulusKind(
        word="release",
        in_words="release",
        does="release",
        argument="tool",
        builder="hold",
        drawn=False,
    ),
)

STIMULUS_KINDS: Final[Mapping[str, StimulusKind]] = MappingProxyType(
    {row.word: row for row in _ROWS}
)
"""Every stimulus by its word, in the order in which they are listed and drawn."""
