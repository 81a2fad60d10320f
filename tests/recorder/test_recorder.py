"""The writer of a trace."""

from __future__ import annotations

import asyncio

from llm_sim.frames import LLMTextFrame
from llm_sim.loop import SimLoop
from llm_sim.recorder import Recorder, registered
from llm_sim.trace import Event, Header
from tests.support.recording import HandClock, recorder, told


def test_an_event_has_a_number_and_the_time() -> None:
    clock = HandClock()
    tape = Recorder(Header("reference", "told"), clock)
    tape.record("rest")
    clock.steps, clock.time_ns = 7, 250
    assert tape.record("close", data={"timers": 0}) == 1
    assert tape.trace.events == [
        Event(0, 0, 0, "rest"),
        Event(1, 7, 250, "close", data={"timers": 0}),
    ]


def test_what_a_task_begins_causes_what_it_and_its_children_do() -> None:
    loop = SimLoop()
    tape = Recorder(Header("reference", "told"), loop)

    async def child() -> None:
        tape.record("answer", "child")

    async def parent() -> None:
        tape.begin(tape.record("handler", "parent"))
        await asyncio.create_task(child())
        tape.record("answer", "parent")

    async def both() -> None:
        await asyncio.gather(parent(), child())

    loop.run_until_complete(both())
    loop.close()
    assert [(e.where, e.cause) for e in tape.trace.events] == [
        ("parent", None),
        ("child", None),
        ("child", 0),
        ("parent", 0),
    ]


def test_two_recorders_do_not_share_causes() -> None:
    one, other = recorder(), recorder()
    one.begin(one.record("stimulus"))
    other.record("stimulus")
    assert other.trace.events[0].cause is None


def test_a_registration_is_an_event() -> None:
    tape = recorder()
    registered(tape, "lookup", cancel=True)
    registered(tape, None, cancel=False)
    registered(tape, "lookup", cancel=None)
    assert told(tape) == [
        ("register", "lookup", "", {"cancel_on_interruption": True}),
        ("register", "", "", {"cancel_on_interruption": False}),
        ("register", "lookup", "", {"cancel_on_interruption": None}),
    ]


def test_frames_of_two_libraries_with_one_id_are_two_frames() -> None:
    tape = recorder()
    ours, theirs = LLMTextFrame("ours"), type("LLMTextFrame", (), {"id": 0})()
    theirs.id = ours.id
    for frame in (ours, theirs, ours):
        tape.record("push", frame=frame)
    assert [event.frame for event in tape.trace.events] == [0, 1, 0]
