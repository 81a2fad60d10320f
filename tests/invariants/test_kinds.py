"""A violation has a kind: a name for the way in which its law was broken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from llm_sim.invariants import Violation
from llm_sim.trace import DOWN
from tests.support.laws import kinds
from tests.support.told import Told

UPDATE = {"properties": {"run_llm": None, "is_final": False}}


def begun(*, mode: str = "parallel") -> Told:
    """Tell of a call whose handler may be cancelled, up to its in-progress frame."""
    return Told(mode=mode).registered().started("c1").in_progress("c1")


def interrupted() -> Told:
    """Tell of an interruption that comes while a call is in progress."""
    told = begun()
    told.interruption()
    return told


def failing(source: str, message: str) -> Told:
    """Tell of an exception that nobody handled."""
    told = Told()
    told.event("error", data={"source": source, "message": message})
    return told


def handled(**data: object) -> Told:
    """Tell of a handler that ends in some way."""
    told = begun().handler("c1", "started")
    told.event("handler", "f", call="c1", data={"phase": "returned", "cancels": 0, **data})
    return told


KINDS: dict[str, tuple[str, Callable[[], Told]]] = {
    "never-settled-after-started": ("LS101", lambda: Told().started("c1").rest()),
    "never-settled-after-in-progress": ("LS101", lambda: begun().rest()),
    "never-settled-after-update": ("LS101", lambda: begun().result("c1", **UPDATE).rest()),
    "settled-twice-result-cancelled": (
        "LS101",
        lambda: begun().result("c1").cancelled("c1").rest(),
    ),
    "settled-twice-result-result": ("LS101", lambda: begun().result("c1").result("c1").rest()),
    "assistant-sees-function-call-result-after-function-call-cancel": (
        "LS102",
        lambda: begun().cancelled("c1", ways=(DOWN,)).result("c1", ways=(DOWN,)).rest(),
    ),
    "service-result-aggregator-settled-context-missing": (
        "LS103",
        lambda: begun().result("c1").rest().state(context={"c1": "missing"}),
    ),
    "service-running-aggregator-in-progress-context-absent": (
        "LS103",
        lambda: begun().rest().state(service={"c1": "running"}, aggregator={"c1": "in_progress"}),
    ),
    "result-without-in-progress-downstream": (
        "LS104",
        lambda: Told().started("c1").result("c1", ways=(DOWN,)).rest(),
    ),
    "result-downstream-only": ("LS105", lambda: begun().result("c1", ways=(DOWN,)).rest()),
    "not-cancelled": ("LS106", lambda: interrupted().rest()),
    "too-late": ("LS106", lambda: interrupted().after(2500).cancelled("c1").rest()),
    "runs-on": ("LS106", lambda: interrupted().after(500).result("c1").rest()),
    "task-pipeline-error": ("LS303", lambda: failing("task", "it died: lib.PipelineError: 7")),
    "loop-key-error": (
        "LS303",
        lambda: failing("loop", "Exception in callback f(): KeyError: 'f'"),
    ),
    "log-runtime-error": ("LS303", lambda: failing("log", "LLM: RuntimeError('no 7')")),
    "loop": ("LS303", lambda: failing("loop", "a callback is late")),
    "bound-of-steps": ("LS304", lambda: Told().rest("steps", "llm")),
    "raises-value-error": ("LS401", lambda: handled(phase="raised", error="ValueError: no: 7")),
    "swallows": ("LS401", lambda: handled(cancels=1, swallowed=True)),
    "no-result": ("LS401", handled),
    "changed-arguments": (
        "LS401",
        lambda: handled(phase="cancelled", arguments={"before": {"n": 1}, "after": {}}),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_way_to_break_a_law_has_a_kind(kind: str) -> None:
    law, told = KINDS[kind]
    assert kinds(law, told()) == [kind]


def test_ids_names_numbers_and_values_are_no_part_of_it() -> None:
    one = Told().started("c1").in_progress("c1").after(100).rest()
    other = Told().started("another").in_progress("another").after(700).rest()
    assert kinds("LS101", one) == kinds("LS101", other)


def test_the_place_of_a_processor_is_no_part_of_it() -> None:
    found = set()
    for label in ("LoudFilter.0", "LoudFilter.1"):
        told = Told()
        text, more = told.frame("LLMText"), told.frame("TTSSpeak")
        told.pushed(text, to=label)
        told.pushed(more, to=label)
        told.taken_up(more, at=label)
        told.taken_up(text, at=label)
        found.update(kinds("LS201", told.rest()))
    assert found == {"loud-filter-llm-text-overtaken"}


def test_a_violation_is_identified_by_its_law_and_its_kind() -> None:
    assert Violation("LS101", "broken", "c1", 7, kind="settled-twice").identity == (
        "LS101 settled-twice"
    )


def test_a_violation_of_a_law_that_gives_no_kind_is_identified_by_the_law_alone() -> None:
    assert Violation("SHOP1", "the till is open").identity == "SHOP1"
