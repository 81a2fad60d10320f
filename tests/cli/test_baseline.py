"""``--baseline``: only what is new fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.command import Command

NAIVE = ("--target", "naive")
KNOWN = ("--baseline", "known.yaml")
SWEEP = ("sweep", "race.sim.yaml")


@pytest.fixture
def known(cli: Command, here: Path) -> Path:
    """The baseline of a sweep of the race on the naive service."""
    cli(*SWEEP, *NAIVE, *KNOWN, "--update-baseline")
    return here / "known.yaml"


def test_an_update_writes_what_is_broken_and_does_not_fail(cli: Command, here: Path) -> None:
    swept = cli(*SWEEP, *NAIVE, *KNOWN, "--update-baseline")
    assert swept.code == 0
    assert swept.out.partition("\nbaseline\n")[2].splitlines() == [
        "  added     race.sim.yaml::race naive LS101 hang_up",
        "  added     race.sim.yaml::race naive LS103 hang_up",
        "  added     race.sim.yaml::race naive LS106 check",
        "  added     race.sim.yaml::race naive LS106 hang_up",
        "  added     race.sim.yaml::race naive LS107 hang_up",
        "  added     race.sim.yaml::race naive LS111",
    ]
    assert (here / "known.yaml").read_text(encoding="utf-8").splitlines()[:3] == [
        "version: 1",
        "known:",
        "- {place: 'race.sim.yaml::race', target: naive, law: LS101, function: hang_up}",
    ]


def test_what_is_known_is_shown_as_such_and_does_not_fail(
    cli: Command, here: Path, known: Path
) -> None:
    swept = cli(*SWEEP, *NAIVE, *KNOWN)
    assert (swept.code, "FAILED" in swept.out, "baseline\n" in swept.out) == (0, False, False)
    windows = re.findall(r"^  points? .*$", swept.out, re.M)
    assert [line.endswith("   known (baseline)") for line in windows] == [True] * 3
    assert not (here / ".llm_sim").exists()


def test_what_is_new_fails_beside_what_is_known_and_is_what_is_shown(
    cli: Command, here: Path, known: Path
) -> None:
    lines = known.read_text(encoding="utf-8").splitlines(keepends=True)
    known.write_text("".join(one for one in lines if "LS106" not in one), encoding="utf-8")
    swept = cli(*SWEEP, *NAIVE, *KNOWN)
    assert swept.code == 1
    assert re.findall(r"^  points? \d+(?:-\d+)? .*?(   known.*)?$", swept.out, re.M) == [
        "",
        "",
        "   known (baseline)",
    ]
    assert "(points 2-14)" in swept.out
    saved = [path.name[:5] for path in (here / ".llm_sim" / "failures").iterdir()]
    assert sorted(saved) == ["LS101", "LS106"]


def test_what_is_known_and_not_seen_is_told_as_stale_and_pruned_on_request(
    cli: Command, here: Path, known: Path
) -> None:
    before = known.read_text(encoding="utf-8")
    known.write_text(
        before + "- {place: 'race.sim.yaml::race', target: naive, law: LS302}\n", encoding="utf-8"
    )
    swept = cli(*SWEEP, *NAIVE, *KNOWN)
    assert (swept.code, swept.out.partition("\nbaseline\n")[2]) == (
        0,
        "  stale     race.sim.yaml::race naive LS302\n",
    )
    pruned = cli(*SWEEP, *NAIVE, *KNOWN, "--prune-baseline")
    assert pruned.out.partition("\nbaseline\n")[2] == (
        "  removed   race.sim.yaml::race naive LS302\n"
    )
    assert known.read_text(encoding="utf-8") == before


def test_the_entries_of_other_targets_stay(cli: Command, here: Path, known: Path) -> None:
    before = known.read_text(encoding="utf-8")
    swept = cli(*SWEEP, *KNOWN, "--prune-baseline")
    assert (swept.code, "baseline\n" in swept.out) == (0, False)
    assert known.read_text(encoding="utf-8") == before


def test_a_sample_prunes_nothing(cli: Command, here: Path, known: Path) -> None:
    before = known.read_text(encoding="utf-8")
    before += "- {place: 'race.sim.yaml::race', target: naive, law: LS302}\n"
    known.write_text(before, encoding="utf-8")
    sampled = cli(*SWEEP, *NAIVE, *KNOWN, "--prune-baseline", "--most", "5")
    assert (sampled.code, "removed" in sampled.out) == (0, False)
    assert known.read_text(encoding="utf-8") == before


def test_the_entries_of_other_places_stay(cli: Command, here: Path, known: Path) -> None:
    (here / "other.sim.yaml").write_bytes((here / "race.sim.yaml").read_bytes())
    before = known.read_text(encoding="utf-8")
    assert cli("sweep", "other.sim.yaml", *NAIVE, *KNOWN, "--prune-baseline").code == 1
    assert known.read_text(encoding="utf-8") == before


def test_a_known_run_does_not_fail_and_a_new_one_does(cli: Command, here: Path) -> None:
    text = (here / "race.sim.yaml").read_text(encoding="utf-8")
    inject = "    inject:\n      - {step: 1, do: interrupt}\n"
    (here / "race.sim.yaml").write_text(text + inject, encoding="utf-8")
    run = ("run", "race.sim.yaml", *NAIVE, *KNOWN)
    assert cli(*run, "--update-baseline").code == 0
    again = cli(*run)
    assert (again.code, again.out.endswith("   known (baseline)\n")) == (0, True)
    (here / "known.yaml").write_text("version: 1\nknown: []\n", encoding="utf-8")
    new = cli(*run)
    assert (new.code, "\nLS101 " in new.out) == (1, True)


def test_what_gives_no_verdict_is_never_known(cli: Command, here: Path) -> None:
    (here / "silent.sim.yaml").write_text(
        "version: 1\nscenarios:\n  - name: silent\n    script: [[{say: A.}], [{say: B.}]]\n",
        encoding="utf-8",
    )
    for command in ("run", "sweep"):
        assert cli(command, "silent.sim.yaml", *KNOWN, "--update-baseline").code == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (KNOWN, "known.yaml: there is no such baseline; update it, and it is created"),
        (("--update-baseline",), "there is no baseline to update or to prune: name its file"),
        (("--baseline", "."), ".: this is a directory: name a file in it"),
        (
            ("--baseline", "no/known.yaml", "--update-baseline"),
            "no/known.yaml: there is no directory no; create it first",
        ),
    ],
)
@pytest.mark.parametrize("command", ["run", "sweep"])
def test_a_wrong_baseline_is_refused_before_the_work(
    cli: Command, here: Path, command: str, options: tuple[str, ...], message: str
) -> None:
    wrong = cli(command, "race.sim.yaml", *options)
    assert (wrong.code, wrong.out, wrong.err) == (2, "", f"llm-sim: {message}\n")
