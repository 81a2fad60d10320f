"""What a scenario file names and is not there, told where it stands."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llm_sim.errors import ScenarioError
from llm_sim.scenario import load_scenarios
from llm_sim.testing import check_names

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

Told = Callable[..., list[str]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Return what is told of a file."""
    monkeypatch.chdir(tmp_path)

    def check(text: str, *, bots: bool = True) -> list[str]:
        Path("a.sim.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(ScenarioError) as caught:
            check_names(load_scenarios("a.sim.yaml"), bots=bots)
        return str(caught.value).splitlines()

    return check


def test_a_law_and_a_bot_that_are_not_there_are_told_once_with_their_places(told: Told) -> None:
    law, bot = told(TEXT)
    assert law == LAW
    assert bot.startswith(BOT)


def test_a_bot_that_is_not_run_is_not_looked_up(told: Told) -> None:
    assert told(TEXT, bots=False) == [LAW]


@pytest.mark.parametrize(
    ("bot", "message"),
    [
        (
            "llm_sim.cli.demo.bots:boking_bot",
            "bot 'llm_sim.cli.demo.bots:boking_bot': llm_sim.cli.demo.bots has no 'boking_bot' "
            "(did you mean 'booking_bot'?)",
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
    assert told(text) == [f"a.sim.yaml:3:8: {message}"]


def test_what_is_there_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "a.sim.yaml"
    text = TEXT.replace("no_bots:build", "llm_sim.cli.demo.bots:booking_bot")
    file.write_text(text.replace(", LS999", ""), encoding="utf-8")
    check_names(load_scenarios(file))
