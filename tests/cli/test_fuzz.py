"""``llm-sim fuzz`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import Command, finished, started

BOT = """
async def answer(params):
    await params.result_callback("done")

def build(llm):
    llm.register_function("search", answer)
    llm.register_function("book", answer, cancel_on_interruption=False)

def idle(llm):
    pass
"""
FEW = ("--examples", "60", "--inject", "interrupt")


@pytest.fixture
def bot(here: Path) -> str:
    """Write a bot with two tools, and one without."""
    (here / "fuzzed_bot.py").write_text(BOT, encoding="utf-8")
    return "fuzzed_bot:build"


def test_a_bot_is_fuzzed_and_found_clean(cli: Command, bot: str) -> None:
    told = cli("fuzz", bot, *FEW)
    assert told.code == 0
    assert told.out.startswith(
        "reference 0.1.0 · fuzzed_bot:build · 60 examples, at most 2 of interrupt in each\n"
    )
    assert "  60 examples, 60 runs: clean" in told.out
    assert "\ninterrupt " in told.out


@pytest.mark.parametrize(
    ("subject", "remedy"),
    [
        ("fuzzed_bot", "fuzzed_bot.py:build"),
        ("fuzzed_bot.py", "fuzzed_bot.py:build"),
    ],
)
def test_a_module_is_told_how_its_bot_is_named(
    cli: Command, bot: str, subject: str, remedy: str
) -> None:
    wrong = cli("fuzz", subject)
    told = f"llm-sim: {subject}: fuzzed_bot.py is Python; name the bot in it: {remedy}\n"
    assert (wrong.code, wrong.out, wrong.err) == (2, "", told)


def test_a_file_is_varied_and_its_failures_are_shrunk_and_kept(cli: Command, here: Path) -> None:
    told = cli("fuzz", "race.sim.yaml", "--target", "naive", "--json", "result.json", *FEW)
    plain = json.loads((here / "result.json").read_text(encoding="utf-8"))
    kept = sorted(path.name for path in (here / ".llm_sim" / "failures").iterdir())
    assert told.code == 1
    (search,) = plain["searches"]
    assert (search["examples"], search["clean"]) == (60, False)
    assert kept == sorted(f"{found['saved']}.failure.yaml" for found in plain["findings"]) != []
    assert f"llm-sim replay .llm_sim/failures/{kept[0]}" in told.out
    assert {each["law"] for found in plain["findings"] for each in found["violations"]} >= {
        "LS106",
        "LS107",
    }


@pytest.mark.slow
def test_what_it_says_to_replay_fails_and_what_it_says_to_keep_is_kept(
    cli: Command, here: Path
) -> None:
    told = cli("fuzz", "race.sim.yaml", "--target", "naive", *FEW)
    lines = [line.split() for line in told.out.splitlines()]
    replay = next(words for words in lines if words[:3] == ["replay", "llm-sim", "replay"])
    keep = next(words for words in lines if words[:3] == ["keep", "llm-sim", "promote"])
    assert cli(*replay[2:]).code == 1
    assert cli(*keep[2:]).code == 0
    (regression,) = (here / "scenarios" / "regressions").iterdir()
    assert cli("replay", str(regression), "--target", "naive").code == 1
    assert cli("replay", str(regression), "--target", "reference").code == 0


@pytest.mark.slow
def test_what_cannot_be_saved_is_told_with_how_to_see_it_again(cli: Command, here: Path) -> None:
    (here / ".llm_sim").write_text("", encoding="utf-8")
    told = cli("fuzz", "race.sim.yaml", "--target", "naive", *FEW)
    lines = [line.split(maxsplit=1) for line in told.out.splitlines() if line.strip()]
    replays = [rest[0] for word, *rest in lines if word == "replay"]
    assert [word for word, *_ in lines if word == "keep"] == []
    why = ".llm_sim/failures: Not a directory"
    # Before it stands how far the search has come, where it takes longer.
    assert told.err.splitlines()[-1] == f"llm-sim: {len(replays)} failures are not kept: {why}"
    saved, _, line = replays[0].partition(", then llm-sim ")
    assert saved == "save the scenario below as found.sim.yaml"
    scenario = told.out.partition("  scenario\n")[2].partition("\n\n")[0]
    (here / "found.sim.yaml").write_text(scenario, encoding="utf-8")
    assert cli(*line.split()).code == 1


@pytest.mark.slow
def test_the_same_seed_finds_the_same_in_any_process(here: Path) -> None:
    line = ("fuzz", "race.sim.yaml", "--target", "naive", "--profile", "fast", "--seed", "7")
    reports = []
    for hash_seed in ("1", "2"):
        name = f"{hash_seed}.json"
        process = started(*line, *FEW, "--json", name, cwd=here, env={"PYTHONHASHSEED": hash_seed})
        assert finished(process).code == 1
        report = json.loads((here / name).read_text(encoding="utf-8"))
        del report["searches"][0]["runs_per_second"]
        reports.append(report)
        for path in (here / ".llm_sim" / "failures").iterdir():
            path.unlink()
    assert reports[0] == reports[1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("fuzz fuzzed_bot:biuld", "fuzzed_bot has no 'biuld' (did you mean 'build'?)"),
        ("fuzz fuzzed_bot:idle", "bot 'idle' registers no tool, so there is nothing to call"),
        ("fuzz no.sim.yaml", "no.sim.yaml: there is no such file"),
        (
            "fuzz fuzzed_bot:build --profile nigthly",
            "there is no profile 'nigthly' (did you mean 'nightly'?); the profiles are fast, ci, ",
        ),
        (
            "fuzz fuzzed_bot:build --inject interupt,end",
            "cannot inject 'interupt' (did you mean 'interrupt'?); it is one of ",
        ),
        (
            "fuzz fuzzed_bot:build --inject interrupt+end",
            "--inject interrupt+end: separate stimuli by commas; each may land alone",
        ),
        ("fuzz fuzzed_bot:build --examples 0", "--examples 0: try at least one"),
        (
            "fuzz fuzzed_bot:build --max-injections -1",
            "max_stimuli must be 0 or more, not -1",
        ),
        ("fuzz fuzzed_bot:build --target pipcat", "there is no target 'pipcat' (did you mean "),
    ],
)
def test_a_mistake_is_answered_with_the_remedy(
    cli: Command, bot: str, line: str, message: str
) -> None:
    told = cli(*line.split())
    assert (told.code, told.out) == (2, "")
    assert message in told.err
