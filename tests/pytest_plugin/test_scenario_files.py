"""Scenario files that pytest collects: each scenario is a test."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.pytest_plugin.conftest import INI, INSTALLED, Inner, Result

GREETING = """\
version: 1
scenarios:
  - name: greeting
    script: [[{say: Hello.}]]

  - name: race
    mode: sequential
    script:
      - [{call: check, as: c1}, {call: hang_up, as: c2}]
      - [{say: Done.}]
    tools: {check: {latency: 100ms}, hang_up: {latency: 50ms}}
    inject: [{after: 50ms, do: interrupt}]
"""
EXPECTS = """\
version: 1
scenarios:
  - name: one_call
    script:
      - [{call: check, as: c1}]
      - [{say: Done.}]
    tools: {check: {}}
    expect:
      - frames: [FunctionCallsStarted]
      - call: {c1: cancelled}
      - context: {roles: [tool, user]}
"""
MARKED = """\
version: 1
scenarios:
  - name: left
    marks: [{skip: not today}]
    script: [[{say: Hello.}]]
  - name: fails
    marks: [{xfail: it says two things}]
    script: [[{say: Hello.}], [{say: Hello.}]]
  - name: slow_one
    marks: [slow]
    script: [[{say: Hello.}]]
  - name: variants
    script: [[{call: f, as: f1}], [{say: Done.}]]
    tools: {f: {}}
    latency: {f: [1ms, 2ms]}
