"""Several files, directories and globs, from anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import RACE
from tests.support.command import Command

TWO = """\
version: 1
scenarios:
  - name: slow
    latency: {look: [50ms, 5s]}
    script: [[{call: look, as: c1}], [{say: Done.}]]
    tools: {look: {}}
  - name: calm
    script: [[{say: Hello.}]]
"""


@pytest.fixture
def tree(here: Path) -> Path:
    """Write scenario files at several depths, and some that are nobody's."""
    (here / "scenarios" / "deep").mkdir(parents=True)
    (here / "scenarios" / "two.sim.yaml").write_text(TWO, encoding="utf-8")
    (here / "scenarios" / "deep" / "race.sim.yaml").write_text(RACE, encoding="utf-8")
    (here / "scenarios" / "notes.yaml").write_text("not: a scenario", encoding="utf-8")
    for tools in (".hidden", "venv/lib"):
        (here / "scenarios" / tools).mkdir(parents=True)
        (here / "scenarios" / tools / "other.sim.yaml").write_text(RACE, encoding="utf-8")
    (here / "scenarios" / "venv" / "pyvenv.cfg").write_text("", encoding="utf-8")
    return here


def ran(cli: Command, *files: str) -> list[str]:
    """Run files and return the names of their scenarios, in order."""
    told = cli("run", *files)
    assert (told.code, told.err) == (0, "")
    return [line.split()[0] for line in told.out.splitlines() if line.startswith("  ")]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (("scenarios",), ["race", "slow[look=50ms]", "slow[look=5s]", "calm"]),
        (("scenarios/two.sim.yaml::calm", "race.sim.yaml"), ["calm", "race"]),
        (("scenarios/*.sim.yaml",), ["slow[look=50ms]", "slow[look=5s]", "calm"]),
        (("scenarios/**/*.sim.yaml::calm", "race.sim.yaml"), None),
        (("scenarios/two.sim.yaml::slow",), ["slow[look=50ms]", "slow[look=5s]"]),
        (("scenarios/two.sim.yaml::slow[look=5s]",), ["slow[look=5s]"]),
        (("scenarios/t*.yaml::slow[look=5s]",), ["slow[look=5s]"]),
        (("race.sim.yaml", "race.sim.yaml::race"), ["race"]),
    ],
)
def test_what_is_named_is_run_in_order_and_once(
    cli: Command, tree: Path, files: tuple[str, ...], names: list[str] | None
) -> None:
    if names is None:
        told = cli("run", *files)
        assert (told.code, "there is no scenario 'calm'" in told.err) == (2, True)
    else:
        assert ran(cli, *files) == names


def test_a_file_that_is_named_like_a_glob_is_that_file(cli: Command, here: Path) -> None:
    (here / "[a].sim.yaml").write_text(TWO, encoding="utf-8")
    (here / "a.sim.yaml").write_text(RACE, encoding="utf-8")
    assert ran(cli, "[a].sim.yaml::calm") == ["calm"]


@pytest.mark.parametrize("command", ["run", "sweep", "replay", "reorder", "check", "fuzz"])
def test_every_command_takes_several_files(cli: Command, tree: Path, command: str) -> None:
    few = {"reorder": ("--runs", "2"), "fuzz": ("--examples", "3")}.get(command, ())
    told = cli(command, "race.sim.yaml", "scenarios/two.sim.yaml::calm", *few)
    assert told.code == 0
    assert "race" in told.out or "2 scenarios in 2 files" in told.out


def test_a_directory_without_scenarios_is_a_mistake_beside_the_others(
    cli: Command, tree: Path
) -> None:
    (tree / "empty").mkdir()
    told = cli("sweep", "empty", "rcae.sim.yaml", "race.sim.yaml")
    assert (told.code, told.out) == (2, "")
    assert told.err.splitlines() == [
        "llm-sim: empty: there is no *.sim.yaml file in it",
        "rcae.sim.yaml: there is no such file (did you mean 'race.sim.yaml'?)",
    ]


def test_a_scenario_finds_its_bot_beside_it_from_anywhere(
    cli: Command,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    (here / "bot_beside.py").write_text(
        "def build(llm):\n"
        "    async def answer(params):\n"
        "        await params.result_callback('ok')\n"
        "    llm.register_function('look', answer)\n",
        encoding="utf-8",
    )
    (here / "beside.sim.yaml").write_text(
        "version: 1\nscenarios:\n  - name: beside\n    bot: bot_beside:build\n"
        "    script: [[{call: look}], [{say: Done.}]]\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert ran(cli, str(here / "beside.sim.yaml")) == ["beside"]
    assert ran(cli, str(here)) == ["beside", "race"]


def test_scenarios_of_two_targets_have_a_heading_each(cli: Command, here: Path) -> None:
    (here / "naive.sim.yaml").write_text(
        RACE.replace("name: race", "name: naive\n    target: naive"), encoding="utf-8"
    )
    told = cli("run", ".")
    assert [line for line in told.out.splitlines() if "·" in line] == [
        "naive 0.1.0 · undisturbed",
        "reference 0.1.0 · undisturbed",
    ]
