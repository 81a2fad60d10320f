"""What is run: every part resolved and checked once."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from llm_sim.errors import BotError, ScenarioError, UsageError
from llm_sim.invariants import LAWS, at_level, get_law
from llm_sim.network import Network
from llm_sim.scenario import Place, Scenario, Tool, load_scenarios
from llm_sim.simulation import DEFAULTS, Defaults, Limits, Setup, run, simulate
from llm_sim.targets import Bot, load_bot
from tests.quality.bots import catches_all
from tests.support.scenarios import spoken_tool, two_tools

TEXT = """\
version: 1
scenarios:
  - name: a
    bot: no_bots:build
    script: [[{say: Hello.}]]
    strict: [LS401, LS999]
  - {name: b, extends: a}
"""
BOT = "a.sim.yaml:4:10: bot 'no_bots:build': cannot import 'no_bots': No module named 'no_bots'"
LAW = "a.sim.yaml:6:21: there is no law 'LS999' (did you mean 'LS109'?)"

Told = Callable[..., list[list[str]]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Return the message about each scenario of a file."""
    monkeypatch.chdir(tmp_path)

    def mistakes(scenario: Scenario, parts: dict[str, Any]) -> list[str]:
        with pytest.raises(ScenarioError) as caught:
            Setup.of(scenario, **parts)
        return str(caught.value).splitlines()

    def check(text: str, **parts: Any) -> list[list[str]]:
        Path("a.sim.yaml").write_text(text, encoding="utf-8")
        return [mistakes(scenario, parts) for scenario in load_scenarios("a.sim.yaml")]

    return check


def test_a_law_and_a_bot_that_are_not_there_are_told_at_once_with_their_places(told: Told) -> None:
    first, second = told(TEXT)
    law, bot = first
    assert law == LAW
    assert bot.startswith(BOT)
    assert second == first


def test_a_bot_that_is_not_run_is_not_looked_up(told: Told) -> None:
    assert told(TEXT, bot=Bot(catches_all)) == [[LAW], [LAW]]


@pytest.mark.parametrize(
    ("bot", "message"),
    [
        (
            "tests.quality.bots:catches_al",
            "bot 'tests.quality.bots:catches_al': tests.quality.bots has no 'catches_al' "
            "(did you mean 'catches_all'?)",
        ),
        (
            "llm_sim:__version__",
            "bot 'llm_sim:__version__' is a str; give a Bot or a function build(llm)",
        ),
    ],
)
def test_whatever_is_wrong_with_a_bot_is_told_at_its_line(
    told: Told, bot: str, message: str
) -> None:
    text = f"version: 1\nscenarios: [{{name: a, script: [],\n  bot: '{bot}'}}]\n"
    assert told(text) == [[f"a.sim.yaml:3:8: {message}"]]


def test_a_mistake_of_a_scenario_in_python_has_no_place() -> None:
    with pytest.raises(BotError, match=r"^bot 'no_bots:build': cannot import 'no_bots'"):
        Setup.of(spoken_tool().replace(bot="no_bots:build", tools={}))
    with pytest.raises(ScenarioError, match=r"^strict\[0\]: there is no law 'LS999'"):
        Setup.of(spoken_tool().replace(strict=["LS999"]))


def test_what_is_there_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "a.sim.yaml"
    text = TEXT.replace("no_bots:build", "tests.quality.bots:catches_all")
    file.write_text(text.replace(", LS999", ""), encoding="utf-8")
    bots = [Setup.of(scenario).bot for scenario in load_scenarios(file)]
    assert bots == [load_bot("tests.quality.bots:catches_all")] * 2


@pytest.mark.parametrize(
    ("part", "wrong", "message"),
    [
        ("scenario", "a.sim.yaml", "scenario must be one Scenario, not 'a.sim.yaml'; write "),
        ("bot", "bots:build", "bot must be a Bot, not 'bots:build'; write load_bot('bots:build')"),
        ("bot", catches_all, "bot must be a Bot, not <function catches_all "),
        ("target", "refrence", "there is no target 'refrence' (did you mean 'reference'?)"),
        ("target", "", "there is no target ''"),
        ("target", 3, "target must be one of 'reference', "),
        ("laws", "LS101", "laws must be a tuple of laws, not 'LS101'; write (get_law("),
        ("laws", {"LS101"}, "laws must be a tuple of laws, not {'LS101'}; write (get_law("),
        ("laws", ["LS101"], "laws has 'LS101', which is no law; write get_law("),
        ("limits", 1000, "limits must be Limits, not 1000; write Limits(max_steps=1000)"),
        ("network", {}, "network must be a Network, not {}; write net = Network()"),
        ("place", "a.sim.yaml", "place must be a Place, not 'a.sim.yaml'; write Place.parse("),
    ],
)
def test_a_part_of_another_kind_is_refused_with_what_to_write(
    part: str, wrong: Any, message: str
) -> None:
    parts: dict[str, Any] = {"scenario": spoken_tool(), part: wrong}
    with pytest.raises(UsageError) as raised:
        Setup.of(**parts)
    assert str(raised.value).startswith(message)


