"""``@fuzz`` as a user's pytest runs it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import INI, INSTALLED

HEAD = """
import pytest
from hypothesis import seed, settings
from llm_sim import Bot, Scenario, Tool, call, say, turn
from llm_sim.testing import fuzz

async def answer(params):
    await params.result_callback("done")

def build(llm):
    llm.register_function("search", answer)
    llm.register_function("book", answer, cancel_on_interruption=False)

def few(examples=25):
    return settings(max_examples=examples, derandomize=True)

bot = Bot(build)
IN_A_ROW = Scenario(
    name="in_a_row",
    mode="sequential",
    script=[turn(call("check", as_="c1"), call("hang_up", as_="c2")), turn(say("Done."))],
    tools={"check": Tool(latency="100ms"), "hang_up": Tool(latency="50ms")},
)
"""
RACE = """
@few(60)
@fuzz(IN_A_ROW, inject=["interrupt"], max_injections=1)
def test_race(run):
    pass
"""
ONE_CALL = """
@few()
@pytest.mark.parametrize("most", [1, 2])
@fuzz(bot=bot, inject=["end"])
def test_few_calls(run, most):
    assert len(run.calls) <= most
"""
NAIVE = ("--llm-sim-target", "naive")
Session = Callable[..., pytest.RunResult]


@pytest.fixture
def session(pytester: pytest.Pytester) -> Session:
    """Run pytest on a test file with a bot; without a body, on the one that is there."""
    return sessions(pytester, pytester.runpytest_inprocess)


@pytest.fixture
def alone(pytester: pytest.Pytester) -> Session:
    """Do so in a new process: Hypothesis's options stay in force in the one that is given them."""
    return sessions(pytester, pytester.runpytest_subprocess)


def sessions(pytester: pytest.Pytester, start: Session, head: str = HEAD) -> Session:
    ours = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")

    def run(body: str | None = None, *options: str, mode: str = "strict") -> pytest.RunResult:
        pytester.makeini(INI.format(mode=mode))
        if body is not None:
            pytester.makepyfile(test_bot=head + body)
        return start(*ours, "-p", "no:cacheprovider", *options)

    return run


def failures_kept(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / ".llm_sim" / "failures").glob("*"))


def the_report(result: pytest.RunResult, test: str = "test_race") -> list[str]:
    """Return what a failed test says, from its headline to the next one."""
    lines = result.outlines
    begin = next(
        n for n, line in enumerate(lines) if re.fullmatch(rf"_+ {re.escape(test)} _+", line)
    )
    end = next(n for n, line in enumerate(lines) if n > begin and re.match(r"[=_]{3,} ", line))
    return lines[begin + 1 : end]


def labelled(report: list[str], label: str) -> list[str]:
    """Return what stands behind a label of the report."""
    return [line[12:] for line in report if line.startswith(f"  {label:9} ")]


def test_a_bot_that_keeps_every_law_passes_and_leaves_nothing(
    session: Session, pytester: pytest.Pytester
) -> None:
    result = session(
        RACE + "\n@few(60)\n@fuzz(bot=bot)\ndef test_bot(run):\n    assert run.steps\n"
    )
    result.assert_outcomes(passed=2)
    assert not (pytester.path / ".llm_sim").exists()


def test_a_race_is_told_in_a_line_and_then_with_all_that_shows_it_again(
    session: Session, pytester: pytest.Pytester
) -> None:
    result = session(RACE, *NAIVE)
    result.assert_outcomes(failed=1)
    report = the_report(result)
    kept = failures_kept(pytester.path)
    count = len(kept)
    assert count > 0
    assert report[1] == f"{count} failure{'s' * (count > 1)} in 60 examples on naive 0.1.0"
    overview = report[2 : 2 + count]
    assert all(re.fullmatch(r"  LS\d{3} .*\w \(example \d+\)", line) for line in overview)
    assert report[0] == overview[0].strip()
    assert all(line.strip() in report[2 + count :] for line in overview)
    timelines = labelled(report, "timeline")
    assert timelines == ["naive 0.1.0, sequential mode"]
    assert all(
        re.fullmatch(r"ls1-(undisturbed|interrupt@\S+)", token)
        for token in labelled(report, "token")
    )
    assert sorted(labelled(report, "replay")) == [
        f"llm-sim replay .llm_sim/failures/{name}" for name in kept
    ]
    assert all(line.startswith("llm-sim promote LS") for line in labelled(report, "keep"))
    assert [report.count(line) for line in ("  scenario", "    - name: in_a_row")] == [count, count]


def test_the_report_has_no_traceback_and_is_told_once(session: Session) -> None:
    told = session(RACE, *NAIVE).stdout.str()
    assert "Traceback" not in told
    assert "During handling" not in told
    assert not re.search(r"\.py:\d+: ", told)
    assert len(re.findall(r"^\d+ failures? in 60 examples on naive", told, re.MULTILINE)) == 1


