"""Less of the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from llm_sim.exploration._reduction import reduced


@pytest.mark.parametrize(
    ("needed", "left"),
    [
        (set(), []),
        ({7}, [7]),
        ({0, 15}, [0, 15]),
        ({2, 3, 11}, [2, 3, 11]),
        (set(range(16)), list(range(16))),
    ],
)
def test_what_is_needed_is_left(needed: set[int], left: list[int]) -> None:
    assert list(reduced(range(16), lambda items: needed <= set(items))) == left


def test_none_that_is_left_can_go_alone() -> None:
    def fails(items: Sequence[int]) -> bool:
        # 1 is needed as long as 9 is there, and 9 as long as 12 is.
        return (1 in items or 9 not in items) and (9 in items or 12 not in items)

    assert list(reduced([1, 9, 12], fails)) == []


def test_one_that_is_enough_is_found_though_no_other_can_go_alone() -> None:
    assert list(reduced([5, 7, 8], lambda items: list(items) in ([8], [5, 7, 8]))) == [8]


def test_what_nothing_is_left_of_is_not_tried() -> None:
    assert list(reduced([], lambda items: pytest.fail("tried"))) == []
