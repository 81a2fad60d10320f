"""The first line of a failure: in the summary, in JUnit's ``message``, above the report."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.pytest_plugin.conftest import INI, Inner, Result
from tests.pytest_plugin.test_scenario_files import EXPECTS, GREETING

NAIVE = ("--llm-sim-target", "naive")
BROKEN = "LS101 hang_up is never settled: last heard of as started"
RACE = """
def test_race(llm_sim):
    llm_sim.run(*RACE, tools=TOOLS, mode="sequential")
"""
SWEPT = """
@pytest.mark.llm_sim(sweep="interrupt")
def test_race(llm_sim):
    llm_sim.run(*RACE[:2], tools=TOOLS, mode="sequential")
"""
LEFT_OVER = "no verdict: the model was asked once, the script has 2 turns: 1 left over"
TWO = """
def test_two(llm_sim):
    llm_sim.run(turn(say("One.")), turn(say("Two.")))
    llm_sim.run(*RACE, tools=TOOLS, mode="sequential")
"""
BEHIND = """
@pytest.fixture
def behind(llm_sim):
    yield
    llm_sim.run(*RACE, tools=TOOLS, mode="sequential")

def test_behind(behind): ...
"""


def crash(result: Result) -> tuple[str, int, str]:
    """Return where the failed phase is said to have crashed, and with which message."""
    (report,) = [one for one in result.reports if one.failed]
    at = report.longrepr.reprcrash  # type: ignore[union-attr]
    assert at is not None
    return at.path.rpartition("/")[2], at.lineno, at.message


@pytest.mark.parametrize(
    ("body", "line", "headline"),
    [
        (RACE, 21, re.escape(BROKEN)),
        (SWEPT, 21, re.escape(BROKEN) + r" \(\d+ of \d+ points\)"),
        (TWO, 21, re.escape(LEFT_OVER) + ".*"),
        (BEHIND, 26, re.escape(BROKEN)),
    ],
    ids=["run", "sweep", "first_of_two", "teardown"],
)
def test_a_failure_begins_with_its_headline_which_is_its_line_in_the_summary(
    inner: Inner, capsys: pytest.CaptureFixture[str], body: str, line: int, headline: str
) -> None:
    result = inner.run(body, *NAIVE)
    first = result.text.partition("\n")[0]
    assert re.fullmatch(headline, first)
    assert crash(result) == ("test_bot.py", line, first)
    summary = capsys.readouterr().out.rpartition("short test summary info")[2]
    assert re.search(r"(FAILED|ERROR) test_bot.py::\w+ - " + re.escape(first[:30]), summary)


@pytest.mark.parametrize(
    ("text", "line", "headline"),
    [(GREETING, 6, BROKEN), (EXPECTS, 10, "expectation not met: c1 should end as cancelled")],
    ids=["law", "expectation"],
)
def test_a_scenario_that_fails_begins_with_its_headline_as_well(
    inner: Inner, pytester: pytest.Pytester, text: str, line: int, headline: str
) -> None:
    pytester.makeini(INI.format(mode="strict"))
    (pytester.path / "test_a.sim.yaml").write_text(text, encoding="utf-8")
    result = inner.again(*NAIVE)
    first = result.text.partition("\n")[0]
    assert first.startswith(headline)
    assert crash(result) == ("test_a.sim.yaml", line, first)


def test_junit_has_the_headline_as_its_message_and_the_whole_report_as_its_text(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    (pytester.path / "test_a.sim.yaml").write_text(GREETING, encoding="utf-8")
    inner.run(RACE, *NAIVE, "--junitxml=out.xml")
    failures = ElementTree.parse(pytester.path / "out.xml").findall(".//failure")
    assert [failure.get("message") for failure in failures] == [BROKEN, BROKEN]
    for failure in failures:
        text = failure.text or ""
        assert text.startswith(f"{BROKEN}\n  law ")
        assert "\n  replay    pytest " in text
