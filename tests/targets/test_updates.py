"""Updates: a call's life is the same on both targets, and no law is broken on either."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from llm_sim.frames import FunctionCallResultProperties
from llm_sim.scenario import Scenario, call, say, turn
from llm_sim.simulation import Run, run
from llm_sim.targets import Bot
from tests.support.pipecat import needs_pipecat

pytestmark = pytest.mark.filterwarnings("ignore:'audioop' is deprecated")


def ours(**properties: Any) -> Any:
    return FunctionCallResultProperties(**properties)


def of_pipecat(**properties: Any) -> Any:
    from pipecat.frames.frames import FunctionCallResultProperties

    return FunctionCallResultProperties(**properties)


def converse(
    target: str,
    properties: Callable[..., Any] = ours,
    *,
    cancel: bool = False,
    run_llm: bool | None = None,
) -> Run:
    """Let the model call a tool that tells an update, and answers a second later."""

    async def progress(params: Any) -> None:
        update = properties(is_final=False, run_llm=run_llm)
        await params.result_callback({"p": 1}, properties=update)
        await asyncio.sleep(1)
        await params.result_callback({"p": "done"})

    def build(llm: Any) -> None:
        llm.register_function("progress", progress, cancel_on_interruption=cancel)

    script = [turn(call("progress", as_="c1")), turn(say("Done.")), turn(say("Again."))]
    scenario = Scenario(name="progress", bot="tests:progress", script=script, open_ended=True)
    return run(scenario, bot=Bot(build), target=target)


TARGETS = ["reference", pytest.param("pipecat", marks=needs_pipecat)]
PROPERTIES = [ours, pytest.param(of_pipecat, marks=needs_pipecat)]


@pytest.mark.parametrize("properties", PROPERTIES)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("run_llm", [None, True, False])
def test_a_call_with_an_update_keeps_every_law(
    run_llm: bool | None, target: str, properties: Any
) -> None:
    one = converse(target, properties, run_llm=run_llm)
    assert one.violations == ()
    assert one.call("c1").phases == ["started", "in_progress", "update", "result"]
    assert one.call("c1").result == {"p": "done"}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("run_llm", [None, True, False])
def test_a_call_that_an_interruption_cancels_has_no_update(
    run_llm: bool | None, target: str
) -> None:
    one = converse(target, cancel=True, run_llm=run_llm)
    assert one.violations == ()
    assert one.call("c1").phases == ["started", "in_progress", "result"]
    assert one.context.roles == ["user", "assistant", "tool", "assistant"]


HEARD = ("user", "assistant", "tool", "developer")


@pytest.mark.parametrize("run_llm", [None, True, False])
def test_on_the_core_the_model_runs_once_when_the_result_is_the_tool_message(
    run_llm: bool | None,
) -> None:
    one = converse("reference", run_llm=run_llm)
    assert one.context.roles == [*HEARD, "assistant"]
    assert one.call("c1").message == '{"p": "done"}'


@needs_pipecat
@pytest.mark.parametrize(
    ("run_llm", "then"),
    [
        (None, ("assistant", "developer", "assistant")),
        (True, ("assistant", "developer", "assistant")),
        (False, ("developer", "assistant")),
    ],
)
def test_pipecat_runs_it_at_the_update_too_and_writes_the_result_behind(
    run_llm: bool | None, then: tuple[str, ...]
) -> None:
    one = converse("pipecat", run_llm=run_llm)
    assert one.context.roles == [*HEARD, *then]
    assert one.call("c1").message == '{"p": "done"}'
