"""Laws of level ``warn`` on the command line: shown, and no failure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.command import Command

BOT = """\
import asyncio

async def book(params):
    try:
        await asyncio.sleep(0.1)
    finally:
        await params.result_callback("booked")

def build(llm):
    llm.register_function("book", book)

from llm_sim import Bot
bot = Bot(build, mutating=["book"])
"""
FILE = """\
version: 1
scenarios:
  - name: barge_in
    bot: warned_bot:bot
    script:
      - [{call: book, as: c1}]
      - [{say: Done.}]
    open_ended: true
    inject: [{after: 50ms, do: interrupt}]
"""
WARNING = "warn LS402 c1 `book` has taken effect and is cancelled: the model is never told of it"


@pytest.fixture
def file(here: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.syspath_prepend(here)
    monkeypatch.delitem(sys.modules, "warned_bot", raising=False)
    (here / "warned_bot.py").write_text(BOT, encoding="utf-8")
    (here / "barge_in.sim.yaml").write_text(FILE, encoding="utf-8")
    return "barge_in.sim.yaml"


def test_a_run_shows_its_warnings_below_its_line(cli: Command, file: str) -> None:
    run = cli("run", file)
    _, line, warning = run.out.splitlines()
    assert (run.code, line.split()[-1], warning.strip()) == (0, "clean", WARNING)


def test_a_sweep_counts_the_points_of_a_warning(cli: Command, file: str) -> None:
    sweep = cli("sweep", file, "--inject", "user_starts")
    assert sweep.code == 0
    assert f"    {WARNING}, at 27 points" in sweep.out.splitlines()


def test_a_run_that_breaks_no_law_shows_no_warning(cli: Command, here: Path) -> None:
    assert "warn" not in cli("run", "race.sim.yaml").out
