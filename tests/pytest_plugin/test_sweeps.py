"""``sweep=``: a stimulus at every point of what a test ran; ``--llm-sim-replay``: one again."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import Inner

SWEPT = """
@pytest.mark.llm_sim(sweep="interrupt")
def test_race(llm_sim):
    run = llm_sim.run(*RACE[:2], tools=TOOLS, mode="sequential", target="{target}")
    assert run.laws == ()
"""
RACE = SWEPT.format(target="naive")
HEAD = "test_bot.py::test_race on naive 0.1.0: "


def labelled(text: str, label: str) -> list[str]:
    return [line[12:] for line in text.splitlines() if line.startswith(f"  {label:9} ")]


def saved(directory: Path) -> list[str]:
    names = sorted(path.name for path in (directory / ".llm_sim" / "failures").glob("*"))
    return [re.sub(r"-[0-9a-f]{6}\.failure\.yaml$", "", name) for name in names]


def test_a_test_whose_scenario_breaks_at_some_points_fails_with_its_windows(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    result = inner.run(RACE)
    assert result.outcomes == ["failed"]
    lines = result.text.splitlines()
    assert re.fullmatch(r"LS101 hang_up is never settled.* \(\d+ of \d+ points\)", lines[0])
    assert re.fullmatch(re.escape(HEAD) + r"\d+ of \d+ points fail", lines[1])
    assert re.fullmatch(r"  point 1 +LS106 +ls1-interrupt@start\+0", lines[2])
    assert saved(pytester.path) == ["LS101-hang_up", "LS106-check", "LS111"]
    keep, *others = labelled(result.text, "keep")
    assert len(others) == 2
    assert re.fullmatch(
        r"llm-sim promote LS101-hang_up-[0-9a-f]{6} --name hang_up_settled_once", keep
    )


def test_the_replay_line_shows_the_same_failure_without_a_sweep(inner: Inner) -> None:
    line, *_ = labelled(inner.run(RACE).text, "replay")
    words = shlex.split(line)
    assert words[:2] == ["pytest", "test_bot.py::test_race"]
    assert words[2].startswith("--llm-sim-replay=ls1-interrupt@")
    again = inner.again(*words[1:])
    assert again.outcomes == ["failed"]
    assert again.text.startswith("LS101 hang_up is never settled")
    assert labelled(again.text, "replay") == [line]


def test_a_schedule_that_breaks_nothing_passes(inner: Inner) -> None:
    token = "--llm-sim-replay=ls1-interrupt@start+1"
    assert inner.run(SWEPT.format(target="reference"), token).outcomes == ["passed"]


def test_a_schedule_that_does_not_land_gives_no_verdict(inner: Inner) -> None:
    result = inner.run(RACE, "--llm-sim-replay=ls1-interrupt@start+9999")
    assert result.outcomes == ["failed"]
    assert result.text.startswith("no verdict: the schedule did not land: ")


def test_a_test_whose_scenario_holds_at_every_point_passes_and_says_how_many(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    result = inner.run(SWEPT.format(target="reference"))
    assert result.outcomes == ["passed"]
    ((title, told),) = result.reports[1].sections
    assert title == "Captured llm_sim sweep call"
    assert re.fullmatch(
        r"unnamed on reference 0\.1\.0: interrupt at each of \d+ points, \d+ runs: clean", told
    )
    assert not (pytester.path / ".llm_sim").exists()


def test_a_marker_names_the_stimulus_by_its_builder_as_well(inner: Inner) -> None:
    result = inner.run(SWEPT.format(target="reference").replace('"interrupt"', "[interrupt]"))
    ((_, told),) = result.reports[1].sections
    assert " interrupt at each of " in told


def test_a_test_that_fails_by_itself_is_not_swept(inner: Inner, pytester: pytest.Pytester) -> None:
    result = inner.run(RACE + "    assert False\n")
    assert result.outcomes == ["failed"]
    assert "points fail" not in result.text
    assert not (pytester.path / ".llm_sim").exists()


def test_a_failure_that_cannot_be_kept_is_told_all_the_same(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    (pytester.path / ".llm_sim").write_text("a file", encoding="utf-8")
    result = inner.run(RACE)
    assert result.text.startswith("LS101 hang_up is never settled")
    assert labelled(result.text, "keep") == []
    assert "\n3 failures could not be kept: " in result.text


def test_a_scenario_that_a_test_runs_twice_is_swept_once(inner: Inner) -> None:
    result = inner.run("""
@pytest.mark.llm_sim(sweep="end")
def test_order(llm_sim):
    llm_sim.run(*ORDER, bot=Bot(build))
    llm_sim.run(*ORDER, bot=Bot(build))
    llm_sim.run(*ORDER, bot=Bot(build), user="Hi.")
""")
    assert result.outcomes == ["passed"]
    assert len(result.reports[1].sections[0][1].splitlines()) == 2


CANCELLED = """
import asyncio

async def lookup_order(params):
    try:
        await asyncio.sleep(0.1)
        await params.result_callback("shipped")
    except asyncio.CancelledError:
        await cancelled(params)

@pytest.mark.llm_sim(sweep="interrupt")
def test_order(llm_sim):
    llm_sim.run(*ORDER, bot=Bot(build))
"""


def test_a_point_that_does_not_fail_a_second_time_is_told_with_what_asyncios_own_loop_says(
    inner: Inner,
) -> None:
    result = inner.run(
        CANCELLED
        + """
first = [True]

async def cancelled(params):
    if not first:
        raise asyncio.CancelledError
    first.clear()
    await params.result_callback("late")
