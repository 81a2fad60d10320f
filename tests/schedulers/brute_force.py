"""Every order of a program, found in the plainest way there is."""

from __future__ import annotations

from collections.abc import Sequence

from tests.schedulers.programs import Program, told_by

Order = tuple[int, ...]
"""The lane of each step."""


def every_order(program: Program) -> dict[Order, int]:
    """Return every order of a program, with the number of its preemptions.

    Nothing is carried over from one run to the next: each prefix of choices is run anew, and a run
    that is longer than its prefix says how it could go on.
    """
    orders: dict[Order, int] = {}
    prefixes: list[tuple[int, ...]] = [()]
    while prefixes:
        prefix = prefixes.pop()
        offered: list[tuple[int, ...]] = []
        taken: list[int] = []

        def pick(
            ready: Sequence[int],
            prefix: tuple[int, ...] = prefix,
            offered: list[tuple[int, ...]] = offered,
            taken: list[int] = taken,
        ) -> int:
            place = prefix[len(taken)] if len(taken) < len(prefix) else 0
            offered.append(tuple(ready))
            taken.append(place)
            return place

        told_by(program, pick)
        order = tuple(lanes[place] for lanes, place in zip(offered, taken, strict=True))
        orders[order] = sum(
            before != lane and before in lanes
            for before, lane, lanes in zip(order, order[1:], offered[1:], strict=False)
        )
        for step in range(len(prefix), len(offered)):
            others = range(1, len(offered[step]))
            prefixes.extend((*taken[:step], place) for place in others)
    return orders
