"""How many runs a search makes: those that its report names, and no more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from llm_sim.exploration import SweepReport, completed, search_points, sweep
from llm_sim.kept import Baseline, FailureStore
from llm_sim.loop import StockLoop
from llm_sim.reports import (
    Telling,
    headline,
    render_finding,
    render_sweep,
    summary_lines,
    window_lines,
)
from llm_sim.scenario import Scenario, Tool, call, say, turn
from llm_sim.schedule import Schedule
from llm_sim.simulation import Setup
from llm_sim.simulation._stage import Stage
from tests.support.scenarios import spoken_tool, two_tools

UNDISTURBED = 2
"""The second shows that the first is the same run again."""


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the runs, by what they are made on."""
    counts: Counter[str] = Counter()
    play = Stage.play

    def counted(stage: Stage, schedule: Schedule) -> None:
        counts["stock" if isinstance(stage.loop, StockLoop) else "simulated"] += 1
        play(stage, schedule)

    monkeypatch.setattr(Stage, "play", counted)
    return counts


def never_lost(name: str, why: str) -> None:
    """Fail where a failure cannot be kept."""
    pytest.fail(f"{name}: {why}")


def broken_findings(report: SweepReport) -> int:
    """Return how many findings of a sweep break a law."""
    return sum(bool(finding.laws) for finding in report.findings)


@pytest.mark.parametrize("every", [False, True])
def test_a_clean_sweep_makes_two_undisturbed_runs_and_those_that_it_names(
    played: Counter[str], every: bool
) -> None:
    report = sweep(spoken_tool(), every=every)
    assert report.clean
    assert played == {"simulated": UNDISTURBED + report.runs}


@pytest.mark.parametrize("every", [False, True])
def test_a_failing_sweep_asks_asyncios_own_loop_once_for_each_finding(
    played: Counter[str], every: bool
) -> None:
    report = sweep(two_tools("sequential"), target="naive", every=every)
    assert broken_findings(report) == len(report.findings) > 1
    assert played == {"simulated": UNDISTURBED + report.runs, "stock": len(report.findings)}


def test_what_fails_undisturbed_already_takes_no_run_more(played: Counter[str]) -> None:
    script = [turn(call("f", as_="f1")), turn(say("Done."))]
    silent = Scenario(script=script, tools={"f": Tool(does="hang")}, strict=["LS401"])
    report = sweep(silent)
    assert report.undisturbed.laws
    assert played["simulated"] == UNDISTURBED + report.runs
    assert played["stock"] == broken_findings(report)


def test_points_without_a_verdict_are_not_asked_about_again(played: Counter[str]) -> None:
    script = [turn(call("f", as_="f1")), turn(say("Done.")), turn(say("Never said."))]
    report = sweep(two_tools().replace(script=script))
    assert report.undisturbed.complaint is not None
    assert played == {"simulated": UNDISTURBED + report.runs}


def test_a_finding_is_told_with_the_run_that_stands_for_it(played: Counter[str]) -> None:
    setup = Setup.of(two_tools("sequential"), target="naive")
    findings = list(search_points(setup))
    before = played.copy()
    for finding in findings:
        assert finding.run is not None
        assert finding.stock is not None
        assert finding.stock.found is finding.run
    assert played == before


def test_telling_a_sweep_starts_no_run(played: Counter[str]) -> None:
    report = sweep(two_tools("sequential"), target="naive")
    before = played.copy()
    text = render_sweep(report)
    text += "\n".join([*summary_lines(report), *window_lines(report)])
    text += "\n".join(f"{headline(one)}\n{render_finding(one)}" for one in report.findings)
    assert "asyncio's own loop fails at the same step too" in text
    assert played == before


def test_keeping_filtering_and_telling_what_is_kept_start_no_run(
    played: Counter[str], tmp_path: Path
) -> None:
    report = completed(search_points(Setup.of(two_tools("sequential"), target="naive")))
    before = played.copy()
    store, baseline = FailureStore(tmp_path), Baseline(tmp_path / "known.yaml", update=True)
    kept = [store.keep(baseline.filtered(one), never_lost) for one in report.findings]
    baseline.covered(report.setup)
    baseline.finish()
    text = "\n".join(render_finding(one, Telling(store=store)) for one in kept)
    assert all(one.known and one.saved in text for one in kept)
    assert len(store.load()) == len(kept)
    assert report.to_plain()["failed"] == report.failed
    assert played == before
