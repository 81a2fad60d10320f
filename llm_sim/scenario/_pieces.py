"""What a scenario could do without, read from the declarations of its keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from llm_sim.scenario._durations import DURATION
from llm_sim.scenario._fields import Hint, Key, Shape, keys_of
from llm_sim.scenario._mistakes import Path
from llm_sim.scenario._model import Scenario
from llm_sim.scenario._plain import Plain


def departures_of(scenario: Scenario) -> list[Path]:
    """Return all that a scenario says although it could be left at its default.

    Returns:
        Paths into the plain form: a key, an entry of a mapping or an entry of a list. What has a
        :data:`Hint.KEPT` is not among them.
    """
    return list(_departures(scenario))


def durations_of(scenario: Scenario) -> list[tuple[Path, str]]:
    """Return every duration of a scenario, as its plain form has it."""
    return list(_durations(scenario))


def by_tool() -> list[str]:
    """Return the keys of a scenario under which things stand by the name of a tool."""
    return [key.name for key in keys_of(Scenario) if key.has(Hint.BY_TOOL)]


def _departures(value: Plain) -> Iterator[Path]:
    for key, held in _said(value):
        if key.has(Hint.KEPT):
            continue
        path, optional = value.path_of(key.name), not key.field.is_required()
        if optional and key.shape.item is None:
            yield path
        for part, item in _parts(held, key.shape):
            if part and optional:
                yield (*path, *part)
            if isinstance(item, Plain):
                yield from ((*path, *part, *below) for below in _departures(item))


def _durations(value: Plain) -> Iterator[tuple[Path, str]]:
    for key, held in _said(value):
        path, single = value.path_of(key.name), key.shape.item or key.shape
        for part, item in _parts(held, key.shape):
            if single.writes is DURATION:
                yield (*path, *part), DURATION.form(item)
            elif isinstance(item, Plain):
                yield from (((*path, *part, *below), text) for below, text in _durations(item))


def _said(value: Plain) -> Iterator[tuple[Key, Any]]:
    for key in keys_of(type(value)):
        held = getattr(value, key.attribute)
        if not key.is_left_out(held):
            yield key, held


def _parts(held: Any, shape: Shape) -> Iterator[tuple[Path, Any]]:
    if shape.item is None:
        yield (), held
    else:
        items = held.items() if isinstance(held, Mapping) else enumerate(held)
        yield from (((key,), item) for key, item in items)
