"""Where a scenario stands."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from llm_sim.errors import Problem
from llm_sim.scenario import Place, Scenario, load_scenarios, say, turn

TEXT = """\
version: 1
scenarios:
  - name: greeting
    script: [[{say: Hello.}]]
    expect: [{frames: [LLMText]}, {frames: [End]}]
"""
IN_PYTHON = Scenario(name="greeting", script=[turn(say("Hello."))])


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    monkeypatch.chdir(tmp_path)
    Path("a.sim.yaml").write_text(TEXT)
    return load_scenarios("a.sim.yaml")[0]


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (Place("a.sim.yaml", "greeting"), "a.sim.yaml::greeting"),
        (Place("a.sim.yaml"), "a.sim.yaml"),
        (Place("a.sim.yaml", "greeting", "test_a.py::test_b"), "test_a.py::test_b"),
        (Place(name="greeting"), ""),
        (Place(), ""),
    ],
)
def test_a_place_is_told_as_a_user_would_write_it(place: Place, told: str) -> None:
    assert (str(place), bool(place)) == (told, bool(told))


@pytest.mark.parametrize("reference", ["a.sim.yaml", "a.sim.yaml::greeting", "a::b[slow=5s]", ""])
def test_a_reference_is_read_back(reference: str) -> None:
    assert str(Place.parse(reference)) == reference
    assert Place.parse(Path("d/a.sim.yaml")) == Place("d/a.sim.yaml")


def test_a_scenario_of_a_file_knows_its_place(loaded: Scenario) -> None:
    place = loaded.place
    assert place == Place("a.sim.yaml", "greeting")
    assert place.position() == (3, 5)
    assert place.problem("no", ("expect", 1)) == Problem("no", "a.sim.yaml", 5, 35)


def test_a_scenario_in_python_has_its_name_alone_and_spells_paths() -> None:
    place = IN_PYTHON.place
    assert (place, place.position()) == (Place(name="greeting"), None)
    assert [place.problem("no", ("expect", 0, "call")), place.problem("no")] == [
        Problem("expect[0].call: no"),
        Problem("no"),
    ]


def test_what_finds_positions_is_neither_compared_nor_pickled(loaded: Scenario) -> None:
    again = pickle.loads(pickle.dumps(loaded))
    assert (again.place, again.place.position()) == (loaded.place, None)
    assert again.place.problem("no", ("expect", 1)) == Problem("expect[1]: no", "a.sim.yaml")
    assert replace(loaded.place, test="t").position() == (3, 5)


def test_a_changed_scenario_keeps_its_place(loaded: Scenario) -> None:
    changed = loaded.replace(name="other", user="Hey.")
    assert changed.place == loaded.place
    assert changed.place.position(("expect", 1)) == (5, 35)
    assert copy.deepcopy(loaded).place == loaded.place


def test_the_place_is_no_part_of_what_happens(loaded: Scenario) -> None:
    elsewhere = loaded.placed(Place("b.sim.yaml", "greeting"))
    assert elsewhere == loaded
    assert elsewhere.to_plain() == loaded.to_plain()
    assert elsewhere.place != loaded.place
    assert loaded != IN_PYTHON


def test_a_file_is_read_and_validated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    file = tmp_path / "a.sim.yaml"
    file.write_text(TEXT)
    bytes_of = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        read.append(path.name)
        return bytes_of(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    (scenario,) = load_scenarios(file)
    scenario.place.position(("expect", 1))
    scenario.place.position(("script", 0))
    assert read == ["a.sim.yaml"]
