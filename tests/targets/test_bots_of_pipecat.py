"""Bots as Pipecat's users write them, on each target."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from llm_sim import Down, Up
from llm_sim.errors import BotError
from llm_sim.scenario import Scenario, after, call, register, say, turn, unregister, wait
from llm_sim.simulation import Run, run
from llm_sim.targets import Bot
from tests.support.pipecat import needs_pipecat

pytestmark = [needs_pipecat, pytest.mark.filterwarnings("ignore:'audioop' is deprecated")]
TARGETS = pytest.mark.parametrize("target", ["reference", "pipecat"])
SCRIPT = [turn(call("weather", {"city": "Rome"}, as_="c1")), turn(say("Sunny."))]


def converse(bot: Bot, target: str) -> Run:
    return run(Scenario(bot="tests:weather", script=SCRIPT), bot=bot, target=target)


def spoken(one: Run, direction: Any) -> list[Any]:
    return [frame.fields["text"] for frame in one.frames[direction] if frame.type == "TTSSpeak"]


@TARGETS
def test_handlers_push_frames_of_pipecat_in_its_directions(target: str) -> None:
    from pipecat.frames.frames import TTSSpeakFrame
    from pipecat.processors.frame_processor import FrameDirection

    async def weather(params: Any) -> None:
        await params.llm.push_frame(TTSSpeakFrame("One moment."))
        await params.llm.push_frame(TTSSpeakFrame("down"), FrameDirection.DOWNSTREAM)
        await params.llm.push_frame(TTSSpeakFrame("up"), FrameDirection.UPSTREAM)
        await params.llm.queue_frame(TTSSpeakFrame("queued"), FrameDirection.DOWNSTREAM)
        await params.result_callback("sunny")

    one = converse(Bot(lambda llm: llm.register_function("weather", weather)), target)
    assert one.laws == ()
    assert spoken(one, Down) == ["One moment.", "down", "queued"]
    assert spoken(one, Up) == ["up"]


@TARGETS
@pytest.mark.filterwarnings("ignore:.*register_direct_function. is deprecated")
def test_a_direct_function_takes_its_arguments_by_name(target: str) -> None:
    async def weather(params: Any, city: str, unit: str = "celsius") -> None:
        """Look at the sky.

        Args:
            city: Where.
            unit: In which words.
        """
        await asyncio.sleep(0.1)
        await params.result_callback([city, unit])

    bot = Bot(lambda llm: llm.register_direct_function(weather, cancel_on_interruption=False))
    one = converse(bot, target)
    (registered,) = one.trace.of("register")
    assert (registered.where, registered.data) == ("weather", {"cancel_on_interruption": False})
    assert (one.laws, one.call("c1").result) == ((), ["Rome", "celsius"])


@TARGETS
@pytest.mark.filterwarnings("ignore:.*register_direct_function. is deprecated")
def test_a_stub_function_stands_for_a_direct_function(target: str) -> None:
    async def weather(params: Any, city: str) -> None:
        """Look at the sky.

        Args:
            city: Where.
        """
        await params.result_callback("the real sky")

    bot = Bot(
        lambda llm: llm.register_direct_function(weather),
        stubs={"weather": lambda city: f"stubbed in {city}"},
    )
    assert converse(bot, target).call("c1").result == "stubbed in Rome"


@TARGETS
@pytest.mark.filterwarnings("ignore:.*register_direct_function. is deprecated")
def test_a_direct_function_that_is_registered_anew_keeps_its_timeout(target: str) -> None:
    async def weather(params: Any, city: str) -> None:
        """Look at the sky.

        Args:
            city: Where.
        """
        await asyncio.sleep(60)

    scenario = Scenario(
        bot="tests:weather",
        script=[
            turn(wait("50ms"), call("weather", {"city": "Rome"}, as_="c1")),
            turn(say("No answer.")),
        ],
        inject=[after("10ms", unregister("weather")), after("20ms", register("weather"))],
    )
    bot = Bot(lambda llm: llm.register_direct_function(weather, timeout_secs=5))
    started, ended = run(scenario, bot=bot, target=target).trace.of("handler")
    assert ended.time_ns - started.time_ns == 5_000_000_000


@pytest.mark.parametrize(
    ("target", "other", "library"),
    [("reference", "pipecat", "llm_sim.service"), ("pipecat", "reference", "Pipecat")],
)
def test_a_processor_of_the_other_library_is_refused_by_name(
    target: str, other: str, library: str
) -> None:
    import pipecat.processors.frame_processor as pipecat_processors

    import llm_sim.service as service

    base = {"pipecat": pipecat_processors, "reference": service}[other].FrameProcessor
    counter = type("Counter", (base,), {})

    def build(llm: Any) -> list[Any]:
        return [llm, counter()]

    with pytest.raises(BotError) as refused:
        converse(Bot(build), target)
    assert str(refused.value) == (
        "bot 'build': its processor Counter is not derived from the FrameProcessor of "
        f"{library}, which this run uses; try target {other!r}"
    )
