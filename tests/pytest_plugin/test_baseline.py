"""``--llm-sim-baseline``: a test that breaks only what is known passes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import INSTALLED, Inner
from tests.support.command import environment

NAIVE = ("--llm-sim-target", "naive")
KNOWN = ("--llm-sim-baseline", "known.yaml")
UPDATE, PRUNE = "--llm-sim-baseline-update", "--llm-sim-baseline-prune"
TWO = """
def test_race(llm_sim):
    llm_sim.run(*RACE, tools=TOOLS, mode="sequential")

def test_order(llm_sim):
    llm_sim.run(*ORDER, bot=Bot(build))
"""
WRITTEN = """\
version: 1
known:
- {place: 'test_bot.py::test_race', target: naive, law: LS101, function: hang_up}
- {place: 'test_bot.py::test_race', target: naive, law: LS103, function: hang_up}
- {place: 'test_bot.py::test_race', target: naive, law: LS106, function: hang_up}
- {place: 'test_bot.py::test_race', target: naive, law: LS107, function: hang_up}
- {place: 'test_bot.py::test_race', target: naive, law: LS111}
"""
STALE = "- {place: 'test_bot.py::test_race', target: naive, law: LS302}\n"


@pytest.fixture
def known(inner: Inner, pytester: pytest.Pytester) -> Path:
    """The baseline of a race on the naive service."""
    assert inner.run(TWO, *NAIVE, *KNOWN, UPDATE).outcomes == ["passed", "passed"]
    return pytester.path / "known.yaml"


def test_an_update_writes_what_the_tests_break(
    capsys: pytest.CaptureFixture[str], known: Path
) -> None:
    assert known.read_text(encoding="utf-8") == WRITTEN
    told = capsys.readouterr().out
    assert "= llm_sim baseline =" in told
    assert "added     test_bot.py::test_race naive LS101 hang_up" in told


def test_what_is_known_passes_and_is_told_in_the_report(inner: Inner, known: Path) -> None:
    result = inner.again(*NAIVE, *KNOWN)
    assert result.outcomes == ["passed", "passed"]
    (told,) = [section for one in result.reports for section in one.sections if one.when == "call"]
    assert told[0] == "Captured llm_sim baseline call"
    assert told[1].splitlines()[0] == "known: LS101 hang_up"
    assert known.read_text(encoding="utf-8") == WRITTEN


def test_what_is_new_fails(inner: Inner, known: Path) -> None:
    known.write_text(WRITTEN.replace("LS107", "LS108"), encoding="utf-8")
    result = inner.again(*NAIVE, *KNOWN)
    assert result.outcomes == ["failed", "passed"]
    assert result.text.startswith("LS101 hang_up is never settled")


def test_without_the_option_the_same_test_fails(inner: Inner, known: Path) -> None:
    assert inner.again(*NAIVE).outcomes == ["failed", "passed"]


def test_what_is_stale_is_told_and_pruned_on_request(
    inner: Inner, known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known.write_text(WRITTEN + STALE, encoding="utf-8")
    capsys.readouterr()
    assert inner.again(*NAIVE, *KNOWN).outcomes == ["passed", "passed"]
    assert "\nstale     test_bot.py::test_race naive LS302\n" in capsys.readouterr().out
    inner.again(*NAIVE, *KNOWN, PRUNE)
    assert known.read_text(encoding="utf-8") == WRITTEN


def test_the_entries_of_another_target_stay(inner: Inner, known: Path) -> None:
    assert inner.again(*KNOWN, PRUNE).outcomes == ["passed", "passed"]
    assert known.read_text(encoding="utf-8") == WRITTEN


def test_the_target_that_a_run_names_is_the_one_of_its_entries(inner: Inner, known: Path) -> None:
    body = 'def test_race(llm_sim):\n    llm_sim.run(*ORDER, bot=Bot(build), target="naive")\n'
    assert inner.run(body, *KNOWN, PRUNE).outcomes == ["passed"]
    assert known.read_text(encoding="utf-8") == "version: 1\nknown: []\n"


def test_a_test_that_runs_nothing_any_more_has_no_known_failures(inner: Inner, known: Path) -> None:
    assert inner.run("def test_race(llm_sim): ...\n", *NAIVE, *KNOWN, PRUNE).outcomes == ["passed"]
    assert known.read_text(encoding="utf-8") == "version: 1\nknown: []\n"


def test_the_entries_of_tests_that_did_not_run_stay(inner: Inner, known: Path) -> None:
    assert inner.again(*NAIVE, *KNOWN, PRUNE, "-k", "order").outcomes == ["passed"]
    assert known.read_text(encoding="utf-8") == WRITTEN


def test_the_entries_of_a_test_that_did_not_come_to_its_end_stay(inner: Inner, known: Path) -> None:
    skips = "def test_race(llm_sim):\n    pytest.skip('not today')\n"
    result = inner.run(skips, *NAIVE, *KNOWN, PRUNE)
    assert result.outcomes == ["skipped"]
    assert known.read_text(encoding="utf-8") == WRITTEN


def test_a_baseline_that_is_not_there_is_refused(pytester: pytest.Pytester) -> None:
    plugin = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")
    result = pytester.runpytest_inprocess(*plugin, "-p", "no:hypothesispytest", *KNOWN)
    assert result.ret is pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0] == (
        "ERROR: llm_sim: known.yaml: there is no such baseline; update it, and it is created"
    )


def test_a_baseline_of_the_configuration_that_is_not_there_fails_the_tests_that_want_it(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    result = inner.run(TWO + "\ndef test_plain(): pass\n", ini="llm_sim_baseline = known.yaml")
    assert result.phases[:2] == [("setup", "failed"), ("teardown", "passed")]
    assert result.phases[-3:] == [(phase, "passed") for phase in ("setup", "call", "teardown")]
    missing = pytester.path / "known.yaml"
    assert result.text.splitlines()[0] == (
        f"test_bot.py::test_race: {missing}: there is no such baseline; update it, and it is "
        "created"
    )


@pytest.mark.slow
def test_a_run_without_the_option_imports_no_baseline(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
import sys

def test_plain():
    assert "llm_sim.exploration" not in sys.modules
""")
    source = "import pytest, sys; sys.exit(pytest.main(['-q', *sys.argv[1:]]))"
    plugin = ["-p", "llm_sim.pytest_plugin", "-p", "no:hypothesispytest"]
    run = subprocess.run(
        [sys.executable, "-c", source, *plugin],
        cwd=pytester.path,
        env=environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stdout