"""
NAIVE = ("--llm-sim-target", "naive")
Write = Callable[..., None]


@pytest.fixture
def write(pytester: pytest.Pytester) -> Write:
    """Write files of a user."""

    def files(ini: str = "", **by_name: str) -> None:
        pytester.makeini(INI.format(mode="strict") + ini)
        for name, text in by_name.items():
            path = pytester.path / (name.replace("__", "/") + ".sim.yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    return files


def calls(result: Result) -> list[str]:
    return [report.nodeid for report in result.reports if report.when == "call"]


def test_what_begins_with_test_and_what_is_among_the_scenarios_is_collected(
    write: Write, inner: Inner
) -> None:
    write(test_a=GREETING, other=GREETING, scenarios__b=GREETING, deep__scenarios__x__c=GREETING)
    assert calls(inner.again("-k", "greeting")) == [
        "deep/scenarios/x/c.sim.yaml::greeting",
        "scenarios/b.sim.yaml::greeting",
        "test_a.sim.yaml::greeting",
    ]


def test_the_directories_can_be_chosen(write: Write, inner: Inner) -> None:
    write("llm_sim_scenarios = talks", talks__a=GREETING, scenarios__b=GREETING)
    assert calls(inner.again("-k", "greeting")) == ["talks/a.sim.yaml::greeting"]


def test_a_file_that_is_named_is_collected_wherever_it_stands(write: Write, inner: Inner) -> None:
    write(other=GREETING)
    assert calls(inner.again("other.sim.yaml::greeting")) == ["other.sim.yaml::greeting"]


def test_a_scenario_that_breaks_a_law_fails_at_its_line(write: Write, inner: Inner) -> None:
    write(test_a=GREETING)
    assert inner.again().outcomes == ["passed", "passed"]
    result = inner.again(*NAIVE)
    assert result.outcomes == ["passed", "failed"]
    lines = result.text.splitlines()
    assert lines[0].startswith("LS101 hang_up is never settled")
    assert lines[-3:] == [
        '  replay    pytest "test_a.sim.yaml::race" --llm-sim-target naive',
        "",
        f"test_a.sim.yaml:6: {lines[0]}",
    ]
    (report,) = [one for one in result.reports if one.failed]
    assert report.location == ("test_a.sim.yaml", 5, "race")


def test_an_expectation_that_is_not_met_fails_at_its_own_line(
    write: Write, inner: Inner, pytester: pytest.Pytester
) -> None:
    write(test_a=EXPECTS)
    result = inner.again()
    assert result.outcomes == ["failed"]
    lines = result.text.splitlines()
    assert lines[0].startswith("expectation not met: c1 should end as cancelled")
    assert lines[0].endswith(" (and 1 more)")
    assert [line.partition(": ")[0] for line in lines if line.startswith("  test_a")] == [
        "  test_a.sim.yaml:10:20",
        "  test_a.sim.yaml:11:26",
    ]
    assert lines[-1] == f"test_a.sim.yaml:10: {lines[0]}"
    (report,) = [one for one in result.reports if one.failed]
    crash = report.longrepr.reprcrash  # type: ignore[union-attr]
    assert (crash.path, crash.lineno) == (str(pytester.path / "test_a.sim.yaml"), 10)


def test_a_mistake_in_a_file_is_told_with_its_place_and_nothing_else(
    write: Write, inner: Inner, capsys: pytest.CaptureFixture[str]
) -> None:
    write(test_a=GREETING.replace("name: race", "nmae: race"), test_b=GREETING)
    assert inner.again().exit_code is pytest.ExitCode.INTERRUPTED
    out = capsys.readouterr().out
    block = re.search(r"_+ ERROR collecting test_a.sim.yaml _+\n(.*?)\n===", out, re.S)
    assert block is not None
    assert block[1].splitlines() == [
        "test_a.sim.yaml:6:5: unknown key 'nmae' (did you mean 'name'?)",
        "test_a.sim.yaml:6:5: missing key 'name': add `name: my_scenario`",
    ]


def test_marks_of_a_scenario_are_marks_of_the_test(write: Write, inner: Inner) -> None:
    write("markers = slow", test_a=MARKED)
    result = inner.again("--strict-markers")
    assert [(one.nodeid.partition("::")[2], one.outcome) for one in result.reports] == [
        ("left", "skipped"),
        ("left", "passed"),
        *(("fails", outcome) for outcome in ("passed", "skipped", "passed")),
        *(("slow_one", "passed") for _ in range(3)),
        *(("variants[f=1ms]", "passed") for _ in range(3)),
        *(("variants[f=2ms]", "passed") for _ in range(3)),
    ]
    assert calls(inner.again("-m", "slow")) == ["test_a.sim.yaml::slow_one"]
    assert calls(inner.again("test_a.sim.yaml::variants[f=2ms]")) == [
        "test_a.sim.yaml::variants[f=2ms]"
    ]


def test_a_mark_that_nobody_knows_is_told_where_marks_must_be_known(
    write: Write, inner: Inner, capsys: pytest.CaptureFixture[str]
) -> None:
    write(test_a=MARKED.replace("[slow]", "[unheard_of]"))
    assert inner.again("--strict-markers").exit_code is pytest.ExitCode.INTERRUPTED
    assert "'unheard_of' not found in `markers` configuration option" in capsys.readouterr().out


def test_the_bot_is_named_from_the_root_directory(
    write: Write, inner: Inner, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = GREETING.replace("- name: greeting", "- name: greeting\n    bot: user_bots:build")
    write(scenarios__a=bot)
    pytester.makepyfile(user_bots="def build(llm): ...")
    monkeypatch.chdir(pytester.path / "scenarios")
    assert inner.again("-k", "greeting").outcomes == ["passed"]


def test_a_bot_that_is_not_there_is_told_without_a_traceback(write: Write, inner: Inner) -> None:
    write(test_a=GREETING.replace("- name: greeting", "- name: greeting\n    bot: no_bots:build"))
    told = "bot 'no_bots:build': cannot import 'no_bots': No module named 'no_bots'"
    result = inner.again("-k", "greeting")
    first, _, last = result.text.splitlines()
    assert first.startswith(f"test_a.sim.yaml:4:10: {told}")
    assert last.startswith(f"test_a.sim.yaml:4: {told}")


def test_what_the_command_line_says_holds_for_scenarios_too(
    write: Write, inner: Inner, pytester: pytest.Pytester
) -> None:
    write(test_a=GREETING)
    disabled = "--llm-sim-disable=LS101,LS103,LS106,LS107,LS111"
    assert inner.again(*NAIVE, disabled).outcomes == ["passed", "passed"]
    swept = inner.again("--llm-sim-sweep=interrupt", "--llm-sim-trace=on", "-k", "greeting")
    assert swept.outcomes == ["passed"]
    assert "unnamed" not in swept.reports[1].sections[0][1]
    assert len(list((pytester.path / ".llm_sim" / "traces").glob("*"))) == 1
    known = ("--llm-sim-baseline", "known.yaml")
    assert inner.again(*NAIVE, *known, "--llm-sim-baseline-update").outcomes == ["passed"] * 2
    assert inner.again(*NAIVE, *known).outcomes == ["passed"] * 2


def test_golden_traces_are_written_on_request(
    write: Write, inner: Inner, pytester: pytest.Pytester
) -> None:
    script = "[[{say: Hello.}]]"
    text = GREETING.replace(script, f"{script}\n    expect: [{{trace: a.trace}}]")
    write(scenarios__a=text)
    assert inner.again("-k", "greeting").outcomes == ["failed"]
    assert inner.again("-k", "greeting", "--llm-sim-update").outcomes == ["passed"]
    assert (pytester.path / "scenarios" / "a.trace").exists()
    assert inner.again("-k", "greeting").outcomes == ["passed"]


@pytest.mark.parametrize(
    ("there", "message"),
    [
        (b"\xff\xfe", "mine.bin is no golden trace; name another file or delete it"),
        (None, "mine.bin can be no golden trace: Is a directory; name another file"),
    ],
)
def test_what_is_no_golden_trace_fails_an_update_and_stays(
    write: Write, inner: Inner, pytester: pytest.Pytester, there: bytes | None, message: str
) -> None:
    script = "[[{say: Hello.}]]"
    write(test_a=GREETING.replace(script, f"{script}\n    expect: [{{trace: mine.bin}}]"))
    mine = pytester.path / "mine.bin"
    if there is None:
        mine.mkdir()
    else:
        mine.write_bytes(there)
    result = inner.again("-k", "greeting", "--llm-sim-update")
    assert result.outcomes == ["failed"]
    assert result.text.splitlines()[0] == f"test_a.sim.yaml:5:22: {message}"
    assert there is None or mine.read_bytes() == there


def test_a_report_for_machines_has_the_file_and_the_line(
    write: Write, inner: Inner, pytester: pytest.Pytester
) -> None:
    write("junit_family = xunit1", test_a=GREETING)
    inner.again(*NAIVE, "--junitxml=out.xml")
    cases = ElementTree.parse(pytester.path / "out.xml").findall(".//testcase")
    assert [(case.get("file"), case.get("line"), case.get("name")) for case in cases] == [
        ("test_a.sim.yaml", "2", "greeting"),
        ("test_a.sim.yaml", "5", "race"),
    ]
    broken = [one.get("value") for one in cases[1].findall("properties/property")]
    assert broken[0] == "LS101 settled-once"


def test_scenarios_can_be_listed(
    write: Write, inner: Inner, capsys: pytest.CaptureFixture[str]
) -> None:
    write(test_a=GREETING)
    inner.again("--collect-only")
    out = capsys.readouterr().out
    assert re.search(
        r"<ScenarioTests test_a.sim.yaml>\n +<ScenarioItem greeting>\n +<ScenarioItem race>", out
    )


def test_only_what_failed_last_is_run_again(write: Write, pytester: pytest.Pytester) -> None:
    write(test_a=GREETING)
    plugin = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")
    options = (*plugin, "-p", "no:hypothesispytest", *NAIVE)
    pytester.runpytest_inprocess(*options).assert_outcomes(passed=1, failed=1)
    pytester.runpytest_inprocess(*options, "--lf").assert_outcomes(failed=1)


def test_other_yaml_files_are_left_alone(
    write: Write, inner: Inner, pytester: pytest.Pytester
) -> None:
    write()
    scenarios = pytester.path / "scenarios"
    scenarios.mkdir()
    (scenarios / "a.yaml").write_text("no: scenario", encoding="utf-8")
    Path(pytester.path / "b.sim.yaml").write_text("no: scenario", encoding="utf-8")
    assert inner.again().exit_code is pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_scenario_file_that_only_its_name_keeps_out_is_told(
    write: Write, inner: Inner, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    write()
    scenarios = pytester.path / "scenarios"
    scenarios.mkdir()
    for name in ("a.yaml", "b.sim.yml", "c.txt"):
        (scenarios / name).write_text(GREETING, encoding="utf-8")
    (pytester.path / "test_d.sim.yml").write_text(GREETING, encoding="utf-8")
    (pytester.path / "e.yaml").write_text(GREETING, encoding="utf-8")
    assert inner.again().exit_code is pytest.ExitCode.NO_TESTS_COLLECTED
    told = re.findall(r"llm_sim: (.*) is not collected: (.*)", capsys.readouterr().out)
    ends = "a scenario file's name ends in .sim.yaml"
    assert told == [
        (name, ends) for name in ("test_d.sim.yml", "scenarios/a.yaml", "scenarios/b.sim.yml")
    ]


def test_what_a_handler_owes_is_a_warning_in_a_scenario_and_an_error_in_a_test_of_it(
    write: Write, inner: Inner, pytester: pytest.Pytester
) -> None:
    write(
        test_a="""
version: 1
scenarios:
  - name: twice
    bot: user_bots:build
    script: [[{call: check, as: c1}], [{say: Done.}]]
"""
    )
    pytester.makepyfile(
        user_bots="""
async def check(params):
    await params.result_callback(1)
    await params.result_callback(2)

def build(llm):
    llm.register_function("check", check)
"""
    )
    result = inner.again()
    assert result.outcomes == ["passed"]
    ((title, told),) = result.reports[1].sections
    assert title == "Captured llm_sim warnings call"
    assert told.startswith("warn LS401 c1 `check`")
    pytester.makepyfile(
        test_bot="""
from llm_sim import load_scenarios

def test_handler(llm_sim):
    llm_sim.run(load_scenarios("test_a.sim.yaml")[0])
"""
    )
    assert inner.again("test_bot.py").text.startswith("LS401 check")
