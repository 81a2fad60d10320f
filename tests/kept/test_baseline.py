"""What is known to be broken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from llm_sim.errors import ScenarioError, UsageError
from llm_sim.invariants import Violation
from llm_sim.kept import Baseline, Known
from llm_sim.scenario import Place, Scenario, Tool, call, turn
from llm_sim.schedule import Schedule, decode
from llm_sim.simulation import (
    Broken,
    BrokenLaw,
    Finding,
    Setup,
    UnmetExpectation,
    broken_laws,
    run,
)
from llm_sim.targets.reference import ReferenceTarget, ScriptedLLMService
from tests.support.saved import TOKEN
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


def found(*broken: BrokenLaw, place: str = PLACE, target: str = NAIVE) -> Finding:
    """Return a finding of these laws, each with the tool that it is about."""
    tools = {tool: Tool() for _, tool in broken if tool}
    script = [turn(*(call(tool, as_=tool) for tool in tools))]
    scenario = Scenario(name="f", script=script, tools=tools)
    setup = Setup.of(scenario, target=target, place=Place.parse(place))
    violations = tuple(Violation(law, "broken", tool) for law, tool in broken)
    return Finding(setup, Schedule(), Broken(violations))


def knows(baseline: Baseline, *broken: BrokenLaw, place: str = PLACE, target: str = NAIVE) -> bool:
    """Return whether all of these are known."""
    return baseline.filtered(found(*broken, place=place, target=target)).known


def note(baseline: Baseline, *broken: BrokenLaw, target: str = NAIVE, whole: bool = True) -> None:
    """Note what was broken at the place, where all there is was run."""
    finding = found(*broken, target=target)
    if broken:
        baseline.filtered(finding)
    if whole:
        baseline.covered(finding.setup)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A baseline of two places."""
    path = tmp_path / "known.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_what_a_run_broke_is_told_by_law_and_function() -> None:
    one = run(two_tools("sequential"), schedule=decode(TOKEN), target="naive")
    assert broken_laws(one.setup, one.violations) == (
        ("LS101", "g"),
        ("LS103", "g"),
        ("LS106", "g"),
        ("LS107", "g"),
        ("LS111", ""),
    )


def test_a_clean_run_broke_nothing() -> None:
    clean = run(two_tools())
    assert broken_laws(clean.setup, clean.violations) == ()


def test_what_is_in_the_file_is_known_and_nothing_else_is(file: Path) -> None:
    baseline = Baseline(file)
    assert knows(baseline, ("LS101", "g"), ("LS204", ""))
    assert [
        knows(baseline, ("LS101", "g"), ("LS103", "g")),
        knows(baseline, ("LS101", "h")),
        knows(baseline, ("LS101", "g"), place="c.sim.yaml::f"),
        knows(baseline, ("LS101", "g"), target="reference"),
    ] == [False, False, False, False]


def test_without_a_file_nothing_is_known_and_nothing_is_new() -> None:
    baseline = Baseline(None)
    assert not knows(baseline, ("LS101", "g"))
    assert (baseline.new, baseline.stale, baseline.finish()) == ([], [], [])


def test_what_was_not_seen_where_all_was_run_is_stale(file: Path) -> None:
    baseline = Baseline(file)
    note(baseline, ("LS101", "g"), ("LS302", "g"))
    assert baseline.new == [Known(PLACE, NAIVE, "LS302", "g")]
    assert baseline.stale == [Known(PLACE, NAIVE, "LS204")]
    assert baseline.finish() == ["stale     a.sim.yaml::f naive LS204"]
    assert file.read_text(encoding="utf-8") == TEXT


def test_what_was_not_seen_where_only_a_part_was_run_is_not_stale(file: Path) -> None:
    baseline = Baseline(file, prune=True)
    note(baseline, whole=False)
    assert (baseline.stale, baseline.finish()) == ([], [])
    assert file.read_text(encoding="utf-8") == TEXT


def test_what_was_not_seen_on_another_target_is_not_stale(file: Path) -> None:
    baseline = Baseline(file, prune=True)
    note(baseline, target="reference")
    assert (baseline.stale, baseline.finish()) == ([], [])
    assert file.read_text(encoding="utf-8") == TEXT


def test_an_update_adds_what_is_new_in_its_order(file: Path) -> None:
    baseline = Baseline(file, update=True)
    assert knows(baseline, ("LS103", "g"))
    note(baseline, ("LS103", "g"))
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
    assert not knows(Baseline(file), ("LS101", "g"))


def test_what_breaks_on_a_target_of_ones_own_is_known_after_an_update(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    core = ReferenceTarget("our_core", ScriptedLLMService)
    one = found(("LS101", "g"))
    one = replace(one, setup=replace(one.setup, target=core))
    baseline = Baseline(file, update=True)
    baseline.filtered(one)
    assert baseline.finish() == ["added     a.sim.yaml::f our_core LS101 g"]
    assert Baseline(file).filtered(one).known


def test_pruning_removes_what_is_stale_and_adds_nothing(file: Path) -> None:
    baseline = Baseline(file, prune=True)
    note(baseline, ("LS101", "g"), ("LS302", "g"))
    assert baseline.finish() == ["removed   a.sim.yaml::f naive LS204"]
    assert file.read_text(encoding="utf-8") == TEXT.replace(
        "- {place: 'a.sim.yaml::f', target: naive, law: LS204}\n", ""
    )


def test_what_is_broken_on_purpose_is_neither_known_nor_new(file: Path) -> None:
    baseline = Baseline(file)
    baseline.filtered(found(("LS302", "g")), ["LS302"])
    assert baseline.new == []
    assert baseline.filtered(found(("LS302", "g"), ("LS101", "g")), ["LS302"]).known


def test_an_expectation_that_is_not_met_either_is_never_known(file: Path) -> None:
    one = found(("LS101", "g"))
    missed = UnmetExpectation(("expect", 0, "frames"), "End did not come")
    also = replace(one, verdict=Broken(one.violations, (missed,)))
    assert Baseline(file).filtered(one).known
    assert not Baseline(file).filtered(also).known


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
