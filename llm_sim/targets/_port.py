"""The port that every target implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, final

from llm_sim.errors import TargetError
from llm_sim.recorder import Recorder
from llm_sim.scenario import Scenario, Stimulus
from llm_sim.scripted import Gates, Player
from llm_sim.stimuli import STIMULUS_KINDS
from llm_sim.targets._bot import Bot
from llm_sim.targets._context import Views
from llm_sim.targets._rig import Rig, RigOptions


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


class Stimulated(Protocol):
    """What stimuli need of a live LLM service."""

    async def report_error(self) -> None:
        """Report an error that nothing in the script led to."""
        ...

    def change_tools(self, kind: str, name: str) -> None:
        """Let the application register a tool's handler anew, or take it away."""
        ...


class Session(ABC):
    """One live pipeline, built but not yet started.

    A target says how a frame, an end, a cancel and what the user says come in at its source. Which
    stimulus does which of these is a row of :data:`llm_sim.stimuli.STIMULUS_KINDS`.
    """

    target: str
    """The name of the target, for errors."""

    frames: Any
    """The target's frames module: its classes have Pipecat's names."""

    llm: Stimulated
    """The bot's LLM service."""

    stations: Sequence[Station]
    """Its processors from the source to the sink."""

    @abstractmethod
    async def run(self) -> None:
        """Run the pipeline until an end or a cancel has gone through it."""

    @abstractmethod
    async def queue(self, frame: Any) -> None:
        """Queue a frame at the source, as production would."""

    @abstractmethod
    async def end(self) -> None:
        """Let the pipeline end when everything before has gone through it."""

    @abstractmethod
    async def cancel(self) -> None:
        """Cancel the pipeline."""

    @abstractmethod
    async def say(self, text: str) -> None:
        """Let the user say something, to which the model is asked for an answer."""

    @abstractmethod
    def views(self) -> Views:
        """Return what service, aggregator and context think of each call."""

    @final
    async def inject(self, stimulus: Stimulus) -> None:
        """Bring a stimulus in where production would: at the pipeline's source.

        Raises:
            TargetError: The target does not know the stimulus.
        """
        row = STIMULUS_KINDS.get(stimulus.kind)
        match row and row.does:
            case "queue":
                await self.queue(self._frame_of(stimulus.kind)())
            case "end":
                await self.end()
            case "cancel":
                await self.cancel()
            case "say":
                await self.say(stimulus.text)
            case "report_error":
                await self.llm.report_error()
            case "change_tools":
                self.llm.change_tools(stimulus.kind, stimulus.text)
            case _:
                raise self._does_not_know(stimulus.kind)

    def _frame_of(self, word: str) -> Any:
        for name in STIMULUS_KINDS[word].enters_as:
            if hasattr(self.frames, f"{name}Frame"):
                return getattr(self.frames, f"{name}Frame")
        raise self._does_not_know(word)

    def _does_not_know(self, word: str) -> TargetError:
        return TargetError(f"target {self.target!r} does not know the stimulus {word!r}")


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

    def rig(self, processor: Any, options: RigOptions) -> Rig:
        """Build a pipeline of one processor; called inside the loop that will run it."""
        ...
