"""What a trace consists of.

Everything here is plain data: numbers, strings and JSON values. A frame is described once, when it
is first seen; the events that follow refer to it by number, so that a long way through a pipeline
costs one small event a hop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from llm_sim.scenario import Place

DOWN: Final = "down"
"""Downstream: from the source of a pipeline to its sink, the way of the model's words."""

UP: Final = "up"
"""Upstream: from the sink back to the source, the way of what is reported."""

SOURCE: Final = "source"
USER: Final = "user"
SERVICE: Final = "llm"
PLAYOUT: Final = "playout"
ASSISTANT: Final = "assistant"
SINK: Final = "sink"
"""The labels of the processors that a pipeline has, or may have, from its source to its sink."""

TOO_DEEP: Final = "<too deep>"
"""Stands for a value that is nested deeper than a trace follows."""


@dataclass(frozen=True, slots=True)
class Header:
    """What was run, and all that the verdict depends on besides the events.

    Parameters:
        target: The target's name and version, e.g. ``"pipecat 1.14.0"``.
        scenario: The scenario's name.
        mode: ``"parallel"`` or ``"sequential"``.
        schedule: The replay token.
        file: The file in which the scenario stands, or empty.
        test: The node id of the test that ran it, or the bot that was fuzzed; or empty.
        stubs: The tools whose handler is the scenario's and not the bot's.
        terminal: The tools that the bot declares as terminal.
        mutating: The tools that it declares as mutating.
        levels: The laws whose level was not their own, each like ``"LS401 error"``.
        disabled: The codes of laws that were not judged.
        own_laws: What was broken of laws of the user's own, which no file holds: each code with
            its message.
        unmet: The scenario's expectations that were not met, in words.
        no_verdict: Why the run could not be judged, or empty.
        python: The version of Python.
        llm_sim: The version of llm_sim.
    """

    target: str
    scenario: str
    mode: str = "parallel"
    schedule: str = ""
    file: str = ""
    test: str = ""
    stubs: tuple[str, ...] = ()
    terminal: tuple[str, ...] = ()
    mutating: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    own_laws: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    no_verdict: str = ""
    python: str = ""
    llm_sim: str = ""

    @property
    def place(self) -> Place:
        """Where the scenario stands, or who ran it."""
        return Place(self.file, self.scenario if self.file else "", self.test)

    @property
    def target_name(self) -> str:
        """The target's name, without its version."""
        return self.target.partition(" ")[0]


@dataclass(slots=True)
class FrameRecord:
    """One frame, as it was when it was first seen.

    Parameters:
        number: Its number in this trace, from 0 in the order of first sight.
        type: Its class without the ``Frame`` suffix, e.g. ``"FunctionCallResult"``.
        lane: ``"system"``, ``"data"`` or ``"control"``.
        calls: The tool-call ids that it speaks of.
        fields: Its payload as JSON values.
        kept: Whether an interruption must not drop it.
    """

    number: int
    type: str
    lane: str
    calls: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    kept: bool = False

    @property
    def is_update(self) -> bool:
        """Whether it is a result on the way to the final one."""
        properties = self.fields.get("properties") or {}
        return self.type == "FunctionCallResult" and properties.get("is_final") is False


@dataclass(slots=True)
class Event:
    """One thing that happened.

    Kinds, with what ``data`` holds:

    ============  ================================================================================
    ``push``      a frame was handed to ``where``; ``data["by"]`` is the neighbour it came from
    ``process``   ``where`` began to process a frame
    ``register``  a handler for ``where`` (empty: the catch-all) with ``cancel_on_interruption``;
                  None: it was unregistered
    ``event``     the service fires an event for its listeners: ``data["name"]``, ``calls``
    ``handler``   a handler's ``data["phase"]``: started, returned, raised or cancelled; at its end
                  ``cancels``, how often it was cancelled; requests in one step are one;
                  ``error``, what it raised;
                  ``swallowed``, if it returned although it was thrown its cancellation;
                  ``arguments``, if it changed them: ``before`` and ``after``
    ``answer``    a handler called its result callback with ``data["result"]``; ``final`` is False
                  for one on the way; ``not_json`` says why JSON cannot hold it
    ``http``      a request to the host ``where``: its ``phase`` asked, with ``method`` and
                  ``target``; answered, with ``status``; or how the answer was lost: hang or cut
    ``inference`` the model was asked; ``turn`` (or None: no turn is left), the ``messages``
    ``stimulus``  an outside event joined; ``data["do"]``; ``swept``, which landing of the schedule
                  it is, from 1
    ``error``     an exception that nobody handled; ``source`` and ``message``
    ``state``     at rest: what ``service``, ``aggregator`` and ``context`` think of each call, and
                  the ``contents`` of the tool messages
    ``rest``      the run came to rest: ``how`` (idle, steps, time), who is ``waiting``, and the
                  ``bound`` that was reached, in words
    ``probe``     after rest: a fresh call is sent through, to see whether the service still works
    ``close``     after the end: ``tasks`` and ``timers`` that are left, and who is ``waiting``
    ============  ================================================================================

    Parameters:
        seq: Its number in the trace, from 0.
        step: The step of the loop in which it happened.
        time_ns: Virtual nanoseconds since the run began.
        kind: One of the kinds above.
        where: The processor or tool, by its label in the trace.
        direction: ``"down"``, ``"up"``, or empty.
        frame: The frame's number, or None.
        call: The tool-call id, or empty.
        cause: The ``seq`` of the event that led to this one, or None.
        data: More facts, as JSON values.
    """

    seq: int
    step: int
    time_ns: int
    kind: str
    where: str = ""
    direction: str = ""
    frame: int | None = None
    call: str = ""
    cause: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
