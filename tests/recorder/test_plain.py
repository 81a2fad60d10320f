"""Live values as JSON values."""

from __future__ import annotations

import enum
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_sim.recorder import plain, renumbered


@dataclass
class Order:
    """What a handler may answer with."""

    id: str
    lines: tuple[int, ...]


class Plan(str, enum.Enum):  # noqa: UP042 - what users' code before 3.11 has
    BASIC = "basic"


class Level(enum.IntEnum):
    HIGH = 3


class Shade(enum.Enum):
    DARK = 1


class Celsius(float):
    pass


class Connection:
    pass


def answer() -> None:
    pass


class Loud(str):
    __slots__ = ()

    def __str__(self) -> str:
        return self.upper()


@pytest.mark.parametrize("value", ["x", 1, 1.5, True, None, "", 0, False, [], {}])
def test_a_json_value_stands_for_itself(value: object) -> None:
    assert plain(value) == value
    assert type(plain(value)) is type(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2,)), [1, [2]]),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (MappingProxyType({"a": (1,)}), {"a": [1]}),
        ({1: "a", None: "b", (1, 2): "c"}, {"1": "a", "null": "b", "(1, 2)": "c"}),
        (Order("A1", (1, 2)), {"id": "A1", "lines": [1, 2]}),
        (Plan.BASIC, "basic"),
        (Level.HIGH, 3),
        (Celsius(36.6), 36.6),
        (Loud("quiet"), "quiet"),
        ({Loud("key"): 1}, {"key": 1}),
        (LookupError("no order"), "LookupError: no order"),
        (LookupError(Connection()), "LookupError: <tests.recorder.test_plain.Connection object>"),
        (b"raw", "<bytes>"),
        ({3}, "<set>"),
        (Shade.DARK, "<Shade>"),
        (Connection(), "<Connection>"),
        (Connection, "<Connection>"),
        (Order, "<Order>"),
        (answer, "<answer>"),
        (partial(answer), "<partial>"),
        ({Connection(): 1}, {"<tests.recorder.test_plain.Connection object>": 1}),
    ],
)
def test_another_value_is_told_without_an_address(value: object, expected: object) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_what_is_told_is_detached_from_the_live_value() -> None:
    live: dict[str, Any] = {"rows": [1]}
    told = plain(live)
    live["rows"].append(2)
    assert told == {"rows": [1]}


def test_a_value_that_holds_itself_is_cut_off() -> None:
    ring: list[Any] = []
    ring.append(ring)
    assert json.dumps(plain(ring)) == "[" * 13 + '"<too deep>"' + "]" * 13


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.builds(Connection),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
        | st.frozensets(st.integers(), max_size=2)
    ),
    max_leaves=6,
)


@given(VALUES)
def test_whatever_is_told_is_json(value: object) -> None:
    assert json.loads(json.dumps(plain(value))) == plain(value)


@given(VALUES)
def test_what_is_told_stays_the_same_when_told_again(value: object) -> None:
    assert plain(plain(value)) == plain(value)


def test_a_mapping_of_any_kind_is_an_object() -> None:
    class Lazy(Mapping[str, int]):
        def __getitem__(self, key: str) -> int:
            return len(key)

        def __iter__(self) -> Any:
            return iter(["a", "bb"])

        def __len__(self) -> int:
            return 2

    assert plain(Lazy()) == {"a": 1, "bb": 2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LLMService#12 is slow", "LLMService is slow"),
        ("Pipeline#0::Source#3", "Pipeline::Source"),
        ("<Connection object at 0x7f3aE01>", "<Connection object>"),
        ("ticket #12 and colour #ff0000", "ticket #12 and colour #ff0000"),
        ("", ""),
    ],
)
def test_a_message_loses_its_counters_and_addresses(text: str, expected: str) -> None:
    assert renumbered(text) == expected
