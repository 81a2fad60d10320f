"""Directories that bots are loaded from, each with modules of its own.

One repository may hold two services, ``a/bot.py`` and ``b/bot.py``, each with a ``tools.py`` beside
it. Python has one ``sys.modules`` for a process, so the second ``import tools`` would get the first
one's tools, whether it stands at the top of ``bot.py`` or inside a handler. A :class:`Home` keeps
them apart: while it is entered, an import finds the modules of its directory first, and those of
other directories that have the same names are out of the way.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module, invalidate_caches
from importlib.machinery import all_suffixes
from pathlib import Path
from types import ModuleType
from typing import Final

_NEVER_DISPLACED: Final = ("__main__", "llm_sim")
"""The program, and us: a second copy of this package would know nothing of the first."""
_STANDARD_LIBRARY: Final = os.path.realpath(sysconfig.get_path("stdlib"))

_SUFFIXES: Final = tuple(all_suffixes())

_real: Final = cache(os.path.realpath)


class Home:
    """A directory and the modules that were imported from it; made by :func:`home_of`.

    Args:
        directory: The directory, absolute and without symbolic links.
    """

    def __init__(self, directory: str) -> None:
        self.directory = Path(directory)
        self._put_away: dict[str, ModuleType] = {}
        """Its modules while nobody can import them; empty while it is entered."""
        self._displaced: dict[str, ModuleType] = {}
        """Modules of other directories that its own have taken the names of, while entered."""
        self._known: Collection[str] = ()
        """The names that were in ``sys.modules`` when it was entered."""
        self._shared: dict[tuple[str, ...], bool] = {}
        """Whether it shares a module, by the module's name and ``sys.path``."""

    def __repr__(self) -> str:
        return f"Home({str(self.directory)!r})"

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return home_of, (str(self.directory),)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let imports find the modules of this directory first, and no other service's.

        One home is entered at a time: entering another one leaves the first until it is back.
        Entering the current one costs nothing, so whoever runs a bot often enters it once around
        all of the runs.
        """
        outer = _current[-1]
        if outer is self:
            yield
            return
        if outer is not None:
            outer._leave()
        self._enter()
        _current.append(self)
        try:
            yield
        finally:
            _current.pop()
            self._leave()
            if outer is not None:
                outer._enter()

    def _enter(self) -> None:
        self._displaced = {}
        if taken := self._names_held_by_others():
            self._displaced = _taken_out([name for name in sys.modules if _top(name) in taken])
        self._known = frozenset(sys.modules)
        for name, module in self._put_away.items():
            # A test may have imported the same file the ordinary way in the meantime. It then
            # patches that copy, so that copy counts.
            if _top(name) not in self._known:
                sys.modules[name] = module
        self._put_away = {}
        sys.path.insert(0, str(self.directory))

    def _leave(self) -> None:
        # Asked before the path changes: a namespace package follows sys.path.
        own = self._imported_from_here()
        with suppress(ValueError):
            sys.path.remove(str(self.directory))
        private = {_top(name) for name in self._displaced}
        private.update(top for top in {_top(name) for name in own} if not self._shares(top))
        self._put_away = _taken_out([name for name in own if _top(name) in private])
        sys.modules.update(self._displaced)
        self._displaced = {}

    def _names_held_by_others(self) -> set[str]:
        """Return the top-level names of its modules under which another directory's are loaded."""
        try:
            names = {name.partition(".")[0] for name in os.listdir(self.directory)}
        except OSError:
            return set()
        return {
            name
            for name in names & sys.modules.keys()
            if self._is_displaced_by_ours(name, sys.modules[name])
        }

    def _is_displaced_by_ours(self, name: str, module: ModuleType) -> bool:
        places = _places(module)
        if not places or places == {str(self.directory)} or _are_installed(name, places):
            return False
        if module_file(self.directory, name) is not None:
            return True
        # A directory without __init__.py gives way to a module, here as in any import.
        return getattr(module, "__file__", None) is None and (self.directory / name).is_dir()

    def _imported_from_here(self) -> list[str]:
        """Return the names that were imported from here since it was entered, in their order."""
        fresh = [name for name in sys.modules if name not in self._known]
        # What is new in a package that was there before stays with it.
        tops = {_top(name) for name in fresh}.difference(self._known)
        own = {top for top in tops & sys.modules.keys() if self._has(top, sys.modules[top])}
        return [name for name in fresh if _top(name) in own]

    def _has(self, name: str, module: ModuleType) -> bool:
        places = _places(module)
        return str(self.directory) in places and not _are_installed(name, places)

    def _shares(self, name: str) -> bool:
        """Return whether an import finds one of its modules although it is not entered.

        Such a module stays loaded. A test that imports the bot must get the one that is run, or
        what the test patches has no effect; and a module that registers something globally (a
        metric, say) must not be imported twice.
        """
        key = name, *sys.path
        if key not in self._shared:
            self._shared[key] = str(self.directory) in _places_on_the_path(name)
        return self._shared[key]


