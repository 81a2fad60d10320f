"""The player of a script."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from llm_sim.errors import ScriptExhaustedError
from llm_sim.loop import SimLoop
from llm_sim.scenario import Call, Turn, call, say, turn, wait
from llm_sim.scripted import Player

MS = 1_000_000


class Notebook:
    """A service that notes what it is told to do, and when in virtual milliseconds."""

    def __init__(self) -> None:
        self.notes: list[tuple[int, str]] = []

    def _note(self, what: str) -> None:
        now = asyncio.get_running_loop().time()
        self.notes.append((round(now * 1000), what))

    async def begin_response(self) -> None:
        """Note the opening."""
        self._note("begin")

    async def say(self, text: str) -> None:
        """Note the text."""
        self._note(f"say {text}")

    async def call(self, calls: Sequence[Call], context: Any) -> None:
        """Note the batch."""
        self._note(f"call {' '.join(f'{c.name}={c.id}' for c in calls)} on {context}")

    async def fail(self, text: str) -> None:
        """Note the failure."""
        self._note(f"fail {text}")

    async def end_response(self) -> None:
        """Note the closing."""
        self._note("end")


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in virtual time."""
    loop = SimLoop()
    try:
        loop.run_until_complete(main)
    finally:
        loop.close()


def played(player: Player, *contexts: str) -> list[tuple[int, str]]:
    """Ask the model once for each context; return what the service was told to do."""
    notebook = Notebook()

    async def ask() -> None:
        for context in contexts:
            await player.play(notebook, context)

    run(ask())
    return notebook.notes


def test_a_turn_is_said_in_order_between_its_two_ends() -> None:
    assert played(Player([turn(say("One."), say("Two."))]), "ctx") == [
        (0, "begin"),
        (0, "say One."),
        (0, "say Two."),
        (0, "end"),
    ]


def test_each_time_the_model_is_asked_it_plays_the_next_turn() -> None:
    notes = played(Player([turn(say("One.")), turn(say("Two."))]), "ctx", "ctx")
    assert [what for _, what in notes if what.startswith("say")] == ["say One.", "say Two."]


def test_the_calls_of_a_turn_are_one_batch_after_its_text() -> None:
    script = [turn(call("f", as_="c1"), say("One."), call("g", as_="c2"), say("Two."))]
    assert played(Player(script), "ctx") == [
        (0, "begin"),
        (0, "say One."),
        (0, "say Two."),
        (0, "call f=c1 g=c2 on ctx"),
        (0, "end"),
    ]


def test_a_turn_without_calls_hands_over_no_batch() -> None:
    assert played(Player([turn()]), "ctx") == [(0, "begin"), (0, "end")]


def test_a_wait_takes_virtual_time() -> None:
    script = [turn(say("One."), wait("300ms"), say("Two."), wait(0), call("f", as_="c1"))]
    assert played(Player(script), "ctx") == [
        (0, "begin"),
        (0, "say One."),
        (300, "say Two."),
        (300, "call f=c1 on ctx"),
        (300, "end"),
    ]


def test_the_first_token_of_each_response_takes_its_time() -> None:
    player = Player([turn(say("One.")), turn(say("Two."))], before_first_token_ns=50 * MS)
    assert played(player, "ctx", "ctx") == [
        (0, "begin"),
        (50, "say One."),
        (50, "end"),
        (50, "begin"),
        (100, "say Two."),
        (100, "end"),
    ]


def test_asked_too_often_it_answers_with_an_empty_response() -> None:
    player = Player([turn(say("One."))])
    assert played(player, "ctx", "ctx")[3:] == [(0, "begin"), (0, "end")]
    assert player.asked == 2


def test_who_listens_is_told_of_each_question() -> None:
    asked: list[tuple[int | None, str]] = []
    player = Player([turn()], on_asked=lambda index, context: asked.append((index, context)))
    played(player, "first", "second")
    assert asked == [(0, "first"), (None, "second")]


def test_a_response_that_is_cancelled_is_closed() -> None:
    notebook = Notebook()
    player = Player([turn(say("One."), wait("10s"), say("Two."))])

    async def interrupt() -> None:
        task = asyncio.ensure_future(player.play(notebook, "ctx"))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])

    run(interrupt())
    assert notebook.notes == [(0, "begin"), (0, "say One."), (1000, "end")]


TWO: list[Turn] = [turn(), turn()]


@pytest.mark.parametrize("disturbed", [False, True])
def test_a_script_that_is_used_up_gives_no_complaint(disturbed: bool) -> None:
    player = Player(TWO)
    played(player, "ctx", "ctx")
    assert player.complaint(disturbed=disturbed) is None


@pytest.mark.parametrize("disturbed", [False, True])
def test_asked_too_often_is_always_a_complaint(disturbed: bool) -> None:
    player = Player(TWO)
    played(player, "ctx", "ctx", "ctx")
    complaint = player.complaint(disturbed=disturbed)
    assert isinstance(complaint, ScriptExhaustedError)
    assert (complaint.turns, complaint.asked) == (2, 3)


def test_a_turn_that_is_left_over_is_a_complaint() -> None:
    player = Player(TWO)
    played(player, "ctx")
    assert str(player.complaint(disturbed=False)).startswith(
        "the model was asked once, the script has 2 turns: 1 left over;"
    )


def test_a_disturbed_run_may_leave_turns_unsaid() -> None:
    assert Player(TWO).complaint(disturbed=True) is None
