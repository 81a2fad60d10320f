"""LS501: the same input gives the same bytes, in any process and under any hash seed."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import pytest

from llm_sim.errors import NondeterminismError
from llm_sim.simulation import Setup, check_determinism, run
from llm_sim.targets import Bot
from llm_sim.trace import dumps
from tests.support.pipecat import needs_pipecat
from tests.support.scenarios import BARGE_IN, ROOT, spoken_tool

_PROGRAM = """
import sys
from llm_sim.scenario import load_scenarios
from llm_sim.schedule import decode
from llm_sim.simulation import run
from llm_sim.trace import dumps
target, file, token = sys.argv[1:]
for scenario in load_scenarios(file):
    sys.stdout.write(dumps(run(scenario, target=target, schedule=decode(token)).trace))
"""

_TOKENS = (
    "ls1-undisturbed",
    "ls1-interrupt@FunctionCallsStarted+2",
    "ls1-end@LLMText+1",
    "ls1-interrupt@LLMText+1/order@2:2,3:2",
)


def _in_a_fresh_process(target: str, token: str, hash_seed: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, target, str(BARGE_IN), token],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("token", _TOKENS)
def test_the_reference_core_gives_the_same_bytes_in_every_process(token: str) -> None:
    traces = {_in_a_fresh_process("reference", token, seed) for seed in (1, 2, 77)}
    assert len(traces) == 1


@pytest.mark.slow
@needs_pipecat
@pytest.mark.parametrize("token", _TOKENS)
def test_pipecat_gives_the_same_bytes_in_every_process(token: str) -> None:
    traces = {_in_a_fresh_process("pipecat", token, seed) for seed in (1, 77)}
    assert len(traces) == 1


@pytest.mark.parametrize("target", ["reference", pytest.param("pipecat", marks=needs_pipecat)])
def test_the_hundredth_run_in_a_process_gives_the_same_bytes_as_the_first(target: str) -> None:
    first = dumps(run(spoken_tool(), target=target).trace)
    assert all(dumps(run(spoken_tool(), target=target).trace) == first for _ in range(20))


def test_a_bot_that_draws_from_the_process_is_reported() -> None:
    drawn = itertools.count()

    async def lookup(params: object) -> None:
        await params.result_callback({"number": next(drawn)})  # type: ignore[attr-defined]

    bot = Bot(lambda llm: llm.register_function("lookup", lookup))
    scenario = spoken_tool().replace(tools={}, bot="tests.bots:counting", latency={})
    with pytest.raises(NondeterminismError, match="gave another trace: event") as refused:
        check_determinism(Setup.of(scenario, bot=bot))
    assert not refused.value.settles


def test_what_outlives_the_first_run_is_told_from_what_is_never_the_same() -> None:
    seen: list[str] = []

    async def lookup(params: object) -> None:
        cached = "A1" in seen
        seen.append("A1")
        await params.result_callback({"cached": cached})  # type: ignore[attr-defined]

    bot = Bot(lambda llm: llm.register_function("lookup", lookup))
    scenario = spoken_tool().replace(tools={}, bot="tests.bots:caching", latency={})
    with pytest.raises(NondeterminismError, match="something outlives a run") as refused:
        check_determinism(Setup.of(scenario, bot=bot))
    assert refused.value.settles
    assert refused.value.first_difference.endswith(
        """its data is {"result": {"cached": false}} and {"result": {"cached": true}}"""
    )


def test_a_bot_that_draws_from_seeded_chance_is_not_reported() -> None:
    async def lookup(params: object) -> None:
        import random
        import uuid

        drawn = {"number": random.random(), "id": str(uuid.uuid4())}
        await params.result_callback(drawn)  # type: ignore[attr-defined]

    bot = Bot(lambda llm: llm.register_function("lookup", lookup))
    scenario = spoken_tool().replace(tools={}, bot="tests.bots:chance", latency={})
    assert check_determinism(Setup.of(scenario, bot=bot)).violations == ()
