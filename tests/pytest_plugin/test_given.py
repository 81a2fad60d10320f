"""``@given`` with the fixture: each example is judged, and the one that fails is shrunk."""

from __future__ import annotations

import re

import pytest

from tests.pytest_plugin.conftest import HEAD
from tests.pytest_plugin.test_fuzz import Session, sessions, the_report
from tests.support.pipecat import needs_pipecat

GIVEN = """
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

numbers = st.integers(0, 200)
few = settings(max_examples=60, derandomize=True, database=None)

def race(llm_sim, number):
    llm_sim(*RACE[:2], after(f"{number}ms", interrupt()), tools=TOOLS, mode="sequential")
"""


@pytest.fixture
def session(pytester: pytest.Pytester) -> Session:
    """Run pytest on a test file."""
    return sessions(pytester, pytester.runpytest_inprocess, HEAD + GIVEN)


@pytest.fixture
def alone(pytester: pytest.Pytester) -> Session:
    """Run pytest on a test file, in a process that has imported no target."""
    return sessions(pytester, pytester.runpytest_subprocess, HEAD + GIVEN)


BODIES = """
@few
@given(number=numbers)
def test_race(llm_sim, number):
    race(llm_sim, number)

@few
@given(number=numbers)
@pytest.mark.asyncio
async def test_async(llm_sim, number):
    await llm_sim(*RACE[:2], after(f"{number}ms", interrupt()), tools=TOOLS, mode="sequential")

@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@few
@given(number=numbers)
@pytest.mark.anyio
async def test_anyio(llm_sim, number, anyio_backend):
    race(llm_sim, number)

class TestMethod:
    @pytest.mark.parametrize("unit", ["ms", "us"])
    @few
    @given(number=numbers)
    def test_race(self, llm_sim, number, unit):
        assert len(llm_sim.runs) == 0
        race(llm_sim, number)
        assert len(llm_sim.runs) == 1

@few
@given(number=numbers)
def test_two_turns(llm_sim, number):
    llm_sim.run(turn(say("One.")), *([turn(say("Two."))] if number > 20 else []))

@few
@given(number=numbers)
def test_own(llm_sim, number):
    llm_sim.run(turn(say("One.")))
    assert number < 30, "mine"

@few
@given(number=numbers)
def test_expected(llm_sim, number):
    with llm_sim.expects("LS106"):
        race(llm_sim, 0)

@few
@given(number=numbers)
def test_quick(llm_sim, number):
    llm_sim.run(turn(say("Hello.")))

@few
@given(number=numbers)
def test_with_a_directory(llm_sim, tmp_path, number):
    pass

@settings(few, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=numbers)
def test_with_a_directory_on_purpose(llm_sim, tmp_path, number):
    pass
"""


def test_on_a_core_without_races_every_example_passes_without_a_word_of_settings(
    session: Session,
) -> None:
    result = session(BODIES, "-k", "race or async or anyio or purpose")
    result.assert_outcomes(passed=6, deselected=5)


@pytest.mark.slow
def test_an_example_whose_run_breaks_a_law_is_shrunk(session: Session) -> None:
    result = session(BODIES, "--llm-sim-target", "naive")
    result.assert_outcomes(failed=8, passed=3)
    told = the_report(result)
    assert told[0].startswith("LS106 check")
    assert [line for line in told if line.startswith("    number=")] == ["    number=0,"]
    assert "    llm_sim=<llm_sim of test_bot.py::test_race>," in told
    (replay,) = [line for line in told if line.startswith("  replay ")]
    assert replay == '  replay    pytest "test_bot.py::test_race" --llm-sim-target naive'
    for name in ("test_async", "test_anyio[asyncio]", "TestMethod.test_race[us]"):
        assert the_report(result, name)[:3] == told[:3]
    turns = the_report(result, "test_two_turns")
    assert turns[0].startswith("no verdict: the model was asked once, the script has 2 turns")
    assert "    number=21," in turns
    own = "\n".join(the_report(result, "test_own"))
    assert "AssertionError: mine" in own
    directory = "\n".join(the_report(result, "test_with_a_directory"))
    assert re.search(r"FailedHealthCheck: .* uses a function-scoped fixture", directory)


def test_each_example_is_not_swept(session: Session) -> None:
    session(BODIES, "--llm-sim-sweep=interrupt", "-k", "test_race").assert_outcomes(
        passed=3, deselected=8
    )


@pytest.mark.slow
@needs_pipecat
def test_the_first_example_does_not_pay_for_the_import_of_the_target(
    alone: Session,
) -> None:
    result = alone(BODIES, "--llm-sim-target", "pipecat", "-k", "test_quick")
    result.assert_outcomes(passed=1, deselected=10)
