"""From the entries of a scenario file to the plain data of its scenarios.

An entry may extend another one, and a list of latencies makes several scenarios of one. Both are
settled on plain data, before the model sees it, so that a scenario is whole wherever it is met; and
where each part of it was written stays known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Final

from llm_sim.errors import Problem, ScenarioError, did_you_mean
from llm_sim.scenario._durations import format_duration, parse_duration
from llm_sim.scenario._mistakes import Mistake, Path, show
from llm_sim.scenario._place import Place, names_one

if TYPE_CHECKING:
    from llm_sim.scenario._yaml import Document

VERSION: Final = 1
"""The version of a file's format."""

EXTENDS: Final = "extends"
MOST_VARIANTS: Final = 100
VARIANT: Final = r"\[[\w.=,-]+\]"
"""What the name of one scenario out of several ends in, such as ``[slow=5s]``."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_FILE: Final = re.compile(r"\.ya?ml$")
_NOT_IN_A_VARIANT: Final = re.compile(r"[^\w.-]")


@dataclass(frozen=True, slots=True)
class _Layer:
    """One entry as it is written.

    Parameters:
        document: The file.
        index: Which entry of the file it is.
    """

    document: Document
    index: int

    @property
    def data(self) -> Any:
        """What is written there; of what may be one or several, several."""
        data = self._written
        if isinstance(data, Mapping) and isinstance(data.get("expect"), Mapping):
            return {**data, "expect": [data["expect"]]}
        return data

    @property
    def _written(self) -> Any:
        return self.document.data["scenarios"][self.index]

    def path(self, path: Path) -> Path:
        """Return a path into the entry's data as one into the file."""
        if path[:2] == ("expect", 0) and isinstance(self._written.get("expect"), Mapping):
            path = ("expect", *path[2:])
        return ("scenarios", self.index, *path)

    def has(self, path: Path) -> bool:
        """Return whether this entry says what a scenario has there."""
        if not path:
            return True
        held = self.data.get(path[0]) if path[0] in self.data else self
        if len(path) > 1 and isinstance(held, Mapping):
            return path[1] in held
        return held is not self


@dataclass(frozen=True, slots=True)
class Entry:
    """The plain data of one scenario.

    Parameters:
        data: What the model is to check.
        layers: The entries that it is made of, its own first, then each that it extends.
        picks: Which of a list of latencies it has, by key.
    """

    data: Any
    layers: tuple[_Layer, ...]
    picks: Mapping[str, int] = field(default_factory=dict)

    def problem(self, mistake: Mistake) -> Problem:
        """Return a mistake with the place where it was written, in whichever file."""
        layer, path = self._written(mistake.path)
        return layer.document.problem(Mistake(path, mistake.message, mistake.kind))

    def place(self, path: Path) -> tuple[int, int]:
        """Return line and column of a value in the entry's own file.

        What comes from another file stands where that is extended.
        """
        own = self.layers[0].document
        layer, written = self._written(path)
        if layer.document is not own:
            written = self.layers[0].path((EXTENDS,))
        return own.place(written)

    def _written(self, path: Path) -> tuple[_Layer, Path]:
        layer = next((each for each in self.layers if each.has(path)), self.layers[0])
        pick = self.picks.get(str(path[1])) if path[:1] == ("latency",) and path[1:] else None
        written = path if pick is None else (*path[:2], pick, *path[2:])
        return layer, layer.path(written)


