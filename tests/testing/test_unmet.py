"""What was expected and not met, told where it stands."""

from pathlib import Path

import pytest

from llm_sim.scenario import Scenario, dump_scenarios, say, turn
from llm_sim.simulation import run
from llm_sim.testing import tell_unmet

GREETING = Scenario(
    name="greeting",
    script=[turn(say("Hello."))],
    expect=[{"frames": ["LLMText"]}, {"absent": {"frame": "LLMText"}}, {"frames": ["End"]}],
)


def test_an_expectation_of_a_scenario_in_python_is_told_by_its_path() -> None:
    assert tell_unmet(run(GREETING)).splitlines()[:4] == [
        "2 expectations not met",
        "  expect[1].absent: LLMText must not come: LLMText at 0 ms",
        "  expect[2].frames: End did not come: no such frame passed; there were LLMMessagesAppend, "
        "LLMContext, LLMFullResponseStart, LLMText, LLMFullResponseEnd",
        "  timeline  reference 0.1.0, parallel mode",
    ]


def test_an_expectation_of_a_file_is_told_by_line_and_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.sim.yaml").write_text(dump_scenarios([GREETING]))
    told = tell_unmet(run(GREETING), "a.sim.yaml::greeting", headline="FAILED it", replay="again")
    lines = told.splitlines()
    assert lines[:2] == [
        "FAILED it   2 expectations not met",
        "  a.sim.yaml:8:14: LLMText must not come: LLMText at 0 ms",
    ]
    assert [line.split()[-6] for line in lines if line.startswith(">>>")] == ['"Hello."']
    assert lines[-1] == "  replay    again"
