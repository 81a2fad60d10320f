"""What a shell completes."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_sim.cli import _completion as complete
from llm_sim.invariants import LAWS
from llm_sim.kept import FAILURES
from llm_sim.schedule import KINDS
from tests.cli.conftest import RACE
from tests.support.command import Command, finished, started


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("sweep r", ["race.sim.yaml"]),
        ("sweep race.sim.yaml --target p", ["pipecat"]),
        ("sweep race.sim.yaml --inject interrupt+user_s", [
            "interrupt+user_starts", "interrupt+user_stops",
        ]),
        ("explain LS30", [law.code for law in LAWS if law.code.startswith("LS30")]),
        ("sh", ["show", "shrink"]),
    ],
)  # fmt: skip
def test_a_shell_asks_and_is_answered(here: Path, typed: str, completed: list[str]) -> None:
    env = {
        "_LLM_SIM_COMPLETE": "complete_bash",
        "COMP_WORDS": f"llm-sim {typed}",
        "COMP_CWORD": str(len(typed.split())),
    }
    asked = finished(started(cwd=here, env=env))
    assert (asked.code, asked.err, asked.out.splitlines()) == (0, "", completed)


def test_scenario_files_are_found_in_the_usual_places(here: Path) -> None:
    for place in ("scenarios", "tests", "elsewhere"):
        (here / place).mkdir()
        (here / place / "a.sim.yaml").write_text(RACE, encoding="utf-8")
    assert complete.scenarios("") == ["race.sim.yaml", "scenarios/a.sim.yaml", "tests/a.sim.yaml"]
    assert complete.scenarios("elsewhere/") == ["elsewhere/a.sim.yaml"]
    assert complete.scenarios("elsewhere/b") == []


def test_scenarios_are_found_in_their_file(here: Path) -> None:
    assert complete.scenarios("race.sim.yaml::") == ["race.sim.yaml::race"]
    assert complete.scenarios("race.sim.yaml::b") == []
    assert complete.scenarios("nothing.sim.yaml::") == []


def test_saved_failures_are_found(cli: Command, here: Path) -> None:
    cli("sweep", "race.sim.yaml", "--target", "naive")
    saved = sorted(path.name for path in Path(FAILURES).iterdir())
    assert saved != []
    assert complete.replayable("") == ["race.sim.yaml", *(f"{FAILURES}/{name}" for name in saved)]
    assert complete.failures("") == [name.removesuffix(".failure.yaml") for name in saved]
    assert complete.failures("nothing") == []


def test_traces_are_found(here: Path) -> None:
    (here / "a.jsonl").write_text("", encoding="utf-8")
    assert complete.traces("") == ["a.jsonl"]


def test_of_several_stimuli_the_last_is_completed() -> None:
    assert complete.swept("") == list(KINDS)
    assert complete.swept("interrupt+e") == ["interrupt+end", "interrupt+error"]
    assert complete.fuzzed("end,canc") == ["end,cancel"]


def test_laws_are_shown_with_their_names() -> None:
    assert complete.laws("ls101") == [("LS101", "settled-once")]