class Entries:
    """The entries of a file, each whole.

    Args:
        document: The file, whose data is a mapping with a list of scenarios.
        read: Reads another file.
    """

    def __init__(self, document: Document, read: Callable[[str], Document]) -> None:
        self._read = read
        self._documents = {os.path.normpath(document.file): document}
        self.problems: list[Problem] = []
        """What keeps an entry from being made whole; such entries are left out."""
        self.all: list[Entry] = []
        for index in range(len(document.data["scenarios"])):
            layers = self._layers(_Layer(document, index))
            if layers:
                self.all += self._variants(self._sifted(_merged(layers), layers), layers)

    def _layers(self, own: _Layer) -> tuple[_Layer, ...]:
        """Return an entry and all that it extends; nothing where that cannot be found."""
        layers = [own]
        while isinstance(layers[-1].data, Mapping) and EXTENDS in layers[-1].data:
            parent = self._parent(layers[-1])
            if parent is None:
                return ()
            if parent in layers:
                circle = (*layers[layers.index(parent) :], parent)
                self._refused(layers[-1], f"goes in a circle: {_round(circle)}")
                return ()
            layers.append(parent)
        return tuple(layers)

    def _parent(self, layer: _Layer) -> _Layer | None:
        reference = layer.data[EXTENDS]
        if not isinstance(reference, str):
            self._refused(layer, f"must be NAME or FILE::NAME, not {show(reference)}")
            return None
        named = Place.parse(reference) if names_one(reference) else Place(name=reference)
        file, name = named.file, named.name
        document = layer.document
        if file:
            opened = self._opened(os.path.join(os.path.dirname(document.file), file), layer)
            if opened is None:
                return None
            document = opened
        names = _names(document)
        if name not in names:
            near = did_you_mean(name, list(names))
            where = document.file if file else "the file"
            has = ", ".join(names) or "no scenario with a name"
            told = f"names no scenario {name!r}{near}: {where} has {has}"
            if not file and _FILE.search(name):
                told += f"; write {Place(name, 'NAME')} for one of another file"
            self._refused(layer, told)
            return None
        return _Layer(document, names[name])

    def _opened(self, file: str, layer: _Layer) -> Document | None:
        file = os.path.normpath(file)
        if file not in self._documents:
            try:
                self._documents[file] = self._read(file)
            except ScenarioError as error:
                if any(problem.line for problem in error.problems):
                    self.problems += error.problems
                else:
                    self._refused(layer, f"names a file that cannot be used: {error}")
                return None
            self.problems += self._documents[file].problems
        opened = self._documents[file]
        version = opened.data.get("version") if isinstance(opened.data, Mapping) else None
        if version != VERSION:
            self._refused(layer, f"names a file whose version is {show(version)}, not {VERSION}")
            return None
        return opened

    def _sifted(self, data: Any, layers: tuple[_Layer, ...]) -> Any:
        """Return the data without expectations that are neither a list nor a single one."""
        if not isinstance(data, Mapping) or isinstance(data.get("expect", []), list):
            return data
        wrong = f"must be a list or a mapping, not {show(data['expect'])}"
        self.problems.append(Entry(data, layers).problem(Mistake(("expect",), wrong)))
        return {key: value for key, value in data.items() if key != "expect"}

    def _variants(self, data: Any, layers: tuple[_Layer, ...]) -> Iterator[Entry]:
        latency = data.get("latency") if isinstance(data, Mapping) else None
        lists = _lists(latency) if isinstance(latency, Mapping) else {}
        if latency is None or not lists:
            yield Entry(data, layers)
            return
        count = prod(map(len, lists.values()))
        if count > MOST_VARIANTS:
            wrong = f"latency makes {count} scenarios of this one: give at most {MOST_VARIANTS}"
            mistake = Mistake(("latency",), wrong, "whole")
            self.problems.append(Entry(data, layers).problem(mistake))
            return
        for mistake in _repetitions(lists):
            self.problems.append(Entry(data, layers).problem(mistake))
        named = isinstance(name := data.get("name"), str) and _NAME.fullmatch(name)
        for picks in product(*(_different(values) for values in lists.values())):
            chosen = dict(zip(lists, picks, strict=True))
            single = {key: lists[key][pick] for key, pick in chosen.items()}
            variant = {**data, "latency": {**latency, **single}}
            if named:
                variant["name"] = f"{name}[{','.join(_told(*each) for each in single.items())}]"
            yield Entry(variant, layers, chosen)
            if not named:  # one is enough to tell what is wrong with the name
                return

    def _refused(self, layer: _Layer, wrong: str) -> None:
        mistake = Mistake(layer.path((EXTENDS,)), wrong)
        self.problems.append(layer.document.problem(mistake))


def _round(circle: Sequence[_Layer]) -> str:
    """Return the names of a circle, each with its file where there are several files."""
    several = any(each.document is not circle[0].document for each in circle)
    return " -> ".join(
        str(Place(each.document.file, each.data["name"])) if several else each.data["name"]
        for each in circle
    )


def base_of(name: str) -> str:
    """Return the name that a scenario has in its file, without which of several it is."""
    return name.partition("[")[0]


def _merged(layers: tuple[_Layer, ...]) -> Any:
    """Return the data of an entry together with what it extends.

    Everything but the name is inherited. Where both have a mapping under a key, the entry's items
    are put over those of what it extends; anything else under a key, a list too, is replaced.
    """
    own, *above = layers
    if not isinstance(own.data, Mapping):
        return own.data
    data: dict[str, Any] = {}
    for layer in (*reversed(above), own):
        for key, value in layer.data.items():
            if key == EXTENDS or (key == "name" and layer is not own):
                continue
            inherited = data.get(key)
            if isinstance(inherited, Mapping) and isinstance(value, Mapping):
                value = {**inherited, **value}
            data[key] = value
    return data


def _names(document: Document) -> dict[str, int]:
    """Return the entries of a file by name; of two with one name, a mistake, the first."""
    data = document.data
    scenarios = data.get("scenarios") if isinstance(data, Mapping) else None
    names: dict[str, int] = {}
    for index, entry in enumerate(scenarios if isinstance(scenarios, list) else ()):
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
            names.setdefault(entry["name"], index)
    return names


def _lists(latency: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {key: value for key, value in latency.items() if isinstance(value, list) and value}


def _repetitions(lists: Mapping[str, list[Any]]) -> Iterator[Mistake]:
    for key, values in lists.items():
        told = [_duration(value) for value in values]
        for i in sorted({*range(len(values))}.difference(_different(values))):
            same = f"{key}[{told.index(told[i])}]"
            wrong = f"{values[i]} is as long as {same}: remove one of them"
            yield Mistake(("latency", key, i), wrong, "whole")


def _different(values: list[Any]) -> list[int]:
    """Return which of the values do not repeat a duration before them."""
    told = [_duration(value) for value in values]
    return [i for i, each in enumerate(told) if each is None or told.index(each) == i]


def _duration(value: Any) -> str | None:
    """Return a duration in its shortest form, or None for a value that is not a duration."""
    try:
        return format_duration(parse_duration(value))
    except ScenarioError:
        return None


def _told(key: str, duration: Any) -> str:
    text = _duration(duration) or str(duration)
    return "=".join(_NOT_IN_A_VARIANT.sub("_", each) for each in (key, text))
