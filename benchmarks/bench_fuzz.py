"""Fuzzing: what Hypothesis costs, and how soon planted races are found.

``python benchmarks/bench_fuzz.py`` prints two tables. The first: examples a second on each target
with Hypothesis in the loop, against the very same runs without it, interleaved in one process. The
second: for each planted race, how many examples and seconds until a drawn variation of its scenario
breaks its laws, beside a random walk as it is done by hand: real asyncio, the stimulus after a
random ``asyncio.sleep``, the same laws.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable
from dataclasses import asdict
from time import perf_counter
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.strategies import SearchStrategy

from llm_sim.invariants import judge
from llm_sim.recorder import Recorder, plain, tap, tap_events
from llm_sim.scenario import Stimulus
from llm_sim.scripted import Player
from llm_sim.simulation import run, steady
from llm_sim.strategies import Case, cases, variations
from llm_sim.targets import Plan, Target, get_target, load_bot
from llm_sim.trace import SERVICE, Header
from tests.quality.races import RACES, Race
from tests.support.planted import planted

EXAMPLES: Final = 600
ROUNDS: Final = 3
MOST_EXAMPLES: Final = 5_000
MOST_SECONDS_OF_A_WALK: Final = 20.0
REAL_SECONDS_OF_A_RUN: Final = 0.5
DISTURBED: Final = 0.75
SEED: Final = 1


class _FoundError(BaseException):
    """Leaves Hypothesis's search."""


def _search(strategy: SearchStrategy[Case], example: Callable[[Case], None], examples: int) -> None:
    settings = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    search = settings(hypothesis.given(case=strategy)(example))
    hypothesis.seed(SEED)(search)()


def _costs(target: str) -> None:
    """Print examples a second with and without Hypothesis."""
    drawn: list[Case] = []
    with_it = without_it = 0.0
    with steady() as after_run:

        def example(case: Case) -> None:
            drawn.append(case)
            run(case[0], schedule=case[1], target=target)
            after_run()

        for _ in range(ROUNDS):
            drawn.clear()
            began = perf_counter()
            _search(cases(), example, EXAMPLES)
            with_it += perf_counter() - began
            again = list(drawn)
            began = perf_counter()
            for scenario, schedule in again:
                run(scenario, schedule=schedule, target=target)
                after_run()
            without_it += perf_counter() - began
    examples = len(drawn) * ROUNDS
    print(
        f"{target:12} {examples / with_it:8.0f} {examples / without_it:10.0f} "
        f"{with_it / without_it:8.2f}"
    )


def _fuzz(race: Race, target: Target) -> str:
    wanted = set(race.laws.split())
    tried = 0

    def example(case: Case) -> None:
        nonlocal tried
        tried += 1
        if wanted <= set(run(case[0], schedule=case[1], target=target).laws):
            raise _FoundError

    began = perf_counter()
    strategy = cases(variations(race.scenario), kinds=[race.inject], max_stimuli=1)
    try:
        with steady():
            _search(strategy, example, MOST_EXAMPLES)
    except _FoundError:
        return f"{tried:6} {perf_counter() - began:7.2f} s"
    return f"{'not in':>6} {tried} examples"


def _walk(race: Race, target: Target) -> str:
    """Look for a race as one does by hand: on real asyncio, in real time, again and again."""
    wanted = set(race.laws.split())
    chance = random.Random(SEED)
    began = perf_counter()
    tried = 0
    while perf_counter() - began < MOST_SECONDS_OF_A_WALK:
        tried += 1
        if wanted <= asyncio.run(_in_real_time(race, target, chance)):
            return f"{tried:6} {perf_counter() - began:7.2f} s"
    return f"{'not in':>6} {tried} runs, {MOST_SECONDS_OF_A_WALK:.0f} s"


class _RealClock:
    """What a recorder reads of a loop."""

    steps = 0

    @property
    def time_ns(self) -> int:
        return round(asyncio.get_running_loop().time() * 1e9)


async def _in_real_time(race: Race, target: Target, chance: random.Random) -> set[str]:
    scenario = race.scenario
    recorder = Recorder(Header(target.name, scenario.name, scenario.mode), _RealClock())

    def asked(turn: int | None, context: Any) -> None:
        messages = plain(context.get_messages())
        recorder.record("inference", SERVICE, data={"turn": turn, "messages": messages})

    first_token_ns = scenario.latency.get("llm", 0)
    player = Player(scenario.script, before_first_token_ns=first_token_ns, on_asked=asked)
    with target.surroundings(lambda message: None):
        session = await target.open(Plan(scenario, load_bot(scenario.bot), player, recorder))
        labels = ["", *(station.label for station in session.stations), ""]
        for number, station in enumerate(session.stations):
            before, after = labels[number], labels[number + 2]
            tap(
                recorder,
                station.processor,
                station.label,
                before=before,
                after=after,
                causes=station.causes,
            )
            if station.label == SERVICE:
                tap_events(recorder, station.processor, station.label)
        pipeline = asyncio.ensure_future(session.run())
        await asyncio.sleep(0.02)

        async def bring_in(stimulus: Stimulus) -> None:
            recorder.begin(recorder.record("stimulus", data={"do": stimulus.kind}))
            await session.inject(stimulus)

        opening = asyncio.ensure_future(bring_in(Stimulus(kind="say", text=scenario.user)))
        await asyncio.sleep(chance.random() * REAL_SECONDS_OF_A_RUN / 2)
        if chance.random() < DISTURBED:
            await bring_in(Stimulus.from_plain(race.inject))
        await asyncio.sleep(REAL_SECONDS_OF_A_RUN)
        recorder.record("rest", data={"how": "idle", "waiting": []})
        recorder.record("state", data=plain(asdict(session.views())))
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.wait([pipeline, opening], timeout=0.1)
    return {violation.law for violation in judge(recorder.trace)}


def _races() -> None:
    print(f"\n{'planted race':58} {'fuzz: examples':>16}   random walk in real time: runs")
    for race in RACES:
        target = planted(race.part)
        print(f"{race.id:58} {_fuzz(race, target):>16}   {_walk(race, target)}", flush=True)


def main() -> None:
    """Print both tables."""
    print(f"{'target':12} {'with':>8} {'without':>10} {'ratio':>8}   examples a second")
    for target in ("reference", "pipecat"):
        get_target(target).version()
        _costs(target)
    if "--costs" not in sys.argv:
        _races()


if __name__ == "__main__":
    main()
