"""The parts of a simulated pipeline that every target builds from its own classes.

Targets share names: their frames modules have the same classes, their processors the same methods.
So each part is written once, as a mixin before the target's real base class.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from llm_sim.recorder import registered, watched
from llm_sim.scenario import Call, Tool
from llm_sim.scripted import (
    PROBE_TOOL,
    SECOND_NS,
    check_stub_functions,
    delayed,
    function_stub,
    stub,
)
from llm_sim.targets._port import Plan, Station
from llm_sim.trace import ASSISTANT, PLAYOUT, SERVICE, SINK, SOURCE

if TYPE_CHECKING:

    class _RealProcessor:
        """What the mixins need of the real base class."""

        async def process_frame(self, frame: Any, direction: Any) -> None: ...
        async def push_frame(self, frame: Any, direction: Any = ...) -> None: ...

    class _RealService(_RealProcessor):
        _functions: dict[str | None, Any]

        def register_function(
            self, function_name: str | None, handler: Any, *args: Any, **kwargs: Any
        ) -> None: ...
        def register_direct_function(self, handler: Any, **options: Any) -> None: ...
        def unregister_function(self, function_name: str | None) -> None: ...
        async def run_function_calls(self, function_calls: Any) -> None: ...

else:
    _RealProcessor = _RealService = object


class ScriptedService(_RealService):
    """Before a real ``LLMService``: a script in the place of the model, and watched handlers."""

    frames: ClassVar[Any]
    """The target's frames module: its classes have Pipecat's names."""

    upstream: ClassVar[Any]
    """The target's word for the direction."""

    def script(self, plan: Plan) -> None:
        """Give the service its script.

        Args:
            plan: What the target is asked to build.
        """
        self._sim_player = plan.player
        self._sim_recorder = plan.recorder
        self._sim_latency = plan.scenario.latency
        self._sim_gates = plan.gates
        self._sim_stubs = {
            name: function_stub(function)
            for name, function in plan.bot.stubs.items()
            if name not in plan.scenario.tools
        }
        self._sim_registrations: dict[str | None, Callable[[], None]] = {}
        self._sim_direct: list[Any] = []

    def register_function(
        self, function_name: str | None, handler: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Register a handler, watched."""
        again = partial(self.register_function, function_name, handler, *args, **kwargs)
        seen = self.taken_up(function_name, handler, again)
        super().register_function(function_name, seen, *args, **kwargs)
        self.tell_registered(function_name)

    def register_direct_function(self, handler: Any, **options: Any) -> None:
        """Register a function that takes its arguments by name."""
        super().register_direct_function(handler, **options)
        self._sim_direct.append(handler)

    def stand_in(self, function_name: str, stub: Any, **options: Any) -> None:
        """Register a stub in the place of the bot's handler, also where it is registered anew."""
        self._sim_registrations.pop(function_name, None)
        self.register_function(function_name, stub, **options)

    def taken_up(self, function_name: str | None, handler: Any, again: Callable[[], None]) -> Any:
        """Return what runs for a handler: it or its stub, recorded, held and delayed.

        Args:
            function_name: What it handles; None is everything.
            handler: Takes the params.
            again: Registers the function in the same way.
        """
        self._sim_registrations.setdefault(function_name, again)
        handler = self._sim_stubs.get(function_name or "", handler)
        latency_ns = self._sim_latency.get(function_name or "", 0)
        gated = self._sim_gates.held(function_name or "", handler)
        return watched(self._sim_recorder, delayed(gated, latency_ns) if latency_ns else gated)

    def tell_registered(self, function_name: str | None) -> None:
        """Say what a function is registered with."""
        cancel = self._functions[function_name].cancel_on_interruption
        registered(self._sim_recorder, function_name, cancel=cancel)

    @property
    def stub_handlers(self) -> Mapping[str, Any]:
        """The handlers that the bot's stubs are, by the name of the tool."""
        return self._sim_stubs

    @property
    def direct_functions(self) -> Sequence[Any]:
        """The functions that take their arguments by name, as they were registered."""
        return self._sim_direct

    @property
    def registered_tools(self) -> Collection[str | None]:
        """The names that have or had a handler; None is the catch-all."""
        return self._sim_registrations.keys()

    def unregister_function(self, function_name: str | None) -> None:
        """Remove a handler, and say so."""
        super().unregister_function(function_name)
        registered(self._sim_recorder, function_name, cancel=None)

    def change_tools(self, kind: str, name: str) -> None:
        """Let the application take a tool's handler away, or register it as it was first."""
        if kind == "unregister":
            if name in self._functions:
                self.unregister_function(name)
        elif name in self._sim_registrations:
            self._sim_registrations[name]()

    async def fail(self, text: str) -> None:
        """Report an error that is not fatal, as a service does whose provider has stumbled."""
        await self.push_frame(self.frames.ErrorFrame(text), self.upstream)

    async def report_error(self) -> None:
        """Report an error that nothing in the script led to."""
        await self.fail("llm_sim: an injected error")

    async def process_frame(self, frame: Any, direction: Any) -> None:
        """Answer a context with the next turn; pass everything else on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, self.frames.LLMContextFrame):
            await self._sim_player.play(self, frame.context)
        else:
            await self.push_frame(frame, direction)

    async def begin_response(self) -> None:
        """Open a response."""
        await self.push_frame(self.frames.LLMFullResponseStartFrame())

    async def say(self, text: str) -> None:
        """Stream one piece of text."""
        await self.push_frame(self.frames.LLMTextFrame(text))

    async def call(self, calls: Sequence[Call], context: Any) -> None:
        """Dispatch a batch through the real ``run_function_calls``."""
        if calls[0].name == PROBE_TOOL:
            # Not watched: the probe is not a handler of the bot.
            super().register_function(PROBE_TOOL, stub(Tool()))
        batch = [
            self.frames.FunctionCallFromLLM(
                function_name=call.name,
                tool_call_id=call.id,
                arguments=dict(call.args),
                context=context,
            )
            for call in calls
        ]
        await self.run_function_calls(batch)

    async def end_response(self) -> None:
        """Close a response."""
        await self.push_frame(self.frames.LLMFullResponseEndFrame())


class HeldText(_RealProcessor):
    """Before a real ``FrameProcessor``: stands in for a TTS.

    It holds each text frame for a while; the frames after it wait.
    """

    frames: ClassVar[Any]
    """The target's frames module: its classes have Pipecat's names."""

    def hold(self, duration_ns: int) -> None:
        """Set how many virtual nanoseconds each text frame takes."""
        self._sim_secs = duration_ns / SECOND_NS

    async def process_frame(self, frame: Any, direction: Any) -> None:
        """Hold text, pass everything on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, self.frames.TextFrame):
            await asyncio.sleep(self._sim_secs)
        await self.push_frame(frame, direction)