def test_what_is_found_is_kept_where_git_does_not_see_it(
    session: Session, pytester: pytest.Pytester
) -> None:
    session(RACE, *NAIVE)
    home = pytester.path / ".llm_sim"
    assert sorted(path.name for path in home.iterdir()) == [".gitignore", "failures"]
    assert (home / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_an_assertion_of_the_test_is_shrunk_and_kept_for_each_of_its_parameters(
    session: Session, pytester: pytest.Pytester
) -> None:
    session(ONE_CALL).assert_outcomes(failed=2)
    first, second = failures_kept(pytester.path)
    result = session(ONE_CALL.replace("few()", "few(1)"))
    for most in (1, 2):
        report = the_report(result, f"test_few_calls[{most}]")
        test = f"test_bot.py::test_few_calls[{most}]"
        assert report[0] == f"test assert {most + 1} <= {most} (found before)"
        assert labelled(report, "where") == [f"assert {most + 1} <= {most}"]
        assert labelled(report, "token") == ["ls1-undisturbed"]
        assert labelled(report, "replay") == [f'pytest "{test}" --llm-sim-target reference']
        (script,) = [line for line in report if line.startswith("      - [{call: ")]
        assert script.count("call: ") == most + 1
    assert failures_kept(pytester.path) == [first, second]


def test_what_is_repaired_is_dropped(session: Session, pytester: pytest.Pytester) -> None:
    session(ONE_CALL)
    session(ONE_CALL.replace("few()", "few(1)").replace("<= most", "<= 99")).assert_outcomes(
        passed=2
    )
    assert failures_kept(pytester.path) == []


@pytest.mark.slow
def test_what_was_found_on_one_target_outlives_a_clean_session_on_another(
    session: Session, pytester: pytest.Pytester
) -> None:
    session(RACE, *NAIVE)
    kept = failures_kept(pytester.path)
    session(None).assert_outcomes(passed=1)
    assert failures_kept(pytester.path) == kept
    again = the_report(session(RACE.replace("60", "1"), *NAIVE))
    assert again[1].endswith("in 1 examples on naive 0.1.0")
    told = again[2 : 2 + len(kept)]
    assert [line.endswith(" (found before)") for line in told] == [True] * len(kept)


@pytest.mark.slow
def test_settings_and_profiles_say_how_many_examples_and_statistics_what_they_met(
    alone: Session,
) -> None:
    body = """
@settings(max_examples=31)
@fuzz(IN_A_ROW, inject=["interrupt"])
def test_above(run):
    pass

@fuzz(IN_A_ROW, inject=["interrupt"])
@settings(max_examples=32)
def test_below(run):
    pass

@fuzz(IN_A_ROW, inject=["interrupt"])
def test_profile(run):
    pass
"""
    result = alone(body, "--hypothesis-profile=llm-sim-fast", "--hypothesis-show-statistics")
    result.assert_outcomes(passed=3)
    told = result.stdout.str()
    ends = re.findall(r"Stopped because settings\.max_examples=(\d+)", told)
    assert ends == ["31", "32", "200"]
    assert told.count("%, interrupt while a call is running") == 3


SEEDED = """
drawn = {}

def fuzzed(name):
    @settings(max_examples=12, derandomize=False)
    @fuzz(IN_A_ROW)
    def test(run):
        drawn.setdefault(name, []).append((run.token, run.scenario))
    return test

test_a, test_b, test_c = seed(1)(fuzzed("a")), seed(1)(fuzzed("b")), seed(2)(fuzzed("c"))
test_d, test_e = fuzzed("d"), fuzzed("e")

def test_last():
    assert drawn["a"] == drawn["b"] != drawn["c"]
    assert (drawn["d"] == drawn["e"]) is {same}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("options", "same"), [(["--hypothesis-seed=7"], True), ([], False)])
def test_the_same_seed_draws_the_same_and_another_one_does_not(
    alone: Session, options: list[str], same: bool
) -> None:
    alone(SEEDED.replace("{same}", str(same)), *options).assert_outcomes(passed=6)


@pytest.mark.slow
def test_a_fuzzed_test_is_a_test_like_any_other(session: Session) -> None:
    body = """
@pytest.fixture
def word(request):
    return request.node.name

class Shared:
    @few()
    @fuzz(bot=bot)
    def test_method(self, run, tmp_path):
        assert tmp_path.exists() and self.own

class TestOne(Shared):
    own = True

class TestTwo(Shared):
    own = True

@few()
@fuzz(bot=bot)
def test_fixture(word, run):
    assert word == "test_fixture"

@few()
@pytest.mark.parametrize("number", [1, 2])
@fuzz(bot=bot)
def test_parameter(run, number):
    assert number in (1, 2)

@few()
@fuzz(bot=bot)
def test_skipped(run):
    pytest.skip("not today")

@few(60)
@pytest.mark.xfail(strict=True)
@fuzz(IN_A_ROW, inject=["interrupt"], target="naive")
def test_known(run):
    pass
"""
    session(body).assert_outcomes(passed=5, skipped=1, xfailed=1)


def test_a_mistake_is_answered_without_a_traceback(session: Session) -> None:
    body = """
@fuzz(bot=bot, inject=["interupt"])
def test_kind(run):
    pass

@fuzz(bot=Bot(lambda llm: None))
def test_idle(run):
    pass
"""
    result = session(body)
    result.assert_outcomes(failed=2)
    assert the_report(result, "test_kind") == [
        "cannot inject 'interupt' (did you mean 'interrupt'?); it is one of interrupt, end, "
        "cancel, user_starts, user_stops, error, say, register, unregister"
    ]
    assert the_report(result, "test_idle")[0].startswith("bot '<lambda>' registers no tool, so ")


def test_a_test_that_does_not_take_the_run_is_told_how_to(session: Session) -> None:
    result = session("@fuzz(bot=bot)\ndef test_order():\n    pass\n")
    result.assert_outcomes(errors=1)
    assert (
        "E   llm_sim.errors.UsageError: test_bot:test_order must take the argument run: "
        "def test_order(run)"
    ) in result.outlines
