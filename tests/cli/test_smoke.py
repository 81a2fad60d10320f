"""``llm-sim smoke``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.command import Command

BOT = """\
import asyncio

from llm_sim import Bot

async def works(params):
    await params.result_callback({"ok": True})

async def raises(params):
    raise LookupError("no order")

async def dials(params):
    await asyncio.create_subprocess_exec("true")

def good(llm):
    llm.register_function("works", works)

def unsaid(llm):
    good(llm)
    llm.register_function("raises", raises)

bad = Bot(unsaid, tools=[{"name": "raises"}])

def lost(llm):
    llm.register_function("dials", dials)
"""


@pytest.fixture(autouse=True)
def bot(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(here)
    monkeypatch.delitem(sys.modules, "smoked_bot", raising=False)
    (here / "smoked_bot.py").write_text(BOT, encoding="utf-8")


def test_a_bot_whose_tools_all_work_is_clean(cli: Command) -> None:
    smoke = cli("smoke", "smoked_bot:good")
    assert (smoke.code, smoke.out) == (
        0,
        'smoked_bot:good on reference 0.1.0: 1 tool, all work\n  works()  ok      {"ok": true}\n',
    )


def test_a_tool_that_is_broken_is_told_with_the_line_to_see_it_again(cli: Command) -> None:
    smoke = cli("smoke", "smoked_bot:bad")
    assert (smoke.code, smoke.out.splitlines()) == (
        1,
        [
            "smoked_bot:bad on reference 0.1.0: 2 tools, 1 broken",
            '  works()   ok      {"ok": true}',
            "  raises()  broken  LS401 c1 `raises`: its handler raises LookupError: no order",
            "again   llm-sim smoke smoked_bot:bad --target reference",
        ],
    )


def test_a_bot_that_cannot_be_judged_gives_no_verdict(cli: Command) -> None:
    smoke = cli("smoke", "smoked_bot:lost")
    assert (smoke.code, "broken" in smoke.out) == (3, False)
    assert "  dials()  no verdict  " in smoke.out


def test_a_tool_that_raises_for_want_of_a_schema_gives_no_verdict(cli: Command) -> None:
    smoke = cli("smoke", "smoked_bot:unsaid")
    assert (smoke.code, smoke.out.splitlines()) == (
        3,
        [
            "smoked_bot:unsaid on reference 0.1.0: 2 tools, 1 no verdict",
            '  works()   ok          {"ok": true}',
            "  raises()  no verdict  raises LookupError: no order",
            "                        called without arguments, for want of a schema: "
            "Bot(build, tools=[...])",
            "again   llm-sim smoke smoked_bot:unsaid --target reference",
        ],
    )


def test_a_bot_that_is_not_there_is_a_mistake_of_the_caller(cli: Command) -> None:
    smoke = cli("smoke", "smoked_bot:god")
    assert smoke.code == 2
    assert "smoked_bot has no 'god' (did you mean 'good'?)" in smoke.err
