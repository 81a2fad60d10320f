"""Whatever a file says, it is loaded, or refused with line and column."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_sim.errors import Problem, ScenarioError
from llm_sim.scenario import Scenario, dump_scenarios, load_scenarios, scenario_schema

SOUND = {
    "name": "a",
    "script": [[{"say": "Hm."}, {"call": "slow", "as": "c1"}]],
    "tools": {"slow": {}},
}
WORDS = [
    *("a", "b", "c1", "a[x=1s]", "5s", "0", "LLMText", "cancelled", "interrupt", "down"),
    *("f.yaml::a", "g.yaml::a", "x.yaml::a"),
]
KEYS = [
    *("c1", "slow", "llm", "skip", "xfail"),
    *(key for part in scenario_schema()["$defs"].values() for key in part.get("properties", ())),
]
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(WORDS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
ENTRIES = VALUES | st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4).map(
    lambda more: {**SOUND, **more}
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


def loaded_from(file: Path) -> tuple[tuple[Scenario, ...], tuple[Problem, ...]]:
    try:
        return load_scenarios(file), ()
    except ScenarioError as refused:
        return (), refused.problems


@given(st.lists(ENTRIES, max_size=3), st.lists(ENTRIES, max_size=2))
def test_whatever_a_file_says_is_loaded_or_refused_at_its_place(
    directory: Path, entries: list[Any], of_another_file: list[Any]
) -> None:
    for name, scenarios in (("f.yaml", entries), ("g.yaml", of_another_file)):
        text = json.dumps({"version": 1, "scenarios": scenarios})
        (directory / name).write_text(text, encoding="utf-8")
    loaded, problems = loaded_from(directory / "f.yaml")
    assert [problem for problem in problems if not (problem.line and problem.column)] == []
    for scenario in loaded:
        position = scenario.place.position(("expect", 0, "call"))
        assert position is not None
        assert position[0] == 1
    if not loaded:
        return
    (directory / "h.yaml").write_text(dump_scenarios(loaded), encoding="utf-8")
    assert load_scenarios(directory / "h.yaml") == loaded
