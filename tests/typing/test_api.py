"""Type checkers accept what users write, and it runs."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from llm_sim import run
from llm_sim.frames import Frame, FrameDirection, LLMTextFrame
from llm_sim.service import FrameProcessor
from tests.support.scenarios import ROOT
from tests.typing import api

PAGE = Path(api.__file__)


class Quiet(FrameProcessor):
    """Lets everything pass."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)


def test_what_users_write_runs() -> None:
    one = api.runs()
    api.asserts_the_life_of_a_call(one)
    api.asserts_the_order_of_frames(one)
    assert api.sweeps(api.ORDER.replace(inject=[])).clean
    assert "lookup_order" in api.tries_each_tool()
    assert api.stumbles().violations == ()
    frame = LLMTextFrame("Hm.")
    assert asyncio.run(api.tests_one_processor(Quiet(), frame)) == [frame]
    assert run(api.HELD).call("c1").is_cancelled
    assert run(api.STUBBED).violations == ()
    assert "spoken_tool" in api.loads(str(ROOT / "scenarios" / "barge_in.sim.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "basedpyright"])
def test_type_checkers_accept_what_users_write(checker: str) -> None:
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed: python -m pip install -e '.[dev]'")
    level = ["--strict"] if checker == "mypy" else ["--level", "error"]
    done = subprocess.run(
        [sys.executable, "-m", checker, *level, str(PAGE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "basedpyright"])
def test_type_checkers_see_a_mistake(checker: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed: python -m pip install -e '.[dev]'")
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from llm_sim import Tool, turn, say\nturn(say(7))\nTool(latency=1.5)\n")
    done = subprocess.run(
        [sys.executable, "-m", checker, str(wrong)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert [line for line in (2, 3) if f"wrong.py:{line}:" not in done.stdout] == []
