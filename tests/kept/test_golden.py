"""Golden traces that are to be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_sim.errors import ScenarioError
from llm_sim.kept import GoldenTraces
from llm_sim.scenario import Expectation, Place, Scenario, say, turn
from llm_sim.simulation import Run, run


def one(name: str, here: Path, text: str = "Hello.") -> Run:
    """Return a run of a scenario that expects a golden trace."""
    scenario = Scenario(name=name, script=[turn(say(text))], expect=[Expectation(trace="a.trace")])
    return run(scenario, place=Place(test=f"{here}/test_a.py::test_it"))


def told(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("[") or "sink       LLMText" in line]


def test_what_is_taken_is_met_and_written_in_the_end(tmp_path: Path) -> None:
    golden, file = GoldenTraces(), tmp_path / "a.trace"
    taken, files = golden.take(one("a", tmp_path))
    assert (taken.unmet, files, file.exists()) == ((), (file,), False)
    assert golden.write() == []
    assert one("a", tmp_path).unmet == ()


def test_what_several_processes_have_noted_stands_in_one_file(tmp_path: Path) -> None:
    first, second, both = GoldenTraces(), GoldenTraces(), GoldenTraces()
    before = GoldenTraces()
    for golden, name in ((before, "a"), (before, "d"), (first, "c"), (second, "b")):
        golden.take(one(name, tmp_path))
    before.write()
    second.take(one("d", tmp_path, "Bye."))
    for golden in (first, second):
        both.take_over(golden.noted())
    both.write()
    assert told(tmp_path / "a.trace") == [
        "[a on reference]",
        '      0 ms  v sink       LLMText "Hello."',
        "[b on reference]",
        '      0 ms  v sink       LLMText "Hello."',
        "[c on reference]",
        '      0 ms  v sink       LLMText "Hello."',
        "[d on reference]",
        '      0 ms  v sink       LLMText "Bye."',
    ]


def test_a_scenario_of_a_test_that_names_what_is_no_golden_trace_is_told_by_its_path(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.trace").write_text("mine", encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        GoldenTraces().take(one("a", tmp_path))
    assert str(refused.value) == (
        f"expect[0].trace: {tmp_path / 'a.trace'} is no golden trace; "
        "name another file or delete it"
    )