"""
    )
    assert result.outcomes == ["failed"]
    assert re.match(r"LS401 lookup_order.* \(1 of \d+ points\)\n", result.text)
    (stock,) = labelled(result.text, "stock")
    assert stock == "asyncio's own loop does NOT fail at the same step"


ASKS = (
    CANCELLED
    + """
async def cancelled(params):
    await asyncio.get_running_loop().create_connection(asyncio.Protocol, "api.down.test", 80)
"""
)


def test_a_point_at_which_code_asks_for_the_real_world_is_named_and_can_be_replayed(
    inner: Inner,
) -> None:
    result = inner.run(ASKS)
    assert result.outcomes == ["failed"]
    first, head, window, gap, again_first, replay = result.text.splitlines()
    assert (gap, again_first) == ("", first)
    assert re.fullmatch(r"test_bot.py::test_order on reference \S+: \d+ of \d+ points fail", head)
    refused = "no verdict: a connection to api.down.test:80 is refused in a simulated run "
    assert re.match(re.escape(refused) + r".* \(\d+ of \d+ points\)$", first)
    assert re.match(r"  points \d+-\d+ +" + re.escape(refused), window)
    again = inner.again(*shlex.split(replay)[2:])
    assert again.outcomes == ["failed"]
    told, _, _, line = again.text.splitlines()
    assert (told.startswith(refused), line) == (True, replay)


def test_what_is_known_to_be_broken_does_not_hide_a_point_without_a_verdict(inner: Inner) -> None:
    known = ("--llm-sim-baseline", "known.yaml")
    two = """turn(call("lookup_order"), call("hang_up")), turn(say("Done.")),
        tools={"hang_up": TOOLS["hang_up"]}, mode="sequential", target="naive"
    """
    inner.run(ASKS.replace("*ORDER", two.strip()), *known, "--llm-sim-baseline-update")
    lines = inner.again(*known).text.splitlines()
    assert sum(line.endswith(" known (baseline)") for line in lines) > 0
    assert any(" no verdict: a connection to api.down.test:80 " in line for line in lines)


def test_laws_that_are_disabled_do_not_break_at_any_point(inner: Inner) -> None:
    disabled = "--llm-sim-disable=LS101,LS103,LS106,LS107,LS111"
    assert inner.run(RACE, disabled).outcomes == ["passed"]


def test_what_a_sweep_breaks_can_be_known(inner: Inner, pytester: pytest.Pytester) -> None:
    known = ("--llm-sim-baseline", "known.yaml")
    assert inner.run(RACE, *known, "--llm-sim-baseline-update").outcomes == ["passed"]
    assert inner.again(*known).outcomes == ["passed"]
    assert inner.again(*known, "--llm-sim-replay=ls1-interrupt@start+1").outcomes == ["passed"]
    assert not (pytester.path / ".llm_sim").exists()
    file = pytester.path / "known.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("LS106", "LS108"), encoding="utf-8")
    result = inner.again(*known)
    assert result.outcomes == ["failed"]
    (known_point,) = re.findall(r"^.* known \(baseline\)$", result.text, re.M)[:1]
    assert " LS111 " in known_point
    assert "\n  also      LS106 " in result.text


EXPECTED = """
def test_race(llm_sim):
    with llm_sim.expects({laws}):
        llm_sim.run(*RACE, tools=TOOLS, mode="sequential", target="{target}")
"""
ALL = '"LS101", "LS103", "LS106", "LS107", "LS111"'


def test_a_test_can_expect_laws_to_be_broken(inner: Inner) -> None:
    result = inner.run(EXPECTED.format(laws=ALL, target="naive"))
    assert result.phases == [("setup", "passed"), ("call", "passed"), ("teardown", "passed")]


def test_what_is_broken_besides_fails_the_test(inner: Inner) -> None:
    laws = ALL.replace('"LS107", ', "")
    result = inner.run(EXPECTED.format(laws=laws, target="naive"))
    assert result.outcomes == ["failed"]
    assert result.text.startswith("LS107 ")
    assert "also" not in result.text


def test_a_law_that_is_expected_to_break_and_holds_fails_the_test(inner: Inner) -> None:
    result = inner.run(EXPECTED.format(laws='"LS101", "ls103"', target="reference"))
    assert result.outcomes == ["failed"]
    assert (
        "ExpectationError: expected LS101 settled-once, LS103 views-disagree to be broken\n"
        "E         no run breaks it, of 1 run in the block\n\n"
        "test_bot.py:22: ExpectationError"
    ) in result.text


def test_what_is_expected_in_a_block_is_expected_there_only(inner: Inner) -> None:
    outside = '    llm_sim.run(*RACE, tools=TOOLS, mode="sequential", target="naive")\n'
    result = inner.run(EXPECTED.format(laws=ALL, target="naive") + outside)
    assert result.outcomes == ["failed"]


def test_what_is_expected_to_break_is_not_swept(inner: Inner) -> None:
    body = EXPECTED.format(laws=ALL, target="naive")
    assert inner.run(body, "--llm-sim-sweep=interrupt").outcomes == ["passed"]


def test_a_law_that_is_none_cannot_be_expected(inner: Inner) -> None:
    result = inner.run(EXPECTED.format(laws='"LS1O4"', target="naive"))
    assert "UsageError: there is no law 'LS1O4' (did you mean 'LS104'?)" in result.text
    nothing = inner.run(EXPECTED.format(laws="", target="naive"))
    assert 'UsageError: expects() names no law; write expects("LS101")' in nothing.text