@contextmanager
def holding(**said: Any) -> Iterator[None]:
    """Let a session say what holds."""
    before = DEFAULTS.set(Defaults(**said))
    try:
        yield
    finally:
        DEFAULTS.reset(before)


FEW_STEPS = Limits(max_steps=7_000)


def test_what_a_call_does_not_say_the_session_says() -> None:
    with holding(target="naive", laws=(get_law("LS101"),), limits=FEW_STEPS):
        setup = Setup.of(two_tools())
        one = run(two_tools())
    assert (setup.target.name, setup.laws, setup.limits) == (
        "naive",
        (get_law("LS101"),),
        FEW_STEPS,
    )
    assert one.trace.header.target_name == "naive"


def test_what_a_call_says_holds_whatever_the_session_says() -> None:
    with holding(target="naive", override="naive", laws=(), limits=FEW_STEPS):
        setup = Setup.of(two_tools(), target="reference", laws=LAWS, limits=Limits(max_steps=5))
    assert (setup.target.name, setup.laws, setup.limits) == ("reference", LAWS, Limits(max_steps=5))


def test_the_scenario_names_its_target_unless_the_call_or_the_session_insists() -> None:
    scenario = two_tools().replace(target="reference")
    with holding(target="naive"):
        named = [Setup.of(scenario), Setup.of(scenario, target="naive")]
    with holding(override="naive"):
        named.append(Setup.of(scenario))
    assert [setup.target.name for setup in named] == ["reference", "naive", "naive"]


def test_where_nobody_says_anything_it_is_the_reference_core_with_every_law() -> None:
    with holding():
        setup = Setup.of(spoken_tool())
    assert (setup.target.name, setup.laws, setup.bot) == ("reference", LAWS, Bot())
    assert (setup.limits, setup.network, str(setup.place)) == (Limits(), None, "")


def test_a_scenario_that_takes_long_has_wider_limits() -> None:
    slow = two_tools().replace(tools={"f": Tool(latency="60m"), "g": Tool()})
    assert Setup.of(slow).limits == Limits.of(slow)
    assert Setup.of(slow).limits.max_time_ns > Limits().max_time_ns


def test_a_strict_law_is_an_error_and_the_others_keep_their_level() -> None:
    setup = Setup.of(spoken_tool().replace(strict=["LS401"]), laws=LAWS)
    raised = {law.code for law in setup.judged if law.level == "error"}
    usual = {law.code for law in LAWS if law.level == "error"}
    assert raised - usual == {"LS401"}
    assert setup.judged == at_level("error", "LS401", laws=LAWS)


def test_a_variation_keeps_all_but_the_scenario() -> None:
    network, place = Network(), Place("a.sim.yaml", "spoken_tool")
    setup = Setup.of(
        spoken_tool(), target="naive", laws=(get_law("LS101"),), network=network, place=place
    )
    varied = setup.varied(two_tools())
    assert varied.scenario == two_tools()
    assert (varied.bot, varied.target, varied.laws) == (setup.bot, setup.target, setup.laws)
    assert (varied.network, varied.place) == (network, place)


def test_the_limits_of_a_variation_follow_from_it_unless_they_were_given() -> None:
    slow = two_tools().replace(tools={"f": Tool(latency="60m"), "g": Tool()})
    given = Limits(max_steps=7_000)
    assert Setup.of(two_tools()).varied(slow).limits == Limits.of(slow)
    assert Setup.of(slow).varied(two_tools()).limits == Limits()
    assert Setup.of(two_tools(), limits=given).varied(slow).limits == given


@pytest.mark.parametrize(
    "bot", [None, Bot(catches_all), load_bot("tests.quality.bots:catches_all")]
)
def test_a_setup_can_be_pickled_where_its_bot_can(bot: Bot | None) -> None:
    setup = Setup.of(spoken_tool(), bot=bot, place=Place("a.sim.yaml", "spoken_tool"))
    again = pickle.loads(pickle.dumps(setup))
    assert (again.scenario, again.bot, again.laws, again.limits, again.place) == (
        setup.scenario,
        setup.bot,
        setup.laws,
        setup.limits,
        setup.place,
    )
    assert simulate(again).trace == simulate(setup).trace


def test_a_run_can_be_pickled_with_its_verdict() -> None:
    one = run(two_tools("sequential").replace(strict=["LS401"]), target="naive")
    again = pickle.loads(pickle.dumps(one))
    assert (again.trace, again.verdict, again.schedule, again.warnings) == (
        one.trace,
        one.verdict,
        one.schedule,
        one.warnings,
    )
    assert again.setup.scenario == one.setup.scenario


def test_a_bot_from_inside_a_function_cannot_be_pickled() -> None:
    setup = Setup.of(spoken_tool(), bot=Bot(lambda llm: None))
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(setup)
