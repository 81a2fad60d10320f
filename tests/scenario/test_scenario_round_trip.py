"""Drawn scenarios: what is dumped loads back equal, and loading disturbs no other package."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_sim.scenario import (
    Absent,
    CallExpected,
    ContextExpected,
    Expectation,
    Fail,
    FramePattern,
    Injection,
    Mark,
    Say,
    Scenario,
    Stimulus,
    Tool,
    Turn,
    Wait,
    Within,
    call,
    dump_scenarios,
    format_duration,
    load_scenarios,
    scenario_schema,
)
from tests.support.json_schema import faults

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
ENDS = st.lists(st.builds(Fail, text=st.text()), max_size=1)
TURNS = st.builds(lambda steps, end: Turn(steps=(*steps, *end)), st.lists(STEPS, max_size=4), ENDS)
FLAGS = {"cancel_on_interruption": st.booleans(), "registered": st.booleans()}
TOOLS = st.builds(Tool, result=JSON, latency=DURATIONS, **FLAGS) | st.builds(
    Tool, raises=st.text(), latency=DURATIONS, **FLAGS
)
STIMULI = st.sampled_from(["interrupt", "end", "cancel"]).map(
    lambda kind: Stimulus(kind=kind)
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
FRAMES = st.sampled_from(["LLMText", "FunctionCallResultFrame"]).map(FramePattern.named)
PATTERNS = FRAMES | st.builds(
    FramePattern, FRAMES.map(lambda each: each.type), st.dictionaries(st.text(), JSON, max_size=2)
)
DIRECTIONS = st.sampled_from(["down", "up"])
MARKS = st.builds(Mark, name=st.sampled_from(["slow", "skip"])) | st.builds(
    Mark, name=st.sampled_from(["skip", "xfail"]), reason=st.text(min_size=1)
)
PARTS = st.dictionaries(st.text(), JSON, min_size=1, max_size=2)


def expectations(calls: list[str]) -> st.SearchStrategy[Expectation]:
    """Draw an expectation of a script that has these calls."""
    phases = st.sampled_from(["started", "in_progress", "update", "result", "cancelled"])
    expected = st.builds(
        CallExpected,
        ends=phases | st.just("never"),
        phases=st.none() | st.lists(phases, max_size=3),
        arguments=st.none() | PARTS,
        context=st.sampled_from([None, "settled", "missing"]),
    ) | st.builds(CallExpected, result=JSON)
    several = st.lists(PATTERNS, min_size=2, max_size=3)
    drawn = [
        st.builds(Expectation, frames=several, direction=DIRECTIONS, exactly=st.booleans()),
        st.builds(
            Absent,
            frame=PATTERNS,
            after=st.none() | PATTERNS,
            until=st.none() | PATTERNS,
            direction=DIRECTIONS,
        ).map(lambda absent: Expectation(absent=absent)),
        st.builds(Within, duration=DURATIONS, frames=several, direction=DIRECTIONS).map(
            lambda within: Expectation(within=within)
        ),
        st.builds(
            ContextExpected,
            roles=st.none() | st.lists(st.text(), min_size=1, max_size=2),
            messages=st.none() | st.lists(PARTS | st.just({}), min_size=1, max_size=2),
            last=PARTS,
        ).map(lambda context: Expectation(context=context)),
        st.builds(Expectation, trace=st.text(min_size=1)),
    ]
    if calls:
        drawn.append(
            st.dictionaries(st.sampled_from(calls), expected, min_size=1).map(
                lambda call: Expectation(call=call)
            )
        )
    return st.one_of(drawn)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    script = draw(st.lists(TURNS, max_size=3))
    called = {step["call"] for each in script for step in each.to_plain() if "call" in step}
    bot: Any = draw(st.sampled_from([None, "tests.bots:support.bot"]))
    keys = ["llm", "playout", *sorted(called if bot else ())]
    tools = {} if bot else {name: draw(TOOLS) for name in sorted(called)}
    plain = Scenario(script=script, bot="a:b")
    ids = [each.id for each in plain.calls]
    return Scenario(
        name=draw(st.from_regex(r"[A-Za-z0-9_-]{1,12}(\[\w{1,4}=5s\])?", fullmatch=True)),
        about=draw(st.text()),
        bot=bot,
        mode=draw(st.sampled_from(["parallel", "sequential"])),
        user=draw(st.text(min_size=1)),
        script=script,
        tools=tools,
        latency=draw(st.dictionaries(st.sampled_from(keys), DURATIONS)),
        inject=draw(st.lists(INJECTIONS, max_size=3)),
        expect=draw(st.lists(expectations(ids), max_size=2)),
        marks=draw(st.lists(MARKS, max_size=2)),
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


@given(st.lists(scenarios(), min_size=1, max_size=2, unique_by=lambda each: each.name))
def test_the_schema_takes_what_is_dumped(drawn: list[Scenario]) -> None:
    document = json.loads(json.dumps({"version": 1, "scenarios": [s.to_plain() for s in drawn]}))
    assert faults(document, scenario_schema()) == []


@pytest.mark.slow
def test_importing_the_package_does_not_import_yaml() -> None:
    program = "import sys, llm_sim.scenario; print('yaml' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "False\n"
