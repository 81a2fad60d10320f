"""The player of a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from llm_sim.errors import ScriptExhaustedError
from llm_sim.scenario import Call, Fail, Say, Turn, Wait

SECOND_NS: Final = 1_000_000_000


PROBE_TOOL: Final = "llm_sim_probe"
PROBE: Final = Turn(steps=(Call(name=PROBE_TOOL, id=PROBE_TOOL),))
"""One fresh call that every service can still run; its id is its name."""


class Service(Protocol):
    """What a player asks of the service that it speaks through: five verbs.

    Every target's scripted subclass of its real ``LLMService`` offers them.
    """

    async def begin_response(self) -> None:
        """Push the frame that opens a response."""
        ...

    async def say(self, text: str) -> None:
        """Push one piece of text."""
        ...

    async def call(self, calls: Sequence[Call], context: Any) -> None:
        """Hand a batch of calls to ``run_function_calls``."""
        ...

    async def fail(self, text: str) -> None:
        """Report an error of the model's provider."""
        ...

    async def end_response(self) -> None:
        """Push the frame that closes a response."""
        ...


class Player:
    """Plays one turn of the script each time the model is asked.

    A turn's calls are handed over together when its text has been said, as a streaming client
    does once the model's answer is complete. Asked once more than there are turns, it answers
    with an empty response and remembers it: the run goes on to where the fault can be seen.

    Args:
        turns: What the model says, one turn for each time it is asked.
        before_first_token_ns: Virtual nanoseconds before each response begins.
        on_asked: Told each time the model is asked, with the turn's index (None when no turn is
            left) and the context it was given.
    """

    def __init__(
        self,
        turns: Sequence[Turn],
        *,
        before_first_token_ns: int = 0,
        on_asked: Callable[[int | None, Any], None] | None = None,
    ) -> None:
        self._turns = turns
        self._before_first_token_ns = before_first_token_ns
        self._on_asked = on_asked
        self._probe: Turn | None = None
        self._probing = False
        self.asked = 0

    def probe(self) -> None:
        """From here on answer with one call of the probe, then with nothing; the script is over."""
        self._probing = True
        self._probe = PROBE

    async def play(self, service: Service, context: Any) -> None:
        """Answer one request of the model with the next turn.

        Args:
            service: Where the answer goes.
            context: What the model was given.
        """
        index, turn = self._next_turn()
        if self._on_asked is not None:
            self._on_asked(index, context)
        try:
            await service.begin_response()
            await _pause(self._before_first_token_ns)
            if turn is not None:
                await self._play_turn(turn, service, context)
        finally:
            await service.end_response()

    def _next_turn(self) -> tuple[int | None, Turn | None]:
        if self._probing:
            turn, self._probe = self._probe, None
            return None, turn
        index = self.asked
        self.asked += 1
        return (index, self._turns[index]) if index < len(self._turns) else (None, None)

    async def _play_turn(self, turn: Turn, service: Service, context: Any) -> None:
        batch: list[Call] = []
        for step in turn.steps:
            match step:
                case Say():
                    await service.say(step.text)
                case Wait():
                    await _pause(step.duration)
                case Call():
                    batch.append(step)
                case Fail():
                    await service.fail(step.text)
                    return
        if batch:
            await service.call(batch, context)

    def complaint(self, *, disturbed: bool) -> ScriptExhaustedError | None:
        """Return what is wrong with the use of the script, or None.

        Args:
            disturbed: Whether a stimulus was injected. An interrupted bot rightly leaves turns
                unsaid; asking more often than scripted is never right.
        """
        turns = len(self._turns)
        if self.asked > turns or (self.asked < turns and not disturbed):
            return ScriptExhaustedError(turns, self.asked)
        return None


async def _pause(duration_ns: int) -> None:
    if duration_ns:
        await asyncio.sleep(duration_ns / SECOND_NS)
