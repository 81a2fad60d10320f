"""Compare the reference core with Pipecat at the same work: ``python benchmarks/bench_core.py``.

Text frames go through five processors, all at once and one by one; function calls run in batches,
from ``register_function`` and ``run_function_calls`` to the results that settle them; on stock
asyncio and on the simulated loop. Building and starting the processors is not counted. Nothing
waits, so the processor's time is measured and not the clock's, and the cores and the loops take
turns in one process: a busy machine slows all alike. Printed are medians of the rates, and of the
ratios of the rounds.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import platform
import statistics
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from time import process_time
from types import SimpleNamespace
from typing import Any

from llm_sim import frames, service
from llm_sim.errors import TargetError
from llm_sim.loop import SimLoop
from llm_sim.targets import get_target

ROUNDS = 15
FRAMES, PROCESSORS = 1000, 5
BATCHES, CALLS_A_BATCH = 60, 5

LoopFactory = Callable[[], asyncio.AbstractEventLoop]
LOOPS: dict[str, LoopFactory] = {"asyncio": asyncio.new_event_loop, "SimLoop": SimLoop}


@dataclass(frozen=True)
class Core:
    """One service core.

    Parameters:
        name: What the table calls it.
        frames: Its frames module.
        processor: Its frame processor.
        service: Its LLM service.
        options: Returns what the service is made with.
        make_setup: Returns what its processors are set up with; called inside the loop.
    """

    name: str
    frames: Any
    processor: Any
    service: Any
    options: Callable[[], dict[str, Any]]
    make_setup: Callable[[], Any]


def reference() -> Core:
    """Return our core."""
    return Core(
        "reference",
        frames,
        service.FrameProcessor,
        service.LLMService,
        dict,
        service.FrameProcessorSetup,
    )


def pipecat() -> Core:
    """Return the installed Pipecat.

    Raises:
        TargetError: There is none, or one that is too old.
    """
    version = get_target("pipecat").version()
    import pipecat.frames.frames as pipecat_frames
    from pipecat.clocks.system_clock import SystemClock
    from pipecat.processors.frame_processor import FrameProcessor, FrameProcessorSetup
    from pipecat.services.llm_service import LLMService
    from pipecat.services.settings import LLMSettings
    from pipecat.utils.asyncio.task_manager import TaskManager

    def make_setup() -> Any:
        clock = SystemClock()
        clock.start()
        worker = SimpleNamespace(app_resources=None, worker_runner=None)
        return FrameProcessorSetup(clock=clock, task_manager=TaskManager(), pipeline_worker=worker)

    def options() -> dict[str, Any]:
        # Pipecat logs an error for each field that is not given.
        fields = dict.fromkeys(field.name for field in dataclasses.fields(LLMSettings))
        given = {"extra": {}, "filter_incomplete_user_turns": False}
        return {"settings": LLMSettings(**{**fields, **given})}

    return Core(
        f"pipecat {version}", pipecat_frames, FrameProcessor, LLMService, options, make_setup
    )


def passing(core: Core) -> Any:
    """Return a processor that pushes everything on."""

    class Passing(core.processor):  # type: ignore[misc,name-defined]
        async def process_frame(self, frame: Any, direction: Any) -> None:
            await super().process_frame(frame, direction)
            await self.push_frame(frame, direction)

    return Passing()


def counting(core: Core, awaited: type, count: int, done: asyncio.Event) -> Any:
    """Return a processor that sets an event when it has processed so many frames of a type."""

    class Counting(core.processor):  # type: ignore[misc,name-defined]
        seen = 0

        async def process_frame(self, frame: Any, direction: Any) -> None:
            await super().process_frame(frame, direction)
            if isinstance(frame, awaited):
                self.seen += 1
                if self.seen % count == 0:
                    done.set()

    return Counting()


def serving(core: Core) -> Any:
    """Return a service that pushes everything on."""

    class Serving(core.service):  # type: ignore[misc,name-defined]
        async def process_frame(self, frame: Any, direction: Any) -> None:
            await super().process_frame(frame, direction)
            await self.push_frame(frame, direction)

    return Serving(**core.options())


async def answer(params: Any) -> None:
    """Answer at once."""
    await params.result_callback({"ok": True})


async def started(core: Core, row: Sequence[Any]) -> None:
    """Link processors, set them up, and send the start frame through."""
    for left, right in pairwise(row):
        left.link(right)
    setup = core.make_setup()
    for processor in row:
        await processor.setup(setup)
    await row[0].queue_frame(core.frames.StartFrame())
    for _ in range(20 * len(row)):
        await asyncio.sleep(0)


async def push_frames(core: Core) -> float:
    """Push text frames through processors, all at once; return frames a second."""
    return await pushed(core, burst=FRAMES)


async def push_one_by_one(core: Core) -> float:
    """Push text frames, each when the one before has arrived; return frames a second."""
    return await pushed(core, burst=1)


async def pushed(core: Core, burst: int) -> float:
    """Push text frames through processors, in bursts; return frames a second."""
    done = asyncio.Event()
    last = counting(core, core.frames.TextFrame, burst, done)
    row = [*(passing(core) for _ in range(PROCESSORS - 1)), last]
    await started(core, row)
    began = process_time()
    for _ in range(FRAMES // burst):
        done.clear()
        for _ in range(burst):
            await row[0].queue_frame(core.frames.TextFrame("word"))
        await done.wait()
    secs = process_time() - began
    await cleaned_up(row)
    return FRAMES / secs


async def call_functions(core: Core) -> float:
    """Run batches of calls until their results have gone out; return calls a second."""
    done = asyncio.Event()
    llm = serving(core)
    last = counting(core, core.frames.FunctionCallResultFrame, CALLS_A_BATCH, done)
    row = [passing(core), llm, last]
    await started(core, row)
    began = process_time()
    for batch in range(BATCHES):
        llm.register_function("f", answer)
        done.clear()
        await llm.run_function_calls(batch_of_calls(core, batch))
        await done.wait()
    secs = process_time() - began
    await cleaned_up(row)
    return BATCHES * CALLS_A_BATCH / secs


def batch_of_calls(core: Core, batch: int) -> list[Any]:
    """Return one batch as the model asks for it."""
    return [
        core.frames.FunctionCallFromLLM(
            function_name="f", tool_call_id=f"{batch}-{number}", arguments={"n": 1}, context=None
        )
        for number in range(CALLS_A_BATCH)
    ]


async def cleaned_up(row: Sequence[Any]) -> None:
    """Stop every processor."""
    for processor in row:
        await processor.cleanup()


WORKLOADS: dict[str, Callable[[Core], Awaitable[float]]] = {
    f"frames through {PROCESSORS}": push_frames,
    "… one by one": push_one_by_one,
    "function calls": call_functions,
}


def measured(make_loop: LoopFactory, workload: Callable[[Core], Any], core: Core) -> float:
    """Run a workload once on a fresh loop."""
    gc.collect()
    loop = make_loop()
    try:
        rate: float = loop.run_until_complete(workload(core))
    finally:
        loop.close()
    return rate


def compare(cores: Sequence[Core]) -> dict[tuple[str, str, str], list[float]]:
    """Return the rates of every workload on every loop and core, round by round."""
    rates: dict[tuple[str, str, str], list[float]] = {}
    for measured_round in range(-1, ROUNDS):  # the first round warms up
        for what, workload in WORKLOADS.items():
            for where, make_loop in LOOPS.items():
                # Each goes first in every other round.
                for core in cores if measured_round % 2 else reversed(cores):
                    rate = measured(make_loop, workload, core)
                    if measured_round >= 0:
                        rates.setdefault((what, where, core.name), []).append(rate)
    return rates


def _print_table(cores: Sequence[Core], rates: dict[tuple[str, str, str], list[float]]) -> None:
    heads = "".join(f"{core.name + ' /s':>20}" for core in cores)
    print(f"{'workload':<20}{'loop':<10}{heads}{'ratio':>8}")
    for what in WORKLOADS:
        for where in LOOPS:
            columns = [rates[what, where, core.name] for core in cores]
            medians = "".join(f"{statistics.median(column):>20,.0f}" for column in columns)
            print(f"{what:<20}{where:<10}{medians}{_ratio(columns)}")


def _ratio(columns: Sequence[Sequence[float]]) -> str:
    if len(columns) == 1:
        return ""
    ratios = [ours / theirs for ours, theirs in zip(*columns, strict=True)]
    return f"{statistics.median(ratios):>8.1f}"


def main() -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, medians of {ROUNDS} rounds, interleaved")
    cores = [reference()]
    errors: list[str] = []
    with ExitStack() as stack:
        try:
            stack.enter_context(get_target("pipecat").surroundings(errors.append))
            cores.append(pipecat())
        except TargetError as error:
            print(f"without Pipecat: {error}")
        rates = compare(cores)
    _print_table(cores, rates)
    for message in dict.fromkeys(errors):
        print(f"Pipecat logged: {message}")


if __name__ == "__main__":
    main()