_current: Final[list[Home | None]] = [None]
"""The homes that were entered and not left; the last one is in effect."""

_homes: Final[dict[str, Home]] = {}


def home_of(directory: str | Path) -> Home:
    """Return the one home of a directory."""
    real = os.path.realpath(directory)
    return _homes.setdefault(real, Home(real))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a bot was found.

    Parameters:
        module: The module's name.
        attribute: The attribute's name, or several with dots between them.
        home: The directory that the module is imported from; None: it is found as any import is.
    """

    module: str
    attribute: str
    home: Home | None = None

    def entered(self) -> AbstractContextManager[None]:
        """Enter the home, where there is one."""
        return nullcontext() if self.home is None else self.home.entered()

    def imported(self) -> ModuleType:
        """Import the module."""
        with self.entered():
            if self.module not in sys.modules:
                # A file that was written a moment ago may not be in what Python knows of its
                # directory.
                invalidate_caches()
            return import_module(self.module)

    def file(self) -> Path | None:
        """Return the file of the module, or None where it has none."""
        with self.entered():
            path = getattr(self.imported(), "__file__", None)
        return None if path is None else Path(path)

    def in_its_way(self) -> str:
        """Return the file that is imported under the name of ours, or an empty string.

        There is one where that name belongs to an installed package. Asked while the home is
        entered.
        """
        top = _top(self.module)
        found = getattr(sys.modules.get(top), "__file__", None)
        if self.home is None or found is None:
            return ""
        own = module_file(self.home.directory, top)
        return "" if own and _real(own) == _real(os.path.abspath(found)) else str(found)


def module_file(directory: Path, module: str) -> Path | None:
    """Return the file below a directory that an import of a dotted name would load, or None."""
    base = directory.joinpath(*module.split("."))
    return next(filter(Path.is_file, _candidates(base)), None)


def _candidates(base: Path) -> Iterator[Path]:
    for stem in (base / "__init__", base):
        for suffix in _SUFFIXES:
            yield stem.with_name(stem.name + suffix)


def _top(name: str) -> str:
    return name.partition(".")[0]


def _taken_out(names: Iterable[str]) -> dict[str, ModuleType]:
    return {name: sys.modules.pop(name) for name in names}


def _places(module: ModuleType) -> set[str]:
    """Return the directories that a top-level module was found in; none where it has no file."""
    file = getattr(module, "__file__", None)
    return _parents(file, getattr(module, "__path__", ()))


def _places_on_the_path(name: str) -> set[str]:
    """Return the directories in which an import finds a top-level module that is not loaded."""
    for finder in sys.meta_path:
        # A finder of the kind that Python 3.11 still takes has no find_spec.
        find_spec = getattr(finder, "find_spec", None)
        if spec := find_spec and find_spec(name, None):
            return _parents(
                spec.origin if spec.has_location else None, spec.submodule_search_locations or ()
            )
    return set()


def _parents(file: str | None, portions: Iterable[str]) -> set[str]:
    if file is None:
        return {os.path.dirname(_real(os.path.abspath(portion))) for portion in portions}
    directory, base = os.path.split(os.path.abspath(file))
    return {_real(os.path.dirname(directory) if base.startswith("__init__.") else directory)}


def _are_installed(name: str, places: Iterable[str]) -> bool:
    """Return whether a module is Python's, ours, or an installed package's: those stay loaded."""
    return name in _NEVER_DISPLACED or any(
        place.startswith(_STANDARD_LIBRARY)
        or os.path.basename(place) in ("site-packages", "dist-packages")
        for place in places
    )
