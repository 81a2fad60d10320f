"""Drawn scenarios: what is dumped loads back equal, and loading disturbs no other package."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_sim.scenario import (
    Injection,
    Say,
    Scenario,
    Stimulus,
    Tool,
    Turn,
    Wait,
    call,
    dump_scenarios,
    format_duration,
    load_scenarios,
)

NAMES = st.sampled_from(["search", "refund", "on", "1:30", "010", "llm", "a b", "né", "<<"])
DURATIONS = st.integers(0, 10**13).map(format_duration)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
STEPS = (
    st.builds(Say, text=st.text())
    | st.builds(call, NAMES, st.dictionaries(st.text(), JSON, max_size=3))
    | st.builds(Wait, duration=DURATIONS)
)
TURNS = st.lists(STEPS, max_size=4).map(lambda steps: Turn(steps=tuple(steps)))
FLAGS = {"cancel_on_interruption": st.booleans(), "registered": st.booleans()}
TOOLS = st.builds(Tool, result=JSON, latency=DURATIONS, **FLAGS) | st.builds(
    Tool, raises=st.text(), latency=DURATIONS, **FLAGS
)
STIMULI = st.sampled_from(["interrupt", "end", "cancel"]).map(
    lambda kind: Stimulus(kind=kind)  # type: ignore[arg-type]
) | st.builds(Stimulus, kind=st.just("say"), text=st.text(min_size=1))
INJECTIONS = (
    st.builds(
        Injection,
        do=STIMULI,
        at=st.sampled_from(["LLMText", "FunctionCallsStartedFrame"]),
        nth=st.integers(1, 9),
        offset=st.integers(0, 99),
    )
    | st.builds(Injection, do=STIMULI, after=DURATIONS)
    | st.builds(Injection, do=STIMULI, step=st.integers(0, 99))
)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    script = draw(st.lists(TURNS, max_size=3))
    called = {step["call"] for each in script for step in each.to_plain() if "call" in step}
    bot: Any = draw(st.sampled_from([None, "tests.bots:support.bot"]))
    keys = ["llm", "playout", *sorted(called if bot else ())]
    tools = {} if bot else {name: draw(TOOLS) for name in sorted(called)}
    return Scenario(
        name=draw(st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)),
        about=draw(st.text()),
        bot=bot,
        mode=draw(st.sampled_from(["parallel", "sequential"])),
        user=draw(st.text(min_size=1)),
        script=script,
        tools=tools,
        latency=draw(st.dictionaries(st.sampled_from(keys), DURATIONS)),
        inject=draw(st.lists(INJECTIONS, max_size=3)),
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenarios") / "drawn.yaml"


@given(st.lists(scenarios(), min_size=1, max_size=2, unique_by=lambda each: each.name))
def test_what_is_dumped_loads_back_equal(path: Path, drawn: list[Scenario]) -> None:
    path.write_bytes(dump_scenarios(drawn).encode("utf-8"))
    loaded = load_scenarios(path)
    assert loaded == tuple(drawn)
    assert repr(loaded) == repr(tuple(drawn))


@given(scenarios())
def test_the_plain_form_reads_back_equal(drawn: Scenario) -> None:
    assert Scenario.from_plain(drawn.to_plain()) == drawn


def test_importing_the_package_does_not_import_yaml() -> None:
    program = "import sys, llm_sim.scenario; print('yaml' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "False\n"
