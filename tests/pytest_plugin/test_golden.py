"""``--llm-sim-update``: golden traces are written when the tests are done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import INI, INSTALLED, Inner

MANY = 60
ONE = """\
  - name: s{number:02}
    script: [[{{say: Hello.}}]]
    expect: [{{trace: all.trace}}]
"""
TEST = """
from llm_sim import load_scenarios

def test_it(llm_sim, monkeypatch):
    (scenario,) = load_scenarios("a.sim.yaml")
    monkeypatch.chdir("elsewhere")
    llm_sim.run(scenario)
"""


@pytest.fixture
def here(pytester: pytest.Pytester) -> Path:
    """Stand in a directory of a user."""
    pytester.makeini(INI.format(mode="strict"))
    return pytester.path


def write(here: Path, name: str, count: int) -> None:
    entries = "".join(ONE.format(number=number) for number in range(count))
    (here / name).write_text(f"version: 1\nscenarios:\n{entries}", encoding="utf-8")


def sections(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("[")]


@pytest.mark.slow
def test_the_workers_of_xdist_write_all_sections_of_a_file(
    pytester: pytest.Pytester, here: Path
) -> None:
    write(here, "test_a.sim.yaml", MANY)
    plugin = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")
    options = (*plugin, "-p", "no:hypothesispytest")
    pytester.runpytest_subprocess(*options, "-n3", "--llm-sim-update").assert_outcomes(passed=MANY)
    assert sections(here / "all.trace") == [f"[s{n:02} on reference]" for n in range(MANY)]
    pytester.runpytest_inprocess(*options).assert_outcomes(passed=MANY)


def test_a_test_that_changes_the_directory_writes_where_it_was_run(
    inner: Inner, pytester: pytest.Pytester, here: Path
) -> None:
    write(here, "a.sim.yaml", 1)
    (here / "elsewhere").mkdir()
    pytester.makepyfile(test_bot=TEST)
    assert inner.again("--llm-sim-update").outcomes == ["passed"]
    assert not (here / "all.trace").exists()
    assert sections(here / "elsewhere" / "all.trace") == ["[s00 on reference]"]


def test_a_golden_trace_that_cannot_be_written_in_the_end_fails_the_session(
    inner: Inner, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here, "test_a.sim.yaml", 1)
    (here / "conftest.py").write_text(
        "from pathlib import Path\n\ndef pytest_runtest_teardown():\n"
        "    Path('all.trace').mkdir()\n",
        encoding="utf-8",
    )
    result = inner.again("--llm-sim-update")
    assert (result.outcomes, result.exit_code) == (["passed"], pytest.ExitCode.TESTS_FAILED)
    lines = capsys.readouterr().out.splitlines()
    assert f"llm_sim: {here / 'all.trace'} is not written: Is a directory" in lines
