"""``trace=``: which runs leave a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from llm_sim.trace import loads
from tests.pytest_plugin.conftest import HEAD, INI, INSTALLED, Inner

BODY = """
def test_clean(llm_sim):
    llm_sim.run(*ORDER, bot=Bot(build))

def test_broken(llm_sim):
    llm_sim.run(*ORDER, bot=Bot(build))
    llm_sim.run(*RACE, tools=TOOLS, mode="sequential", target="naive")

def test_assertion(llm_sim):
    llm_sim.run(*ORDER, bot=Bot(build))
    assert False, "mine"

def test_left(llm_sim):
    llm_sim.run(*ORDER, bot=Bot(build))
    pytest.skip("not today")

def test_expected(llm_sim):
    with llm_sim.expects("LS101", "LS103", "LS106", "LS107", "LS111"):
        llm_sim.run(*RACE, tools=TOOLS, mode="sequential", target="naive")
"""
RACE = """
def test_broken(llm_sim):
    llm_sim.run(*RACE, tools=TOOLS, mode="sequential", target="{target}")
"""


def written(directory: Path) -> list[str]:
    names = sorted(path.name for path in directory.glob("*"))
    return [re.sub(r"-[0-9a-f]{6}(-\d)\.trace\.jsonl$", r"\1", name) for name in names]


@pytest.mark.parametrize(
    ("mode", "files"),
    [
        ("off", []),
        (
            "on",
            [
                "test_bot.py-test_assertion-1",
                "test_bot.py-test_broken-1",
                "test_bot.py-test_broken-2",
                "test_bot.py-test_clean-1",
                "test_bot.py-test_expected-1",
                "test_bot.py-test_left-1",
            ],
        ),
        (
            "retain-on-failure",
            [
                "test_bot.py-test_assertion-1",
                "test_bot.py-test_broken-1",
                "test_bot.py-test_broken-2",
            ],
        ),
        ("retain-all-failures", ["test_bot.py-test_broken-1", "test_bot.py-test_expected-1"]),
    ],
)
def test_each_mode_keeps_what_its_name_says(
    inner: Inner, pytester: pytest.Pytester, mode: str, files: list[str]
) -> None:
    inner.run(BODY, "--llm-sim-trace", mode)
    assert written(pytester.path / ".llm_sim" / "traces") == files
    ignored = [path.read_text(encoding="utf-8") for path in pytester.path.glob(".llm_sim/.git*")]
    assert ignored == (["*\n"] if files else [])


def test_a_failure_names_its_trace_which_can_be_read(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    result = inner.run(RACE.format(target="naive"), "--llm-sim-trace=retain-on-failure")
    (path,) = re.findall(r"^  trace     (\S+)$", result.text, re.M)
    assert re.fullmatch(
        r"\.llm_sim/traces/test_bot\.py-test_broken-[0-9a-f]{6}-1\.trace\.jsonl", path
    )
    trace = loads((pytester.path / path).read_text(encoding="utf-8"))
    assert trace.header.test == "test_bot.py::test_broken"


def test_an_assertion_that_fails_has_its_traces_beside_it(inner: Inner) -> None:
    result = inner.run(BODY, "--llm-sim-trace=on", "-k", "assertion")
    (call,) = [one for one in result.reports if one.when == "call"]
    ((title, told),) = call.sections
    assert title == "Captured llm_sim traces call"
    assert told.endswith("-1.trace.jsonl")


def test_the_traces_of_a_test_that_is_repaired_are_removed(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    mode = "--llm-sim-trace=retain-on-failure"
    inner.run(RACE.format(target="naive"), mode)
    assert len(written(pytester.path / ".llm_sim" / "traces")) == 1
    inner.run(RACE.format(target="reference"), mode)
    assert written(pytester.path / ".llm_sim" / "traces") == []


def test_the_failures_of_a_sweep_leave_traces_as_well(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    body = RACE.format(target="naive").replace("*RACE", "*RACE[:2]")
    result = inner.run(body, "--llm-sim-trace=retain-on-failure", "--llm-sim-sweep=interrupt")
    files = written(pytester.path / ".llm_sim" / "traces")
    assert files == [f"test_bot.py-test_broken-{n}" for n in (1, 2, 3, 4)]
    paths = re.findall(r"^  trace     (\S+)$", result.text, re.M)
    tokens = re.findall(r"--llm-sim-replay=(\S+)$", result.text, re.M)
    traces = [loads((pytester.path / path).read_text(encoding="utf-8")) for path in paths]
    assert len(tokens) == 3
    assert [trace.header.schedule for trace in traces] == tokens


def test_they_are_written_where_the_configuration_or_the_command_line_says(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    inner.run(RACE.format(target="reference"), "--llm-sim-trace=on", ini="llm_sim_output = here")
    assert written(pytester.path / "here") == ["test_bot.py-test_broken-1"]
    inner.again("--llm-sim-trace=on", "--llm-sim-output=there")
    assert written(pytester.path / "there") == ["test_bot.py-test_broken-1"]


def test_a_place_that_cannot_be_written_to_fails_no_test(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    (pytester.path / "taken").write_text("a file", encoding="utf-8")
    body = RACE.format(target="reference")
    result = inner.run(body, "--llm-sim-trace=on", "--llm-sim-output=taken")
    assert result.outcomes == ["passed"]


def test_traces_that_are_not_written_are_told_once(
    inner: Inner, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    (pytester.path / "taken").write_text("a file", encoding="utf-8")
    output = ("--llm-sim-trace=on", "--llm-sim-output")
    inner.run(BODY, *output, "taken", "-k", "clean or left")
    assert untraced(capsys.readouterr().out) == [
        "llm_sim: traces are not written: taken: it is a file; "
        "name another place with --llm-sim-output"
    ]
    inner.again(*output, "free", "-k", "clean or left")
    assert untraced(capsys.readouterr().out) == []


@pytest.mark.slow
def test_traces_that_no_worker_of_xdist_writes_are_told_once(pytester: pytest.Pytester) -> None:
    (pytester.path / "taken").write_text("a file", encoding="utf-8")
    pytester.makeini(INI.format(mode="auto"))
    pytester.makepyfile(test_bot=HEAD + BODY)
    plugin = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")
    result = pytester.runpytest_subprocess(
        *(*plugin, "-p", "no:hypothesispytest", "-n2", "-k", "clean or left"),
        *("--llm-sim-trace=on", "--llm-sim-output=taken/below"),
    )
    assert untraced(result.stdout.str()) == [
        "llm_sim: traces are not written: taken/below: Not a directory; "
        "name another place with --llm-sim-output"
    ]


def untraced(out: str) -> list[str]:
    return [line for line in out.splitlines() if "traces are not written" in line]


def test_tests_whose_names_are_alike_as_files_have_files_of_their_own(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    inner.run(
        """
@pytest.mark.parametrize("word", ["a/b", "a:b"])
def test_word(llm_sim, word):
    llm_sim.run(turn(say(word)))
""",
        "--llm-sim-trace=on",
    )
    traces = pytester.path / ".llm_sim" / "traces"
    assert written(traces) == ["test_bot.py-test_word-a-b-1", "test_bot.py-test_word-a-b-1"]
