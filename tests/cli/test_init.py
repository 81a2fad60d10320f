"""``llm-sim init``, and what it writes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from llm_sim.cli import tour
from tests.support.command import Command, environment
from tests.support.pipecat import needs_pipecat

WRITTEN = [
    ".github/workflows/llm-sim.yml",
    "bot.py",
    "conftest.py",
    "scenarios/reserve.sim.yaml",
    "shop.py",
    "tests/test_bot.py",
]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand in an empty directory; what is imported from it is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in ("bot", "shop"):
        sys.modules.pop(name, None)


def files(directory: Path) -> list[str]:
    return sorted(
        str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()
    )


def python(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python there, as a user does."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_it_writes_a_project_and_says_what_to_type_next(cli: Command, empty: Path) -> None:
    told = cli("init")
    assert (told.code, told.err) == (0, "")
    assert told.out.splitlines() == [
        "wrote  bot.py                         three tools, and the function that registers them",
        "wrote  shop.py                        the bot as its tests see it",
        "wrote  tests/test_bot.py              every tool, a handler, frames, a sweep",
        "wrote  conftest.py                    lets the tests import the bot",
        "wrote  scenarios/reserve.sim.yaml     one conversation",
        "wrote  .github/workflows/llm-sim.yml  all of it in CI",
        "",
        "next   python -m pytest",
        "       llm-sim smoke shop:assistant",
        "       llm-sim sweep scenarios/reserve.sim.yaml",
        "       llm-sim sweep scenarios/reserve.sim.yaml --target pipecat",
    ]
    assert files(empty) == WRITTEN


def test_it_writes_into_a_new_directory(cli: Command, empty: Path) -> None:
    told = cli("init", "my bots/first")
    assert (told.code, told.err) == (0, "")
    assert told.out.splitlines()[-5] == "next   cd 'my bots/first'"
    assert files(empty / "my bots/first") == WRITTEN


@pytest.mark.parametrize("name", WRITTEN)
def test_it_overwrites_nothing_and_then_writes_nothing(
    cli: Command, empty: Path, name: str
) -> None:
    (empty / name).parent.mkdir(parents=True, exist_ok=True)
    (empty / name).write_text("mine", encoding="utf-8")
    told = cli("init")
    assert (told.code, told.out, told.err) == (
        2,
        "",
        f"llm-sim: {name}: in the way; nothing is written. Name a new directory: "
        "llm-sim init simulation\n",
    )
    assert files(empty) == [name]
    assert (empty / name).read_text(encoding="utf-8") == "mine"


def test_a_file_where_a_directory_has_to_stand_is_in_the_way(cli: Command, empty: Path) -> None:
    (empty / "tests").write_text("mine", encoding="utf-8")
    told = cli("init")
    assert told.err.startswith("llm-sim: tests: in the way; nothing is written.")
    assert (told.code, files(empty)) == (2, ["tests"])


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="the directory is one of Linux")
def test_a_directory_that_cannot_be_created_is_a_mistake(cli: Command) -> None:
    told = cli("init", "/proc/simulation")
    assert (told.code, told.out, told.err) == (
        2,
        "",
        "llm-sim: /proc/simulation: the directory cannot be created: No such file or directory; "
        "name another one\n",
    )


def test_where_nothing_may_be_written_nothing_is(
    cli: Command, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    told = cli("init", "simulation")
    assert (told.code, told.out, told.err) == (
        2,
        "",
        "llm-sim: simulation/bot.py: it may not be written to\n",
    )
    assert files(empty) == []


def test_a_link_that_leads_nowhere_is_in_the_way(cli: Command, empty: Path) -> None:
    (empty / "bot.py").symlink_to(empty / "elsewhere.py")
    told = cli("init")
    assert told.err.startswith("llm-sim: bot.py: in the way; nothing is written.")
    assert not (empty / "elsewhere.py").exists()


@pytest.mark.parametrize("name", ["bots", "bots/below/it"])
def test_a_file_is_no_directory_to_write_into(cli: Command, empty: Path, name: str) -> None:
    (empty / "bots").write_text("mine", encoding="utf-8")
    told = cli("init", name)
    assert (told.code, told.err) == (2, "llm-sim: bots: is a file; name a directory\n")


@pytest.mark.slow
@pytest.mark.parametrize("target", ["reference", pytest.param("pipecat", marks=needs_pipecat)])
def test_the_tests_that_it_writes_pass(cli: Command, empty: Path, target: str) -> None:
    cli("init")
    plugins = ("-p", "no:cacheprovider", "-p", "no:asyncio")
    ran = python("-m", "pytest", "-q", *plugins, "--llm-sim-target", target, cwd=empty)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "5 passed" in ran.stdout


@pytest.mark.slow
def test_what_it_writes_passes_ruff(cli: Command, empty: Path) -> None:
    cli("init")
    rules = "E,W,F,I,N,D,UP,B,SIM,RET,PT,RUF"
    checked = python(
        "-m", "ruff", "check", "--isolated", "--no-cache", "--line-length", "100",
        "--select", rules, "--config", "lint.pydocstyle.convention='google'", ".",
        cwd=empty,
    )  # fmt: skip
    assert (checked.returncode, checked.stdout) == (0, "All checks passed!\n")
    formatted = python(
        "-m", "ruff", "format", "--isolated", "--no-cache", "--line-length", "100", "--check", ".",
        cwd=empty,
    )  # fmt: skip
    assert formatted.returncode == 0


def test_the_workflow_runs_commands_that_there_are(cli: Command, empty: Path) -> None:
    cli("init")
    text = (empty / ".github/workflows/llm-sim.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["simulate"]["steps"]
    lines = [step["run"] for step in steps if "run" in step]
    swept = [line.split()[1:] for line in lines if line.startswith("llm-sim")]
    assert [cli(*words).code for words in swept] == [0, 0]
    assert [line for line in lines if not line.startswith("llm-sim")] == [
        "python -m pip install llm_sim pipecat-ai",
        "python -m pytest",
        "python -m pytest --llm-sim-target pipecat",
    ]


@pytest.mark.slow
@needs_pipecat
def test_the_examples_of_the_help_can_be_pasted_where_it_wrote(cli: Command, empty: Path) -> None:
    cli("init")
    lines = [
        line
        for group in tour().values()
        for name, examples in group.items()
        for line in examples
        if name not in ("demo", "schema") and line != "llm-sim init"
    ]
    few = {"fuzz": ("--examples", "10"), "reorder": ("--runs", "5")}
    outcomes = {}
    for line in lines:
        _, name, *words = line.split()
        outcomes[line] = cli(name, *words, *few.get(name, ()))
    mistaken = {line: told.err for line, told in outcomes.items() if told.code not in (0, 1)}
    assert mistaken == {}
    assert (empty / "scenarios/regressions/find_book_interrupted.sim.yaml").is_file()
