"""What was expected and not met, told where it stands."""

from pathlib import Path

import pytest

from llm_sim.scenario import Scenario, dump_scenarios, load_scenarios, say, turn
from llm_sim.schedule import decode
from llm_sim.simulation import run
from llm_sim.testing import tell_no_verdict, tell_unmet

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
    one = run(load_scenarios("a.sim.yaml")[0])
    told = tell_unmet(one, headline="FAILED it", replay="again")
    lines = told.splitlines()
    assert lines[:2] == [
        "FAILED it   2 expectations not met",
        "  a.sim.yaml:8:14: LLMText must not come: LLMText at 0 ms",
    ]
    assert [line.split()[-6] for line in lines if line.startswith(">>>")] == ['"Hello."']
    assert lines[-1] == "  replay    again"


INJECTS = """\
version: 1
scenarios:
  - name: greeting
    script: [[{say: Hello.}]]
    inject:
      - {at: LLMText, do: interrupt}
      - {at: LLMText, nth: 2, do: interrupt}
"""
UNSEEN = (
    "the scenario injects interrupt at LLMText for the 2. time, which came once: the run has no "
    "such frame, or not so many of them"
)


def test_an_injection_whose_frame_never_comes_is_told_by_line_and_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.sim.yaml").write_text(INJECTS)
    one = run(load_scenarios("a.sim.yaml")[0])
    assert [tell_no_verdict(one), str(one.complaint)] == [
        f"a.sim.yaml:7:14: {UNSEEN}",
        UNSEEN,
    ]


def test_a_run_without_a_verdict_for_another_reason_is_told_as_it_is() -> None:
    one = run(GREETING.replace(script=[*GREETING.script, *GREETING.script]))
    assert one.complaint is not None
    assert tell_no_verdict(one) == str(one.complaint)


def test_a_schedule_that_does_not_land_is_no_matter_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.sim.yaml"
    file.write_text(INJECTS)
    one = run(load_scenarios(file)[0], schedule=decode("ls1-interrupt@End+1"))
    assert tell_no_verdict(one) == str(one.complaint)
