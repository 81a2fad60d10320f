"""The example runs, on stock asyncio."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
QUESTIONS = ["How is the weather in Berlin", "And in London", "And in Oslo"]


@pytest.mark.slow
def test_the_chat_bot_answers_line_by_line_and_ends_with_its_input() -> None:
    bot = subprocess.run(
        [sys.executable, "-W", "error", "docs/examples/chat_bot.py"],
        input="".join(f"{question}\n" for question in QUESTIONS),
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY)},
        timeout=60,
        check=True,
    )
    assert bot.stdout.splitlines() == [
        'bot> It is "sunny".',
        'bot> It is "raining".',
        'bot> It is "anyone\'s guess".',
    ]
    assert bot.stderr == ""
