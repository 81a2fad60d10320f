"""Exceptions that nobody caught."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from llm_sim.loop import SimLoop


def fail(*args: object) -> None:
    raise ValueError("from the callback")


def test_a_callback_that_fails_is_reported_and_the_run_goes_on(loop: SimLoop) -> None:
    told: list[tuple[str, str]] = []
    ran: list[str] = []

    def handler(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        told.append((context["message"].split(" <")[0], str(context["exception"])))

    loop.set_exception_handler(handler)
    assert loop.get_exception_handler() is handler
    loop.call_soon(fail)
    loop.call_later(1, fail)
    future = loop.create_future()
    future.add_done_callback(fail)
    future.set_result(None)
    loop.call_soon(ran.append, "ran")
    loop.run_until_idle()
    assert [error for _, error in told] == ["from the callback"] * 3
    assert all(message.startswith("Exception in callback fail(") for message, _ in told)
    assert ran == ["ran"]


def test_the_default_handler_logs_on_asyncios_logger(
    loop: SimLoop, caplog: pytest.LogCaptureFixture
) -> None:
    loop.call_exception_handler(
        {"message": "What happened", "exception": ValueError("why"), "b": 2, "a": 1}
    )
    assert [(r.name, r.levelno, r.getMessage()) for r in caplog.records] == [
        ("asyncio", logging.ERROR, "What happened\na: 1\nb: 2")
    ]
    assert caplog.records[0].exc_info is not None


def test_a_task_exception_that_nobody_retrieves_is_reported_when_the_task_goes(
    loop: SimLoop,
) -> None:
    told: list[tuple[str, int]] = []
    loop.set_exception_handler(lambda _, context: told.append((context["message"], loop.steps)))

    async def failing() -> None:
        raise ValueError

    loop.create_task(failing())
    loop.call_soon(int)
    loop.run_until_idle()
    assert told == [("Task exception was never retrieved", 2)]


def test_a_handler_that_fails_is_reported_to_the_default_one(
    loop: SimLoop, caplog: pytest.LogCaptureFixture
) -> None:
    loop.set_exception_handler(fail)
    loop.call_exception_handler({"message": "What happened"})
    assert caplog.records[0].getMessage().startswith("Unhandled error in exception handler")


def test_a_default_handler_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Loop(SimLoop):
        def default_exception_handler(self, context: dict[str, Any]) -> None:
            raise ValueError

    loop = Loop()
    loop.call_exception_handler({"message": "What happened"})
    assert caplog.records[0].getMessage() == "Exception in default exception handler"
    loop.close()


def test_a_system_exit_ends_the_run(loop: SimLoop) -> None:
    def leave() -> None:
        raise SystemExit(3)

    loop.call_soon(leave)
    with pytest.raises(SystemExit):
        loop.run_until_idle()


def test_what_is_no_handler_is_refused(loop: SimLoop) -> None:
    with pytest.raises(TypeError, match="callable object or None"):
        loop.set_exception_handler("handler")  # type: ignore[arg-type]
