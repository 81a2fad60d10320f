"""``llm-sim show`` gives the verdict of the run, whatever it depended on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from llm_sim.invariants import LAWS, Law, Violation, at_level
from llm_sim.reports import exit_code
from llm_sim.scenario import Scenario
from llm_sim.schedule import decode
from llm_sim.simulation import Finding, Run, Setup, Summary, simulate
from llm_sim.trace import dumps
from tests.support.command import Command

RACE = {
    "name": "race",
    "mode": "sequential",
    "script": [
        [{"call": "check", "as": "c1"}, {"call": "hang_up", "as": "c2"}],
        [{"say": "Done."}],
    ],
    "tools": {"check": {"latency": "100ms"}, "hang_up": {"latency": "50ms"}},
}
TOKEN = "ls1-interrupt@start+1"


def _never(facts: object) -> Iterable[Violation]:
    yield Violation("XX001", "it never is as I want it")


OWN = Law("XX001", "my-own", "It is as I want it.", "Because.", "Me.", _never)


def answers_twice(llm: Any) -> None:
    async def answer(params: Any) -> None:
        await params.result_callback("once")
        await params.result_callback("twice")

    llm.register_function("find_table", answer)


def _careless(**more: Any) -> Run:
    script = [[{"call": "find_table", "as": "c1"}], [{"say": "Table 7."}]]
    plain = {"name": "twice", "bot": "tests.cli.test_show:answers_twice", "script": script}
    return simulate(Setup.of(Scenario.from_plain({**plain, **more})))


def _race(laws: tuple[Law, ...] = LAWS) -> Run:
    return simulate(Setup.of(Scenario.from_plain(RACE), target="naive", laws=laws), decode(TOKEN))


def _calm(**more: Any) -> Run:
    return simulate(Setup.of(Scenario.from_plain({**RACE, **more}), target="reference"))


RUNS: dict[str, tuple[str, Callable[[], Run]]] = {
    "clean": ("clean", _calm),
    "broken": ("broken", _race),
    "warned": ("clean", _careless),
    "strict": ("broken", lambda: _careless(strict=["LS401"])),
    "milder": ("clean", lambda: _race(at_level("warn", *(law.code for law in LAWS)))),
    "disabled": ("clean", lambda: _race(())),
    "of one's own": ("broken", lambda: _race((OWN,))),
    "unmet": ("unmet", lambda: _calm(expect=[{"call": {"c1": "never"}}])),
    "no verdict": ("no verdict", lambda: _calm(script=[[{"say": "A."}]] * 2)),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_trace_gives_the_verdict_of_its_run(cli: Command, here: Path, name: str) -> None:
    word, made = RUNS[name]
    run = made()
    finding = Finding.of_run(run)
    code = exit_code([Summary(run.setup, [] if finding is None else [finding])])
    (here / "t.jsonl").write_text(dumps(run.trace), encoding="utf-8")
    shown = cli("show", "t.jsonl", "--json", "report.json")
    document = json.loads((here / "report.json").read_text(encoding="utf-8"))
    assert (run.verdict.word, document["verdict"], shown.code) == (word, word, code)
    laws = [{each["law"] for each in found["violations"]} for found in document["findings"]]
    assert laws == ([] if finding is None else [set(run.laws)])


def test_a_trace_of_the_first_format_is_judged_too(cli: Command, here: Path) -> None:
    header, _, events = dumps(_race().trace).partition("\n")
    kept = ("line", "target", "scenario", "mode", "schedule", "stubs")
    first = {key: value for key, value in json.loads(header).items() if key in kept}
    first |= {"format": 1, "place": "race.sim.yaml::race"}
    (here / "first.jsonl").write_text(f"{json.dumps(first)}\n{events}", encoding="utf-8")
    shown = cli("show", "first.jsonl")
    assert (shown.code, "\nLS101 hang_up is never settled" in shown.out) == (1, True)
    assert shown.out.splitlines()[-1] == (
        f"  replay    llm-sim replay race.sim.yaml::race --schedule {TOKEN} --target naive"
    )


def test_of_several_traces_the_worst_counts(cli: Command, here: Path) -> None:
    for name in ("clean", "no verdict", "unmet"):
        (here / f"{name}.jsonl").write_text(dumps(RUNS[name][1]().trace), encoding="utf-8")
    shown = [
        cli("show", *files).code
        for files in (
            ("clean.jsonl",),
            ("no verdict.jsonl", "clean.jsonl"),
            ("clean.jsonl", "unmet.jsonl", "no verdict.jsonl"),
        )
    ]
    assert shown == [0, 3, 1]


def test_every_event_and_the_verdict_are_shown_on_request(cli: Command, here: Path) -> None:
    (here / "t.jsonl").write_text(dumps(_race().trace), encoding="utf-8")
    shown = cli("show", "t.jsonl", "--all")
    assert (shown.code, "\n  virtual time" in shown.out) == (1, False)
    assert "\nLS101 hang_up is never settled" in shown.out


def test_several_traces_are_shown_below_their_names(cli: Command, here: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (here / name).write_text(dumps(_calm().trace), encoding="utf-8")
    shown = cli("show", "a.jsonl", "b.jsonl").out
    names = [line for line in shown.splitlines() if line.endswith(".jsonl")]
    assert names == ["a.jsonl", "b.jsonl"]
    assert "jsonl" not in cli("show", "a.jsonl").out
