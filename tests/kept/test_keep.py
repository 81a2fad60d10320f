"""A finding is kept as a file, and knows its name from then on."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_sim.errors import SimulationError
from llm_sim.kept import FailureStore
from llm_sim.scenario import Scenario, Tool, after, call, interrupt, say, turn
from llm_sim.simulation import Finding, NoVerdict, Run, Setup, simulate

RACE = Scenario(
    mode="sequential",
    script=[turn(call("check", as_="c1"), call("hang_up", as_="c2")), turn(say("Done."))],
    inject=[after("50ms", interrupt())],
    tools={"check": Tool(latency="100ms"), "hang_up": Tool(latency="50ms")},
)


@pytest.fixture(scope="module")
def broken() -> Run:
    """A run that breaks a law."""
    return simulate(Setup.of(RACE, target="naive"))


def found(run: Run) -> Finding:
    finding = Finding.of_run(run)
    assert finding is not None
    return finding


def never(name: str, why: str) -> None:
    pytest.fail(f"{name} is not kept: {why}")


def test_a_broken_law_is_kept_under_a_name(broken: Run, tmp_path: Path) -> None:
    store = FailureStore(tmp_path)
    kept = store.keep(found(broken), never)
    assert [saved.name for saved in store.load()] == [kept.saved]
    assert kept.saved.startswith("LS101-hang_up-")


def test_what_cannot_be_written_is_told_and_not_named(broken: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    lost: list[tuple[str, str]] = []
    directory = tmp_path / "taken" / "below"
    kept = FailureStore(directory).keep(found(broken), lambda *told: lost.append(told))
    ((name, why),) = lost
    assert (kept.saved, why) == ("", f"{directory}: Not a directory")
    assert name.startswith("LS101-hang_up-")


def test_a_finding_without_a_broken_law_is_not_kept(broken: Run, tmp_path: Path) -> None:
    verdict = NoVerdict(SimulationError("it broke off"))
    finding = Finding(broken.setup, broken.schedule, verdict, broken)
    assert FailureStore(tmp_path / "none").keep(finding, never) is finding
    assert not (tmp_path / "none").exists()
