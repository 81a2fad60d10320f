"""Failures stay found: ``sweep`` saves them, ``replay`` replays them, ``promote`` keeps them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from llm_sim.kept import FAILURES
from llm_sim.trace import loads
from tests.support.command import Command, Outcome, finished, started

NAIVE = ("--target", "naive")
LS101 = "LS101 c2 `hang_up` is never settled: last heard of as started"
REGRESSION = Path("scenarios/regressions/hang_up_settled_once.sim.yaml")


@pytest.fixture
def swept(cli: Command, here: Path) -> Outcome:
    """The sweep of the race on the naive service."""
    return cli("sweep", "race.sim.yaml", *NAIVE)


def saved(here: Path) -> list[str]:
    """Return the names of what is saved, without their digests."""
    names = sorted(path.name for path in (here / ".llm_sim" / "failures").glob("*"))
    return [re.sub(r"-[0-9a-f]{6}\.failure\.yaml$", "", name) for name in names]


def the(law: str, here: Path) -> Path:
    """Return the file of the one saved failure of a law."""
    (path,) = (here / ".llm_sim" / "failures").glob(f"{law}-*")
    return path


def repair(here: Path) -> None:
    """Let every saved failure be one of the correct core."""
    for path in (here / ".llm_sim" / "failures").glob("*"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("target: naive", "target: reference"), encoding="utf-8")


def test_a_sweep_saves_a_failure_of_each_set_of_laws(swept: Outcome, here: Path) -> None:
    assert saved(here) == ["LS101-hang_up", "LS106-check", "LS111"]


def test_a_sweep_says_the_line_that_promotes_the_failure_it_shows(
    swept: Outcome, here: Path
) -> None:
    name = the("LS101", here).name.removesuffix(".failure.yaml")
    assert swept.out.partition("\n\nLS111 ")[0].splitlines()[-2] == (
        f"  keep      llm-sim promote {name} --name hang_up_settled_once"
    )


def test_a_clean_sweep_saves_nothing(cli: Command, here: Path) -> None:
    assert cli("sweep", "race.sim.yaml").code == 0
    assert not (here / ".llm_sim").exists()


def test_a_failure_that_is_broken_undisturbed_is_saved_as_well(cli: Command, here: Path) -> None:
    text = (here / "race.sim.yaml").read_text(encoding="utf-8")
    inject = "    inject:\n      - {after: 50ms, do: interrupt}\n"
    (here / "race.sim.yaml").write_text(text + inject, encoding="utf-8")
    cli("sweep", "race.sim.yaml", "--inject", "end", *NAIVE)
    assert "schedule: ls1-undisturbed" in the("LS101", here).read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_failure_of_a_given_bot_is_saved_with_that_bot(here: Path) -> None:
    (here / "bots_of_kept.py").write_text("def stubs(llm): ...\n", encoding="utf-8")
    given = ("--bot", "bots_of_kept:stubs")
    finished(started("sweep", "race.sim.yaml", *NAIVE, *given, cwd=here))
    assert "bot: bots_of_kept:stubs" in the("LS101", here).read_text(encoding="utf-8")
    again = finished(started("replay", cwd=here))
    assert (again.code, again.out.count("FAILED")) == (1, 3)


def test_what_cannot_be_saved_is_told_and_the_sweep_goes_on(cli: Command, here: Path) -> None:
    (here / ".llm_sim").write_text("", encoding="utf-8")
    swept = cli("sweep", "race.sim.yaml", *NAIVE)
    assert (swept.code, "\nLS101 " in swept.out, "  keep " in swept.out) == (1, True, False)
    assert re.search(r"llm-sim: LS101-hang_up-\w{6} is not kept: .*Not a directory", swept.err)


def test_every_saved_failure_is_replayed_and_told(swept: Outcome, cli: Command, here: Path) -> None:
    replayed = cli("replay")
    assert [re.sub(r"-[0-9a-f]{6} ", " ", line) for line in replayed.out.splitlines()] == [
        f"FAILED LS101-hang_up {LS101}",
        "FAILED LS106-check LS106 c1 `check`: its handler runs on after the interruption and "
        "answers",
        "FAILED LS111 LS111 a fresh call stays cancelled",
    ]
    assert (replayed.code, replayed.err, len(saved(here))) == (1, "", 3)


def test_a_failure_that_is_repaired_is_told_and_forgotten(
    swept: Outcome, cli: Command, here: Path
) -> None:
    repair(here)
    replayed = cli("replay")
    assert [line.split()[0] for line in replayed.out.splitlines()] == ["FIXED"] * 3
    assert (replayed.code, saved(here)) == (0, [])
    assert cli("replay").out == "no failure is saved in .llm_sim/failures\n"


def test_a_damaged_file_is_told_and_the_others_are_replayed(
    swept: Outcome, cli: Command, here: Path
) -> None:
    repair(here)
    the("LS106", here).write_text("version: 1\nfailure: {law: 3}\n", encoding="utf-8")
    replayed = cli("replay")
    assert [line.split()[0] for line in replayed.out.splitlines()] == ["FIXED", "FIXED"]
    assert re.match(r"llm-sim: \.llm_sim/failures/LS106-\S+\.yaml:2:10: ", replayed.err)
    assert (replayed.code, saved(here)) == (3, ["LS106-check"])


def test_a_saved_failure_is_shown_in_full(swept: Outcome, cli: Command, here: Path) -> None:
    path = the("LS101", here).relative_to(here).as_posix()
    replayed = cli("replay", path, "--trace", "failure.jsonl")
    assert replayed.code == 1
    assert "LS101 hang_up is never settled: last heard of as started" in replayed.out
    assert ">>>" in replayed.out
    assert replayed.out.splitlines()[-1] == f"  replay    llm-sim replay {path}"
    trace = loads((here / "failure.jsonl").read_text(encoding="utf-8"))
    assert trace.header.schedule == "ls1-interrupt@start+1"


def test_several_saved_failures_are_shown_and_no_one_trace_is_written(
    swept: Outcome, cli: Command, here: Path
) -> None:
    files = [path.as_posix() for path in sorted(Path(FAILURES).iterdir())]
    replayed = cli("replay", *files)
    assert replayed.code == 1
    assert [f"  replay    llm-sim replay {file}" in replayed.out for file in files] == [True] * 3
    refused = cli("replay", *files, "--trace", "failure.jsonl")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == f"llm-sim: --trace writes one run: name a scenario, like {files[0]}\n"


def test_a_mistake_beside_a_saved_failure_is_told_before_the_work(
    swept: Outcome, cli: Command, here: Path
) -> None:
    wrong = cli("replay", the("LS101", here), "rcae.sim.yaml")
    assert (wrong.code, wrong.out, "there is no such file" in wrong.err) == (2, "", True)


def test_a_saved_failure_can_be_tried_on_another_target(
    swept: Outcome, cli: Command, here: Path
) -> None:
    replayed = cli("replay", the("LS101", here), "--target", "reference")
    assert (replayed.code, replayed.out.split()[-1], len(saved(here))) == (0, "clean", 3)


def test_all_failures_at_once_take_no_target(swept: Outcome, cli: Command) -> None:
    wrong = cli("replay", *NAIVE)
    assert wrong.code == 2
    assert wrong.err.startswith("llm-sim: each saved failure is replayed on its own bot and target")


def test_a_promoted_failure_fails_before_the_repair_and_passes_after_it(
    swept: Outcome, cli: Command, here: Path
) -> None:
    words = shlex.split(swept.out.partition("  keep      ")[2].splitlines()[0])
    promoted = cli(*words[1:])
    assert (promoted.code, promoted.out) == (
        0,
        f"{REGRESSION}: breaks LS101 on naive 0.1.0\n  replay    llm-sim replay {REGRESSION}\n",
    )
    before, after = cli("replay", REGRESSION), cli("replay", REGRESSION, "--target", "reference")
    told = "LS101 hang_up is never settled: last heard of as started"
    assert (before.code, before.out) == (1, f"FAILED hang_up_settled_once {told}\n")
    assert (after.code, after.out) == (0, "FIXED hang_up_settled_once\n")


def test_a_failure_is_promoted_by_its_token_and_by_its_file(
    swept: Outcome, cli: Command, here: Path
) -> None:
    assert cli("promote", "ls1-interrupt@start+1", "--name", "one", "--into", "kept").code == 0
    assert cli("promote", the("LS101", here), "--name", "two", "--into", "kept").code == 0
    assert sorted(path.name for path in (here / "kept").iterdir()) == [
        "one.sim.yaml",
        "two.sim.yaml",
    ]


def test_a_file_that_is_there_is_replaced_only_by_force(
    swept: Outcome, cli: Command, here: Path
) -> None:
    words = ("promote", "ls1-interrupt@start+1", "--name", "race", "--into", ".")
    before = (here / "race.sim.yaml").read_text(encoding="utf-8")
    refused = cli(*words)
    assert (refused.code, refused.err) == (
        2,
        "llm-sim: race.sim.yaml: is there already; choose another name, or say --force\n",
    )
    assert (here / "race.sim.yaml").read_text(encoding="utf-8") == before
    assert cli(*words, "--force").code == 0
    assert "inject:" in (here / "race.sim.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("into", "why"), [("bot.py", "it is a file"), ("bot.py/sub", "Not a directory")]
)
def test_a_failure_is_not_promoted_into_a_file(
    swept: Outcome, cli: Command, here: Path, into: str, why: str
) -> None:
    (here / "bot.py").write_text("mine", encoding="utf-8")
    refused = cli("promote", "ls1-interrupt@start+1", "--name", "one", "--into", into)
    assert (refused.code, refused.out, refused.err) == (
        2,
        "",
        f"llm-sim: {into}: the directory cannot be created: {why}; name another one\n",
    )


def test_a_failure_that_does_not_fail_is_not_promoted(
    swept: Outcome, cli: Command, here: Path
) -> None:
    repair(here)
    refused = cli("promote", "ls1-interrupt@start+1", "--name", "one")
    assert refused.code == 2
    assert refused.err.startswith(
        "llm-sim: the failure does not break LS101 on c2: every law holds; "
    )
    assert not (here / "scenarios").exists()


def test_each_scenario_of_a_file_is_told_fixed_or_failed(cli: Command, here: Path) -> None:
    (here / "three.sim.yaml").write_text(
        "version: 1\nscenarios:\n"
        "  - name: fine\n    script: [[{say: A.}]]\n"
        "  - name: broken\n    mode: sequential\n"
        "    script: [[{call: f, as: f1}, {call: g, as: g1}], [{say: A.}]]\n"
        "    tools: {f: {latency: 50ms}, g: {}}\n"
        "    inject: [{step: 1, do: interrupt}]\n"
        "  - name: silent\n    script: [[{say: A.}], [{say: B.}]]\n",
        encoding="utf-8",
    )
    replayed = cli("replay", "three.sim.yaml", *NAIVE)
    assert [line[:46] for line in replayed.out.splitlines()] == [
        "FIXED fine",
        "FAILED broken LS101 g is never settled: last h",
        "no verdict: silent the model was asked once, t",
    ]
    assert replayed.code == 1
    assert cli("replay", "three.sim.yaml::silent").code == 3
    assert cli("replay", "three.sim.yaml", "--trace", "x.jsonl").code == 2


def test_the_trace_of_one_scenario_without_a_token_is_written(cli: Command, here: Path) -> None:
    assert cli("replay", "race.sim.yaml", "--trace", "race.jsonl").out == "FIXED race\n"
    trace = loads((here / "race.jsonl").read_text(encoding="utf-8"))
    assert trace.header.schedule == "ls1-undisturbed"


def test_a_saved_failure_whose_bot_is_gone_gives_no_verdict(
    swept: Outcome, cli: Command, here: Path
) -> None:
    path = the("LS101", here)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("    name: race\n", "    name: race\n    bot: no_such:bot\n"))
    replayed = cli("replay", path)
    assert (replayed.code, replayed.out) == (3, "")
    assert replayed.err.startswith("llm-sim: bot 'no_such:bot': cannot import 'no_such': ")
