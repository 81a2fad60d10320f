"""What touches the outside is refused, and the table of it is complete."""

from __future__ import annotations

import asyncio
import inspect
import pickle

import pytest

from llm_sim.errors import UnsupportedOperationError
from llm_sim.loop import REMEDIES, SimLoop

LOOP_METHODS = [
    name
    for name, _ in inspect.getmembers(asyncio.AbstractEventLoop, inspect.isfunction)
    if not name.startswith("_")
]


@pytest.mark.parametrize("name", LOOP_METHODS)
def test_a_method_of_an_event_loop_is_implemented_or_in_the_table(name: str) -> None:
    ours = inspect.getattr_static(SimLoop, name)
    assert ours is not inspect.getattr_static(asyncio.AbstractEventLoop, name)
    assert (ours.__qualname__ == f"Refusals.{name}") == (name in REMEDIES) or name.startswith(
        "remove_"
    )


@pytest.mark.parametrize("name", REMEDIES)
def test_a_refusal_names_the_operation_the_caller_and_the_remedy(name: str) -> None:
    loop = SimLoop()
    with pytest.raises(UnsupportedOperationError) as caught:
        getattr(loop, name)("any", arguments=1)
    loop.close()
    error = caught.value
    assert (error.operation, error.remedy) == (name, REMEDIES[name])
    assert error.caller.startswith("test_refusals.py:")
    assert error.caller.endswith(" in test_a_refusal_names_the_operation_the_caller_and_the_remedy")


def test_the_caller_is_the_code_outside_asyncio() -> None:
    async def connect() -> None:
        await asyncio.open_connection("example.org", 80)

    with (
        pytest.raises(UnsupportedOperationError) as caught,
        asyncio.Runner(loop_factory=SimLoop) as runner,
    ):
        runner.run(connect())
    assert caught.value.operation == "a connection to example.org:80"
    assert caught.value.caller.endswith("<locals>.connect")


def test_a_refusal_survives_pickling() -> None:
    loop = SimLoop()
    with pytest.raises(UnsupportedOperationError) as caught:
        loop.subprocess_shell(None, "ls")
    loop.close()
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("name", REMEDIES)
def test_a_remedy_is_one_sentence_without_its_full_stop(name: str) -> None:
    remedy = REMEDIES[name]
    assert remedy[0].islower()
    assert "." not in remedy.replace("asyncio.", "")


def test_removing_what_was_never_added_is_no_mistake() -> None:
    loop = SimLoop()
    assert loop.remove_reader(0) is False
    assert loop.remove_writer(0) is False
    assert loop.remove_signal_handler(2) is False
    loop.close()
