"""The one port behind which every target stands."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from llm_sim.recorder import Recorder
from llm_sim.scenario import Scenario, Stimulus
from llm_sim.scripted import Gates, Player
from llm_sim.targets._bot import Bot


@dataclass(frozen=True, slots=True)
class Plan:
    """What a target is asked to build.

    Parameters:
        scenario: What happens.
        bot: What is under test.
        player: The scripted model.
        recorder: Where handlers' lives are recorded.
        gates: Where held handlers stand.
    """

    scenario: Scenario
    bot: Bot
    player: Player
    recorder: Recorder
    gates: Gates = field(default_factory=lambda: Gates({}))


@dataclass(frozen=True, slots=True)
class Station:
    """One processor of a live pipeline.

    Parameters:
        label: Its name in the trace.
        processor: The live object.
        causes: Whether it works in tasks of its own (see :func:`llm_sim.recorder.tap`).
    """

    label: str
    processor: Any
    causes: bool = True


@dataclass(frozen=True, slots=True)
class Views:
    """What the three keepers think of each call, by its tool-call id.

    Parameters:
        service: ``queued`` or ``running``; settled calls are absent.
        aggregator: ``started`` (announced) or ``in_progress``; settled calls are absent.
        context: ``in_progress``, ``cancelled``, ``settled``, or ``missing`` where a tool call has
            no tool message.
        contents: The content of each call's tool message, or of the note that took its place.
        roles: The roles of the context's messages, in order.
        messages: The messages themselves.
    """

    service: Mapping[str, str] = field(default_factory=dict)
    aggregator: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)
    roles: Sequence[str] = ()
    messages: Sequence[Any] = ()


class Session(Protocol):
    """One live pipeline, built but not yet started."""

    stations: Sequence[Station]
    """Its processors from the source to the sink."""

    async def run(self) -> None:
        """Run the pipeline until an end or a cancel has gone through it."""
        ...

    def inject(self, stimulus: Stimulus) -> Coroutine[Any, Any, None]:
        """Bring a stimulus in where production would: at the pipeline's source."""
        ...

    def views(self) -> Views:
        """Return what service, aggregator and context think of each call."""
        ...


class Target(Protocol):
    """A service core that a bot can run on."""

    name: str

    def version(self) -> str:
        """Return the version of what is under test.

        Raises:
            TargetError: It is not installed, or is of a release that this adapter does not know.
        """
        ...

    def surroundings(self, report: Callable[[str], None]) -> AbstractContextManager[None]:
        """Hold what one run needs of the process: quiet logs, errors in them reported."""
        ...

    async def open(self, plan: Plan) -> Session:
        """Build a fresh pipeline; called inside the loop that will run it."""
        ...
