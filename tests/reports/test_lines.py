"""The line that shows a finding again."""

from __future__ import annotations

import pytest

from llm_sim.errors import SimulationError
from llm_sim.invariants import Violation
from llm_sim.kept import OWN_LAW
from llm_sim.reports import replay_line
from llm_sim.scenario import Place
from llm_sim.schedule import decode
from llm_sim.simulation import Broken, Finding, NoVerdict, Setup
from llm_sim.targets import load_bot
from tests.support.scenarios import two_tools

FILE = Place("my bots/a.sim.yaml", "two_tools")
TEST = Place(test="test_a.py::test_it")
BROKEN = Broken((Violation("LS101", "lost"),))
OWN = Broken((Violation("XX001", "mine"),))
ASSERTED = Broken((Violation(OWN_LAW, "2 calls"),))
NO_VERDICT = NoVerdict(SimulationError("no"))
DISTURBED, REORDERED = "ls1-interrupt@start+1", "ls1-undisturbed/order@8:1"
UNDISTURBED = "ls1-undisturbed"
COMMAND = "llm-sim {} 'my bots/a.sim.yaml::two_tools'"


@pytest.mark.parametrize(
    ("place", "verdict", "token", "line"),
    [
        (FILE, BROKEN, DISTURBED, f"{COMMAND.format('replay')} --schedule {DISTURBED}"),
        (FILE, BROKEN, UNDISTURBED, f"{COMMAND.format('replay')} --schedule {UNDISTURBED}"),
        (FILE, NO_VERDICT, DISTURBED, f"{COMMAND.format('replay')} --schedule {DISTURBED}"),
        (FILE, NO_VERDICT, REORDERED, f"{COMMAND.format('replay')} --schedule {REORDERED}"),
        (FILE, NO_VERDICT, UNDISTURBED, COMMAND.format("run")),
    ],
)
def test_a_scenario_of_a_file_is_shown_by_a_command(
    place: Place, verdict: Broken | NoVerdict, token: str, line: str
) -> None:
    setup = Setup.of(two_tools(), target="naive", place=place)
    assert replay_line(Finding(setup, decode(token), verdict)) == f"{line} --target naive"


@pytest.mark.parametrize(
    ("verdict", "token", "line"),
    [
        (BROKEN, UNDISTURBED, 'pytest "test_a.py::test_it" -x'),
        (BROKEN, DISTURBED, f'pytest "test_a.py::test_it" --llm-sim-replay={DISTURBED} -x'),
        (BROKEN, REORDERED, f'pytest "test_a.py::test_it" --llm-sim-replay={REORDERED} -x'),
        (ASSERTED, DISTURBED, 'pytest "test_a.py::test_it" --llm-sim-target naive'),
    ],
)
def test_a_test_shows_what_it_found(verdict: Broken, token: str, line: str) -> None:
    setup = Setup.of(two_tools(), target="naive", place=TEST)
    assert replay_line(Finding(setup, decode(token), verdict), None, "-x") == line


def test_what_no_command_knows_is_shown_in_python() -> None:
    nowhere, in_a_file = (
        Setup.of(two_tools(), place=place) for place in (Place(), Place("a.sim.yaml", "two_tools"))
    )
    lines = [
        replay_line(Finding(nowhere, decode(DISTURBED), BROKEN)),
        replay_line(Finding(in_a_file, decode(DISTURBED), OWN)),
    ]
    run = f'run(scenario, schedule=decode("{DISTURBED}")'
    assert lines == [
        f"{run}), with the same bot and target",
        f"{run}, laws=...), with the same bot and target",
    ]


def test_a_bot_that_was_given_is_given_again() -> None:
    bot = load_bot("tests.quality.bots:catches_all")
    setup = Setup.of(two_tools(), bot=bot, place=Place("a.sim.yaml", "two_tools"))
    assert replay_line(Finding(setup, decode(UNDISTURBED), NO_VERDICT)) == (
        "llm-sim run a.sim.yaml::two_tools --target reference --bot tests.quality.bots:catches_all"
    )
