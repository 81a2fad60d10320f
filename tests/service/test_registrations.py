"""Functions come and go: register, unregister, and the two deprecated forms."""

from __future__ import annotations

import asyncio
import pickle
import warnings
from collections.abc import Callable
from typing import Any
from unittest.mock import AsyncMock

import pytest

from llm_sim.errors import UsageError
from llm_sim.frames import FunctionCallResultFrame, InterruptionFrame
from llm_sim.service import FunctionCallParams, LLMService, UnknownFunctionError
from tests.service.bot import call, settle
from tests.service.stepping import run
from tests.service.test_disturbed_calls import forwarded
from tests.service.test_function_calls import Ear, answer, between, last_result, one_call

START = "start_callback is deprecated"
SIX = "with six parameters is deprecated"
MODES = pytest.mark.parametrize("in_parallel", [True, False])


def warned(action: Callable[[], Any]) -> list[tuple[str, str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    assert {warning.category for warning in caught} <= {DeprecationWarning}
    return [(str(warning.message), warning.filename) for warning in caught]


async def six(name: str, id: str, arguments: Any, llm: Any, context: Any, back: Any) -> None:
    await back([name, id, arguments])


async def begin(name: str, llm: Any, context: Any) -> None:
    await asyncio.sleep(0)


def test_has_function_knows_names_and_the_catch_all() -> None:
    llm = LLMService()
    llm.register_function("f", answer)
    assert (llm.has_function("f"), llm.has_function("g")) == (True, False)
    llm.register_function(None, answer)
    assert llm.has_function("g")
    llm.unregister_function("f")
    llm.unregister_function(None)
    assert not llm.has_function("f")


def test_unregistering_what_is_not_registered_says_what_there_is() -> None:
    llm = LLMService(name="llm")
    with pytest.raises(UnknownFunctionError) as nothing:
        llm.unregister_function("f")
    assert str(nothing.value) == (
        "llm has no function 'f' to unregister; it has: none. "
        "Ask has_function() first, or register it"
    )
    llm.register_function("get_weather", answer)
    llm.register_function(None, answer)
    with pytest.raises(UnknownFunctionError) as near:
        llm.unregister_function("get_wether")
    assert str(near.value) == (
        "llm has no function 'get_wether' to unregister (did you mean 'get_weather'?); it has: "
        "get_weather, the catch-all (None). Ask has_function() first, or register it"
    )
    llm.unregister_function(None)
    with pytest.raises(UnknownFunctionError, match="llm has no catch-all to unregister"):
        llm.unregister_function(None)


def test_an_unknown_function_is_a_key_error_and_a_usage_error_and_can_be_pickled() -> None:
    with pytest.raises(KeyError) as caught:
        LLMService(name="llm").unregister_function("f")
    assert isinstance(caught.value, UsageError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (UnknownFunctionError, str(caught.value))


@pytest.mark.parametrize(
    ("handler", "timeout"),
    [("not callable", None), (lambda: None, None), (lambda a, b: None, None), (answer, 0)],
)
def test_a_registration_that_cannot_work_is_refused(handler: Any, timeout: Any) -> None:
    with pytest.raises(UsageError):
        LLMService().register_function("f", handler, timeout_secs=timeout)


def test_each_deprecated_form_is_warned_of_once_at_the_line_that_registers_it() -> None:
    llm = LLMService()
    takes_six = (
        ("a function handler with six parameters is deprecated; take one FunctionCallParams"),
        __file__,
    )
    has_start = f"{START}; put its code at the top of the handler", __file__
    assert warned(lambda: llm.register_function("f", six)) == [takes_six]
    assert warned(lambda: llm.register_function("f", answer, begin)) == [has_start]
    assert warned(lambda: llm.register_function("f", six, begin)) == [has_start, takes_six]
    assert warned(lambda: llm.unregister_function("f")) == []


def test_a_deprecated_form_is_not_warned_of_again_when_it_is_called() -> None:
    async def main() -> None:
        llm = LLMService()
        await between(llm)
        with pytest.warns(DeprecationWarning, match=f"{SIX}|{START}"):
            llm.register_function("f", six, begin)
        for tool_call_id in ("1", "2"):
            await llm.run_function_calls([call("f", tool_call_id)])
            await settle()
        await llm.cleanup()

    assert warned(lambda: run(main())) == []


def test_a_handler_with_six_parameters_works() -> None:
    with pytest.warns(DeprecationWarning, match="six parameters"):
        up, _ = one_call(six)
    assert last_result(up).result == ["f", "1", {"x": 1}]


def test_what_can_be_called_with_one_argument_is_called_with_one() -> None:
    async def optional(params: FunctionCallParams, retries: int = 3) -> None:
        await params.result_callback(retries)

    assert last_result(one_call(optional)[0]).result == 3
    mock = AsyncMock()
    one_call(mock)
    assert [type(arg) for arg in mock.await_args.args] == [FunctionCallParams]  # type: ignore[union-attr]


class Begun:
    """A start callback that takes a while, and what came of it."""

    def __init__(self, up: Ear, error: Exception | None = None, swallow: bool = False) -> None:
        self.up, self.error, self.swallow = up, error, swallow
        self.log: list[str] = []

    async def __call__(self, name: str, llm: LLMService, context: Any) -> None:
        self.log.append(f"{name} begins, told {self.up.calls}")
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            self.log.append("cancelled")
            if not self.swallow:
                raise
        if self.error:
            raise self.error


def begun(
    act: Callable[[LLMService], Any] | None = None,
    *,
    in_parallel: bool = True,
    timeout_secs: float | None = None,
    **begun: Any,
) -> tuple[Ear, Ear, list[str]]:
    """Run a call with a start callback; act while it is suspended."""

    async def main() -> tuple[Ear, Ear, list[str]]:
        llm = LLMService(in_parallel, name="llm")
        up, down = await between(llm)
        it = Begun(up, **begun)

        async def handler(params: FunctionCallParams) -> None:
            it.log.append(f"handler, told {up.calls}")
            await params.result_callback(1)

        with pytest.warns(DeprecationWarning, match=START):
            llm.register_function("f", handler, it, timeout_secs=timeout_secs)
        await llm.run_function_calls([call("f", "1")])
        await settle()
        if act is not None:
            await act(llm)
        await asyncio.sleep(5)
        assert llm.calls_in_flight() == {}
        await llm.cleanup()
        return up, down, it.log

    return run(main())


@MODES
def test_a_start_callback_runs_before_the_call_is_in_progress(in_parallel: bool) -> None:
    up, down, log = begun(in_parallel=in_parallel)
    assert up.calls == down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert log == ["f begins, told ['sStarted:1']", "handler, told ['sStarted:1', 'InProgress:1']"]


@MODES
def test_a_start_callback_that_raises_fails_its_call(in_parallel: bool) -> None:
    up, down, log = begun(in_parallel=in_parallel, error=ValueError("no"))
    assert up.calls == down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert last_result(up).result == {"error": "function 'f' failed: ValueError('no')"}
    assert up.errors == ["llm: function 'f' failed: ValueError('no')"]
    assert len(log) == 1


@MODES
@pytest.mark.parametrize("swallow", [True, False])
def test_an_interruption_during_a_start_callback_cancels_the_call(
    in_parallel: bool, swallow: bool
) -> None:
    up, down, log = begun(
        lambda llm: forwarded(llm, InterruptionFrame()), in_parallel=in_parallel, swallow=swallow
    )
    assert up.calls == down.calls == ["sStarted:1", "Cancel:1"]
    assert log == ["f begins, told ['sStarted:1']", "cancelled"]


@pytest.mark.parametrize("swallow", [True, False])
def test_the_timeout_of_a_call_bounds_its_start_callback(swallow: bool) -> None:
    up, down, log = begun(timeout_secs=0.5, swallow=swallow)
    assert up.calls == down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert last_result(up).result == {"error": "function 'f' did not answer within 0.5 s"}
    assert log[1:] == ["cancelled"]


def test_the_start_callback_of_the_catch_all_serves_functions_without_their_own() -> None:
    async def main() -> list[str]:
        llm = LLMService()
        await between(llm)
        log: list[str] = []

        def named(label: str) -> Any:
            async def note(name: str, llm: Any, context: Any) -> None:
                log.append(f"{label} for {name}")

            return note

        with pytest.warns(DeprecationWarning, match=START):
            llm.register_function(None, answer, named("catch-all's"))
        with pytest.warns(DeprecationWarning, match=START):
            llm.register_function("own", answer, named("its own"))
        llm.register_function("none", answer)
        await llm.run_function_calls([call("own"), call("none"), call("other")])
        llm.unregister_function(None)
        await settle()
        await llm.cleanup()
        return log

    assert run(main()) == ["its own for own", "catch-all's for none", "catch-all's for other"]


def test_a_function_that_is_unregistered_while_it_waits_runs_its_registration() -> None:
    async def main() -> list[Any]:
        llm = LLMService(run_in_parallel=False)
        up, _ = await between(llm)
        llm.register_function("f", answer)
        await llm.run_function_calls([call("f", "1"), call("f", "2")])
        llm.unregister_function("f")
        await settle()
        await llm.cleanup()
        return [
            frame.tool_call_id for frame in up.frames if isinstance(frame, FunctionCallResultFrame)
        ]

    assert run(main()) == ["1", "2"]
