"""A new frame about calls is written down in few places, and everything knows it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import llm_sim
from tests.support.command import environment

PACKAGE = Path(llm_sim.__file__).parent
REPOSITORY = PACKAGE.parent

pytestmark = pytest.mark.slow

PLACES = (
    (
        "frames/_function_calls.py",
        "",
        '''

@dataclass(slots=True, eq=False)
class FunctionCallRejectedFrame(ControlFrame):
    """A call is settled because its function is busy."""

    interruptible: ClassVar[bool] = False

    function_name: str
    tool_call_id: str
    busy_secs: int
''',
    ),
    (
        "frames/__init__.py",
        "    FunctionCallInProgressFrame,\n",
        "    FunctionCallRejectedFrame,\n",
    ),
    (
        "frames/__init__.py",
        '    "FunctionCallInProgressFrame",\n',
        '    "FunctionCallRejectedFrame",\n',
    ),
    ("frames/_call_phases.py", 'PhaseName = Literal["started", ', '"rejected", '),
    (
        "frames/_call_phases.py",
        "CALL_PHASES: Final = (\n",
        """    CallPhase(
        "rejected",
        "FunctionCallRejected",
        after="started",
        ends=True,
        fields=("busy_secs",),
        shows="busy_secs",
        anchors=1,
    ),
""",
    ),
)
"""Where the frame is written down: a file, what it is put behind (or the end), and the lines."""

ASKED = """
from types import SimpleNamespace

from llm_sim.exploration import cells
from llm_sim.frames import FunctionCallRejectedFrame
from llm_sim.invariants import get_law, judge
from llm_sim.recorder import describe
from llm_sim.scenario import CallExpected, Scenario
from llm_sim.strategies._schedules import ANCHORS
from llm_sim.trace import DOWN, calls, golden_text
from tests.support.told import Told

frame = describe(FunctionCallRejectedFrame("f", "c1", 7), 0)
told = Told().stimulus("say").started("c1").about(frame.type, *frame.calls, **frame.fields)
told.stimulus("interrupt").rest()

life = calls(told.trace)["c1"]
print("trace", life.phases, life.settled_as(DOWN))
print("golden", [line for line in golden_text(told.trace).splitlines() if frame.type in line][0])
one = SimpleNamespace(trace=told.trace, scenario=Scenario(script=[]))
print("coverage", [cell.phase for cell in cells(one)])
print("laws", judge(told.trace, [get_law("LS101"), get_law("LS104")]))
print("expectations", CallExpected(ends="rejected").ends)
print("landings", ("FunctionCallRejected", 1) in ANCHORS)
"""

KNOWN = """\
trace ['started', 'rejected'] rejected
golden       0 ms  v assistant  FunctionCallRejected c1 f 7
coverage ['delivered']
laws ()
expectations rejected
landings True
"""


def test_a_frame_about_calls_takes_five_places_at_most(tmp_path: Path) -> None:
    copy = tmp_path / "llm_sim"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for file, behind, lines in PLACES:
        text = (copy / file).read_text(encoding="utf-8")
        before, anchor, after = text.partition(behind) if behind else (text, "", "")
        assert anchor == behind, f"{file} has no {behind!r}"
        (copy / file).write_text(before + anchor + lines + after, encoding="utf-8")
    path = f"{tmp_path}:{REPOSITORY}"
    asked = subprocess.run(
        [sys.executable, "-c", ASKED],
        env=environment(PYTHONPATH=path),
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=tmp_path,
    )
    assert (len(PLACES) <= 5, asked.stdout, asked.stderr) == (True, KNOWN, "")
