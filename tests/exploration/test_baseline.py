"""What is known to be broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_sim.errors import ScenarioError, UsageError
from llm_sim.exploration import Baseline, Known, broken
from llm_sim.schedule import decode
from llm_sim.simulation import run
from tests.support.found import TOKEN
from tests.support.scenarios import two_tools

PLACE = "a.sim.yaml::f"
NAIVE = "naive"
TEXT = """\
version: 1
known:
- {place: 'a.sim.yaml::f', target: naive, law: LS101, function: g}
- {place: 'a.sim.yaml::f', target: naive, law: LS204}
- {place: 'b.sim.yaml::f', target: naive, law: LS101, function: g}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A baseline of two places."""
    path = tmp_path / "known.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_what_a_run_broke_is_told_by_law_and_function() -> None:
    one = run(two_tools("sequential"), schedule=decode(TOKEN), target="naive")
    assert broken(one) == (
        ("LS101", "g"),
        ("LS103", "g"),
        ("LS106", "g"),
        ("LS107", "g"),
        ("LS111", ""),
    )


def test_a_clean_run_broke_nothing() -> None:
    assert broken(run(two_tools())) == ()


def test_what_is_in_the_file_is_known_and_nothing_else_is(file: Path) -> None:
    baseline = Baseline(file)
    assert baseline.knows(PLACE, NAIVE, [("LS101", "g"), ("LS204", "")])
    assert [
        baseline.knows(PLACE, NAIVE, [("LS101", "g"), ("LS103", "g")]),
        baseline.knows(PLACE, NAIVE, [("LS101", "h")]),
        baseline.knows("c.sim.yaml::f", NAIVE, [("LS101", "g")]),
        baseline.knows(PLACE, "pipecat", [("LS101", "g")]),
    ] == [False, False, False, False]


def test_without_a_file_nothing_is_known_and_nothing_is_new() -> None:
    baseline = Baseline(None)
    baseline.note(PLACE, NAIVE, [("LS101", "g")])
    assert not baseline.knows(PLACE, NAIVE, [("LS101", "g")])
    assert (baseline.new, baseline.stale, baseline.finish()) == ([], [], [])


def test_what_was_not_seen_where_all_was_run_is_stale(file: Path) -> None:
    baseline = Baseline(file)
    baseline.note(PLACE, NAIVE, [("LS101", "g"), ("LS302", "g")])
    assert baseline.new == [Known(PLACE, NAIVE, "LS302", "g")]
    assert baseline.stale == [Known(PLACE, NAIVE, "LS204")]
    assert baseline.finish() == ["stale     a.sim.yaml::f naive LS204"]
    assert file.read_text(encoding="utf-8") == TEXT


def test_what_was_not_seen_where_only_a_part_was_run_is_not_stale(file: Path) -> None:
    baseline = Baseline(file, prune=True)
    baseline.note(PLACE, NAIVE, [], whole=False)
    assert (baseline.stale, baseline.finish()) == ([], [])
    assert file.read_text(encoding="utf-8") == TEXT


def test_what_was_not_seen_on_another_target_is_not_stale(file: Path) -> None:
    baseline = Baseline(file, prune=True)
    baseline.note(PLACE, "pipecat", [])
    assert (baseline.stale, baseline.finish()) == ([], [])
    assert file.read_text(encoding="utf-8") == TEXT


def test_an_update_adds_what_is_new_in_its_order(file: Path) -> None:
    baseline = Baseline(file, update=True)
    assert baseline.knows(PLACE, NAIVE, [("LS103", "g")])
    baseline.note(PLACE, NAIVE, [("LS103", "g")])
    assert baseline.finish() == [
        "added     a.sim.yaml::f naive LS103 g",
        "stale     a.sim.yaml::f naive LS101 g",
        "stale     a.sim.yaml::f naive LS204",
    ]
    assert file.read_text(encoding="utf-8") == TEXT.replace(
        "- {place: 'a.sim.yaml::f', target: naive, law: LS204}\n",
        "- {place: 'a.sim.yaml::f', target: naive, law: LS103, function: g}\n"
        "- {place: 'a.sim.yaml::f', target: naive, law: LS204}\n",
    )


def test_an_update_creates_the_file_even_where_nothing_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    Baseline(file, update=True).finish()
    assert file.read_text(encoding="utf-8") == "version: 1\nknown: []\n"
    assert not Baseline(file).knows(PLACE, NAIVE, [("LS101", "g")])


def test_pruning_removes_what_is_stale_and_adds_nothing(file: Path) -> None:
    baseline = Baseline(file, prune=True)
    baseline.note(PLACE, NAIVE, [("LS101", "g"), ("LS302", "g")])
    assert baseline.finish() == ["removed   a.sim.yaml::f naive LS204"]
    assert file.read_text(encoding="utf-8") == TEXT.replace(
        "- {place: 'a.sim.yaml::f', target: naive, law: LS204}\n", ""
    )


def test_a_baseline_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        Baseline(tmp_path / "no.yaml")
    assert str(raised.value) == (
        f"{tmp_path}/no.yaml: there is no such baseline; update it, and it is created"
    )


@pytest.mark.parametrize("how", ["update", "prune"])
def test_what_changes_a_baseline_needs_its_file(how: str) -> None:
    with pytest.raises(UsageError, match="there is no baseline to update or to prune"):
        Baseline(None, **{how: True})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 3\nknown: []\n", "1:10: version must be 1, not 3"),
        (
            "version: 1\nknown:\n- {palce: x, target: naive, law: LS101}\n",
            "3:4: unknown key 'palce' (did you mean 'place'?)",
        ),
        (
            "version: 1\nknown:\n- {place: x, law: LS101}\n",
            "3:3: missing key 'target': add `target: pipecat`",
        ),
        (
            "version: 1\nknown:\n- {place: x, target: naive, law: L101}\n",
            "3:34: law must be the code of a law, not 'L101' (did you mean 'LS101'?)",
        ),
        (
            "version: 1\nknown:\n- {place: x, target: pipecatt, law: LS101}\n",
            "3:22: target must be reference or naive or pipecat, not 'pipecatt' "
            "(did you mean 'pipecat'?)",
        ),
    ],
)
def test_a_damaged_baseline_is_refused_with_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "known.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as raised:
        Baseline(file)
    assert str(raised.value).splitlines()[-1] == f"{file}:{message}"
