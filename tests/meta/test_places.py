"""How many places a new member of a table needs.

A copy of the package is edited in a few places, and a fresh process uses what was added.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.support.scenarios import ROOT

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Edit:
    """One place that somebody edits by hand.

    Parameters:
        file: The file, from the package.
        anchor: A text that stands once in it.
        insertion: What is put before the anchor.
    """

    file: str
    anchor: str
    insertion: str


A_STIMULUS: Final = (
    Edit(
        "stimuli/_table.py",
        '    StimulusKind(word="error"',
        '    StimulusKind(word="sneeze", in_words="sneeze", enters_as=("BotStartedSpeaking",)),\n',
    ),
    Edit(
        "scenario/_builders.py",
        "def error() -> Stimulus:",
        'def sneeze() -> Stimulus:\n    return Stimulus(kind="sneeze")\n\n\n',
    ),
    Edit("scenario/__init__.py", "    turn,\n    unregister,\n", "    sneeze,\n"),
    Edit("scenario/__init__.py", '    "spell",\n', '    "sneeze",\n'),
)

USE_THE_STIMULUS: Final = """
from hypothesis import find

from llm_sim.errors import TargetError
from llm_sim.exploration import sweep
from llm_sim.reports import summary_lines
from llm_sim.scenario import Scenario, Stimulus, at, call, scenario_schema, sneeze, turn
from llm_sim.simulation import run
from llm_sim.strategies import schedules

SCRIPT = {"script": [[{"call": "f"}], [{"say": "Done."}]], "tools": {"f": {}}}
inject = [{"at": "FunctionCallsStarted", "do": "sneeze"}]
one = run(Scenario.from_plain({**SCRIPT, "inject": inject}))
assert one.scenario.inject == (at("FunctionCallsStarted", sneeze()),), one.scenario
print("frames", "BotStartedSpeaking" in [frame.type for frame in one.trace.frames], one.laws)
report = sweep(Scenario.from_plain(SCRIPT), inject="sneeze")
print("swept", report.points > 0, report.laws, "sneeze at each of" in next(summary_lines(report)))
print("schema", "sneeze" in str(scenario_schema()["$defs"]["Stimulus"]))
drawn = find(schedules(), lambda one: [each.kind for each in one.landings] == ["sneeze"])
print("drawn", drawn.in_words())
unknown = Stimulus.model_construct(kind="dtmf", text="")
try:
    run(Scenario.from_plain(SCRIPT).replace(inject=[at("FunctionCallsStarted", unknown)]))
except TargetError as error:
    print("unknown", error)
"""

A_KEY: Final = (
    Edit("scenario/_model.py", "        marks: Words for", "        mood: How the user feels.\n"),
    Edit("scenario/_model.py", "    marks: Given[", '    mood: Text = ""\n'),
)

USE_THE_KEY: Final = """
from inspect import signature

from llm_sim.exploration import shrink
from llm_sim.scenario import Scenario, dump_scenarios, load_scenarios, scenario_schema
from llm_sim.schedule import decode
from llm_sim.simulation import run

calls = [[{"call": "f", "as": "f1"}, {"call": "g", "as": "g1"}], [{"say": "Done."}]]
slow = {"latency": "100ms"}
plain = {"script": calls, "mode": "sequential", "tools": {"f": slow, "g": slow}}
moody = Scenario.from_plain({**plain, "mood": "calm"})
assert moody == Scenario.from_plain(plain).replace(mood="calm")
with open("moody.sim.yaml", "w") as file:
    file.write(dump_scenarios([moody]))
print("written", "\\n  mood: calm\\n" in dump_scenarios([moody]))
(loaded,) = load_scenarios("moody.sim.yaml")
print("loaded", loaded == moody, loaded.place.position(("mood",)) is not None)
print("taken", signature(Scenario).parameters["mood"])
print("schema", scenario_schema()["$defs"]["Scenario"]["properties"]["mood"])
failing = run(moody, target="naive", schedule=decode("ls1-interrupt@FunctionCallsStarted+1"))
shrunk = shrink(failing, failing.violations[0])
print("shrunk", "mood" in shrunk.run.scenario.to_plain())
"""


@pytest.mark.parametrize(
    ("edits", "most", "use", "told"),
    [
        pytest.param(
            A_STIMULUS,
            4,
            USE_THE_STIMULUS,
            [
                "frames True ()",
                "swept True () True",
                "schema True",
                "drawn sneeze 0 steps after the conversation opened",
                "unknown target 'reference' does not know the stimulus 'dtmf'",
            ],
            id="stimulus",
        ),
        pytest.param(
            A_KEY,
            3,
            USE_THE_KEY,
            [
                "written True",
                "loaded True True",
                "taken mood: str = ''",
                "schema {'description': 'How the user feels.', 'type': 'string'}",
                "shrunk False",
            ],
            id="key",
        ),
    ],
)
def test_a_new_member_needs_few_places(
    edits: tuple[Edit, ...], most: int, use: str, told: list[str], tmp_path: Path
) -> None:
    assert len(edits) <= most
    shutil.copytree(
        ROOT / "llm_sim", tmp_path / "llm_sim", ignore=shutil.ignore_patterns("__pycache__")
    )
    for edit in edits:
        file = tmp_path / "llm_sim" / edit.file
        text = file.read_text(encoding="utf-8")
        assert text.count(edit.anchor) == 1, edit
        file.write_text(text.replace(edit.anchor, edit.insertion + edit.anchor), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", use],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.stdout.splitlines(), done.stderr) == (told, "")
