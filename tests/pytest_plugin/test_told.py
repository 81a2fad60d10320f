"""What a session tells at its head and at its end, alone and with pytest-xdist."""

from __future__ import annotations

import re
from importlib.metadata import version
from xml.etree import ElementTree

import pytest

from llm_sim.kept import FAILURES, SUFFIX
from llm_sim.pytest_plugin import _session
from tests.pytest_plugin.conftest import HEAD, INI, INSTALLED, Inner
from tests.pytest_plugin.test_baseline import STALE, TWO, WRITTEN
from tests.support.pipecat import needs_pipecat

PLAIN = "def test_plain(): pass\n"
BOT = """
def test_order(llm_sim):
    llm_sim.run(*ORDER, bot=Bot(build))
"""
THREE = """
def race(llm_sim):
    llm_sim.run(*RACE, tools=TOOLS, mode="sequential")

def test_a(llm_sim):
    race(llm_sim)

def test_b(llm_sim):
    race(llm_sim)
    race(llm_sim)

@pytest.mark.llm_sim(disable=["LS101", "LS103", "LS106", "LS107"])
def test_c(llm_sim):
    race(llm_sim)

@pytest.mark.xfail
def test_d(llm_sim):
    race(llm_sim)

def test_e(llm_sim):
    llm_sim.run(turn(say("One.")), turn(say("Two.")))
"""
NAIVE = ("--llm-sim-target", "naive")
SUMMARY = [
    "llm_sim: LS101 settled-once  2 tests  (first: test_bot.py::test_a)",
    "llm_sim: LS103 views-disagree  2 tests  (first: test_bot.py::test_a)",
    "llm_sim: LS106 interruption-cancels  2 tests  (first: test_bot.py::test_a)",
    "llm_sim: LS107 one-at-a-time  2 tests  (first: test_bot.py::test_a)",
    "llm_sim: LS111 still-works  3 tests  (first: test_bot.py::test_a)",
]
SAVED = "LS101-f-123456.failure.yaml"


def ours(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("llm_sim: ")]


def test_a_session_that_does_not_simulate_is_told_nothing(
    inner: Inner, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inner.run(PLAIN, head="").outcomes == ["passed"]
    assert "llm_sim:" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "options", "ini", "line"),
    [
        (BOT, (), "", "reference, trace off"),
        (PLAIN, NAIVE, "", "naive, trace off"),
        (
            PLAIN,
            ("--llm-sim-timeout=9s",),
            "llm_sim_trace = on\nllm_sim_disable = LS204 LS302\nllm_sim_timeout = 7s",
            "reference, trace on, disable LS204 LS302, timeout 9s",
        ),
    ],
)
def test_a_session_that_simulates_or_is_told_to_says_with_what(
    inner: Inner,
    capsys: pytest.CaptureFixture[str],
    body: str,
    options: tuple[str, ...],
    ini: str,
    line: str,
) -> None:
    assert inner.run(body, *options, ini=ini).outcomes == ["passed"]
    assert ours(capsys.readouterr().out) == [f"llm_sim: {version('llm_sim')} on {line}"]
    inner.again(*options, "-q")
    assert ours(capsys.readouterr().out) == []


@needs_pipecat
def test_the_installed_pipecat_is_told_with_its_version(
    inner: Inner, capsys: pytest.CaptureFixture[str]
) -> None:
    inner.run(PLAIN, ini="llm_sim_target = pipecat")
    (line,) = ours(capsys.readouterr().out)
    assert f" on pipecat {version('pipecat-ai')}, " in line


