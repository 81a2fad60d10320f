"""What was expected and not met, told where it stands."""

from pathlib import Path

import pytest

from llm_sim.errors import SimulationError
from llm_sim.reports import Telling, render_finding
from llm_sim.scenario import Scenario, dump_scenarios, load_scenarios, say, turn
from llm_sim.schedule import decode
from llm_sim.simulation import Finding, NoVerdict, Run, run

GREETING = Scenario(
    name="greeting",
    script=[turn(say("Hello."))],
    expect=[{"frames": ["LLMText"]}, {"absent": {"frame": "LLMText"}}, {"frames": ["End"]}],
)


def told(one: Run, how: Telling | None = None) -> list[str]:
    """Return the lines of what is wrong with a run."""
    finding = Finding.of_run(one)
    assert finding is not None
    return render_finding(finding, how).splitlines()


def test_an_expectation_of_a_scenario_in_python_is_told_by_its_path() -> None:
    assert told(run(GREETING))[:5] == [
        "expectation not met: LLMText must not come: LLMText at 0 ms (and 1 more)",
        "  in        greeting on reference 0.1.0",
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
    lines = told(one, Telling(placed=True, replay="again"))
    assert lines[1] == "  a.sim.yaml:8:14: LLMText must not come: LLMText at 0 ms"
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
UNSEEN = "the scenario injects interrupt at the 2nd LLMText: there was none, only 1 came"


def test_an_injection_whose_frame_never_comes_is_told_by_line_and_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.sim.yaml").write_text(INJECTS)
    assert told(run(load_scenarios("a.sim.yaml")[0])) == [
        f"no verdict: a.sim.yaml:7:14: {UNSEEN}",
        "  in        a.sim.yaml::greeting on reference 0.1.0",
        "  replay    llm-sim run a.sim.yaml::greeting --target reference",
    ]


def test_a_run_without_a_verdict_for_another_reason_is_told_as_it_is() -> None:
    one = run(GREETING.replace(script=[*GREETING.script, *GREETING.script], expect=[]))
    assert f"  why       {one.complaint}" in told(one)


def test_why_a_run_could_not_be_judged_is_told_beside_what_was_not_met() -> None:
    one = run(GREETING.replace(script=[*GREETING.script, *GREETING.script]))
    assert one.unmet
    assert f"  besides   {one.complaint}" in told(one)


def test_a_schedule_that_does_not_land_is_no_matter_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.sim.yaml"
    file.write_text(INJECTS)
    one = run(load_scenarios(file)[0], schedule=decode("ls1-interrupt@End+1"))
    (why,) = (line for line in told(one) if line.startswith("  why"))
    assert why == f"  why       {one.complaint}"
    assert str(file) not in why


def test_a_reason_of_several_lines_is_told_whole() -> None:
    reason = SimulationError("deadlock: it can never finish\n  pipeline waits for a queue")
    one = run(GREETING).judged(NoVerdict(reason))
    lines = told(one)
    assert lines[0] == "no verdict: deadlock: it can never finish"
    assert lines[2:4] == [
        "  why       deadlock: it can never finish",
        "  pipeline waits for a queue",
    ]