def inner_stations(
    plan: Plan, *, llm: ScriptedService, playout: type[Any], assistant: Any
) -> list[Station]:
    """Build the bot around a service; return its processors, the playout and the aggregator.

    Args:
        plan: What to build.
        llm: The service, which has its script.
        playout: The target's stand-in, a :class:`HeldText`.
        assistant: The assistant aggregator.
    """
    stations = [
        Station(SERVICE if part is llm else f"{type(part).__name__}.{place}", part)
        for place, part in enumerate(_build_bot(plan, llm))
    ]
    duration_ns = plan.scenario.latency.get(PLAYOUT, 0)
    if duration_ns:
        held = playout()
        held.hold(duration_ns)
        stations.append(Station(PLAYOUT, held))
    return [*stations, Station(ASSISTANT, assistant)]


def _build_bot(plan: Plan, llm: ScriptedService) -> list[Any]:
    """Build the bot around a service, with the scenario's stubs, and return its processors.

    A stub takes the place of the bot's handler; one of the scenario that of the bot's own stub.

    Args:
        plan: What is under test, and the scenario that describes the stubs.
        llm: The live service of any target.

    Raises:
        BotError: The bot cannot be built, or declares or stubs a tool that has no handler.
        UsageError: A stub wants an argument that the script does not give.
    """
    check_stub_functions(plan.bot.stubs, plan.scenario.calls)
    processors = plan.bot.processors(llm)
    # What only a catch-all handles has a handler of its own then.
    for name, handler in llm.stub_handlers.items():
        if name not in llm.registered_tools and None in llm.registered_tools:
            llm.register_function(name, handler)
    for name, tool in plan.scenario.tools.items():
        if tool.registered:
            timeout = {} if tool.timeout is None else {"timeout_secs": tool.timeout / SECOND_NS}
            llm.stand_in(
                name, stub(tool), cancel_on_interruption=tool.cancel_on_interruption, **timeout
            )
    plan.bot.check_declared(llm.registered_tools)
    return processors


def with_ends(source: Any, inner: Iterable[Station], sink: Any) -> tuple[Station, ...]:
    """Return the stations between a pipeline's two ends, which work in their neighbours' tasks."""
    return (Station(SOURCE, source, causes=False), *inner, Station(SINK, sink, causes=False))