def test_saved_failures_are_counted(
    inner: Inner, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    failures = pytester.path / ".llm_sim" / "failures"
    failures.mkdir(parents=True)
    (failures / SAVED).touch()
    inner.run(PLAIN, head="")
    assert ours(capsys.readouterr().out)[0].endswith(", 1 saved failure")
    assert f"{FAILURES}/*{SUFFIX}" == _session.FAILURES


def test_each_broken_law_is_a_line_of_the_summary(
    inner: Inner, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = ["failed", "failed", "failed", "skipped", "failed"]
    assert inner.run(THREE, *NAIVE).outcomes == outcomes
    assert ours(capsys.readouterr().out)[1:] == SUMMARY


def test_a_session_in_which_every_law_holds_has_no_summary(
    inner: Inner, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inner.run(BOT).outcomes == ["passed"]
    assert len(ours(capsys.readouterr().out)) == 1


def xdist(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    plugin = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")
    return pytester.runpytest_subprocess(*plugin, "-p", "no:hypothesispytest", "-n2", *options)


@pytest.mark.slow
def test_the_summary_counts_what_all_workers_found(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI.format(mode="auto"))
    pytester.makepyfile(test_bot=HEAD + THREE)
    scenario = pytester.path / "test_a.sim.yaml"
    scenario.write_text(
        "version: 1\nscenarios:\n  - name: two\n    script: [[{say: One.}], [{say: Two.}]]\n"
    )
    result = xdist(pytester, *NAIVE)
    result.assert_outcomes(failed=5, xfailed=1)
    told = ours(result.stdout.str())
    assert told[0] == f"llm_sim: {version('llm_sim')} on naive, trace off"
    counted = [re.sub(r" \(first: .*", "", line) for line in told[1:]]
    assert counted == [re.sub(r" \(first: .*", "", line) for line in SUMMARY]
    assert "test_a.sim.yaml:3: no verdict: " in result.stdout.str()


@pytest.mark.slow
def test_the_workers_write_one_baseline(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI.format(mode="auto") + "llm_sim_baseline = known.yaml\n")
    pytester.makepyfile(test_bot=HEAD + TWO)
    known = pytester.path / "known.yaml"
    known.write_text(WRITTEN.split("\n- ", 1)[0] + "\n" + STALE, encoding="utf-8")
    switches = ("--llm-sim-baseline-update", "--llm-sim-baseline-prune")
    xdist(pytester, *NAIVE, *switches).assert_outcomes(passed=2)
    assert known.read_text(encoding="utf-8") == WRITTEN


def test_a_report_for_machines_names_the_broken_laws(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    inner.run(THREE, *NAIVE, "--junitxml=out.xml", "-k", "test_c")
    (case,) = ElementTree.parse(pytester.path / "out.xml").findall(".//testcase")
    properties = [(one.get("name"), one.get("value")) for one in case.iter("property")]
    assert properties == [("llm_sim_broken", "LS111 still-works")]


def test_tests_are_chosen_and_listed_as_ever(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    pytester.makeini(INI.format(mode="auto"))
    pytester.makepyfile(test_bot=HEAD + THREE)
    plugin = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")
    options = (*plugin, "-p", "no:hypothesispytest", *NAIVE)
    assert pytester.runpytest_inprocess(*options, "--collect-only", "-q").ret == 0
    pytester.runpytest_inprocess(*options, "-k", "test_a or test_d").assert_outcomes(
        failed=1, xfailed=1, deselected=3
    )
    pytester.runpytest_inprocess(*options, "--lf").assert_outcomes(failed=1)


@pytest.mark.parametrize("mark", ["@pytest.mark.anyio", ""])
def test_an_async_test_works_with_anyio(inner: Inner, mark: str) -> None:
    body = f"""
@pytest.fixture
def anyio_backend():
    return "asyncio"

{mark}
async def test_order(llm_sim):
    run = await llm_sim(*ORDER, bot=Bot(build))
    assert run.laws == ()

{mark}
async def test_race(llm_sim):
    await llm_sim(*RACE, tools=TOOLS, mode="sequential", target="naive")
"""
    ini = "" if mark else "anyio_mode = auto"
    assert inner.run(body, mode="strict", ini=ini).outcomes == ["passed", "failed"]
