"""The wall clock of the code under test: virtual for the length of a run, in the run's thread.

The clocks that a program reads are freezegun's, so that a test, or a handler, that freezes time
itself finds what it expects. freezegun looks through every attribute of every module when it
begins, which takes longer than a run and imports whatever a module offers lazily. So it is not
entered: what modules have imported by name is found in their dictionaries, and remembered.
"""

from __future__ import annotations

import asyncio
import copyreg
import datetime
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import get_ident
from types import ModuleType
from typing import Any, Final

from freezegun import api

from llm_sim.loop import SimLoop, StockLoop, blocking_sleep

EPOCH: Final = datetime.datetime(2026, 1, 1)
"""What a wall clock reads at the start of a run, in UTC."""

_UNIX: Final = datetime.datetime(1970, 1, 1)


class _Now:
    """What freezegun asks for the time in a run.

    Another thread is told what it would be without the run: a pool's manager, or a log's writer,
    that began to wait in real time must not see the deadline move away.

    Args:
        loop: Whose time it is, in this thread.
        start: What a wall clock reads at its start, in UTC.
        frozen: What freezegun asked before, or None where time was not frozen.
    """

    __slots__ = ("_loop", "_start", "_start_ns", "frozen", "thread")

    def __init__(
        self,
        loop: SimLoop | StockLoop,
        start: datetime.datetime,
        frozen: Callable[[], datetime.datetime] | None,
    ) -> None:
        self._loop = loop
        self._start = start
        self._start_ns = (start - _UNIX) // datetime.timedelta(microseconds=1) * 1000
        self.frozen = frozen
        self.thread = get_ident()

    def __call__(self) -> datetime.datetime:
        if self.thread == get_ident():
            return self._start + datetime.timedelta(microseconds=self._passed_ns() // 1000)
        if self.frozen is not None:
            return self.frozen()
        now: datetime.datetime = api.real_datetime.now(datetime.UTC)
        return now.replace(tzinfo=None)

    def ns(self) -> int:
        return self._start_ns + self._passed_ns()

    def _passed_ns(self) -> int:
        # A function that an executor runs sees the time pass that it sleeps.
        return self._loop.time_ns + self._loop.slept_ns


def _reading(kind: str) -> tuple[Callable[[], float], Callable[[], int]]:
    """Return a clock in seconds and in nanoseconds: freezegun's, with a short way to a run's time.

    Pipecat reads a clock for each frame and processor, which would cost a sixth of a run.
    """
    fake: Callable[[], float] = getattr(api, f"fake_{kind}")
    real: Callable[[], float] = getattr(api, f"real_{kind}")
    fake_ns: Callable[[], int] = getattr(api, f"fake_{kind}_ns")
    real_ns: Callable[[], int] = getattr(api, f"real_{kind}_ns")
    moments: list[Any] = api.freeze_factories

    def read() -> float:
        now = moments[-1] if moments else None
        if type(now) is not _Now:
            return fake()
        if now.thread == get_ident():
            return now.ns() / 1e9
        return fake() if now.frozen else real()

    def read_ns() -> int:
        now = moments[-1] if moments else None
        if type(now) is not _Now:
            return fake_ns()
        if now.thread == get_ident():
            return now.ns()
        return fake_ns() if now.frozen else real_ns()

    return read, read_ns


def _asctime(moment: Any = None) -> str:
    return api.real_strftime(_ASCTIME, api.fake_localtime() if moment is None else moment)


def _ctime(secs: float | None = None) -> str:
    return _asctime(api.fake_localtime(secs))


_ASCTIME: Final = "%a %b %e %H:%M:%S %Y"
_FAKES: Final[dict[str, Any]] = {
    "asctime": _asctime,
    "ctime": _ctime,
    "localtime": api.fake_localtime,
    "gmtime": api.fake_gmtime,
    "strftime": api.fake_strftime,
    "sleep": blocking_sleep,
}
for _kind in ("time", "monotonic", "perf_counter"):
    _FAKES[_kind], _FAKES[f"{_kind}_ns"] = _reading(_kind)

_FAKE_OF: Final = {
    api.real_datetime: api.FakeDatetime,
    api.real_date: api.FakeDate,
    **{getattr(api, f"real_{name}", getattr(time, name)): fake for name, fake in _FAKES.items()},
}
_REAL_OF: Final = {fake: real for real, fake in _FAKE_OF.items()}
_KINDS: Final = frozenset(map(type, (*_FAKE_OF, *_REAL_OF)))

_REAL: Final = frozenset(
    (
        "_pytest",
        "concurrent",
        "freezegun",
        "hypothesis",
        "llm_sim",
        "multiprocessing",
        "queue",
        "rich",
        "threading",
    )
)
"""Who times itself, or other threads: what these have imported by name stays real."""

# A module that is imported during a run may keep one of the fakes where nobody finds it, as the
# default of a field. It reads the real clock after the run; only the offset has no end of its own.
api.tz_offsets.insert(0, datetime.timedelta(0))


def _schema_of(real: type) -> Any:
    return classmethod(lambda cls, source, handler: handler.generate_schema(real))


# pydantic knows its types by identity: a model that a handler defines has one of these.
for _real in (api.real_datetime, api.real_date):
    _FAKE_OF[_real].__get_pydantic_core_schema__ = _schema_of(_real)


@contextmanager
def wall_clock_of(loop: SimLoop | StockLoop) -> Iterator[None]:
    """Let the clocks of this thread read a loop's time.

    ``time.time()``, ``monotonic()`` and ``perf_counter()``, their ``_ns`` forms, ``localtime()``,
    ``gmtime()`` and ``strftime()``, ``datetime.now()`` and ``date.today()`` read `EPOCH` and the
    loop's time on top of it; ``time.sleep()`` takes virtual time in a function for an executor, and
    is refused on the loop. Where the caller has frozen time with freezegun,
    its moment and its offset stand in the place of `EPOCH` and of UTC. Other threads, event loops
    of asyncio's own, and what was bound elsewhere than in a module, stay real.

    Args:
        loop: Whose time it is.
    """
    frozen = api.freeze_factories[-1] if api.freeze_factories else None
    start = EPOCH if frozen is None else frozen()

    with ExitStack() as stack:
        if frozen is None:
            stack.enter_context(_fakes_in_place())
        else:
            stack.callback(setattr, time, "sleep", time.sleep)  # noqa: TID251 - put back
            time.sleep = blocking_sleep  # noqa: TID251
        kept: list[tuple[list[Any], Any]] = [
            (api.freeze_factories, _Now(loop, start, frozen)),
            (api.tz_offsets, api.tz_offsets[-1]),
            (api.tick_flags, False),
            # Nobody in a run reads the real clock, so nobody has to be looked for on the stack.
            (api.ignore_lists, ()),
        ]
        for values, value in kept:
            # With what the run has put on top of it: time that a handler froze and left frozen.
            stack.callback(values.__delitem__, slice(len(values), None))
            values.append(value)
        yield


@contextmanager
def _fakes_in_place() -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name, value in _OWNERS:
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, value)
        for real, reduce in _PICKLED.items():
            copyreg.dispatch_table[real] = reduce
            stack.callback(copyreg.dispatch_table.pop, real)
        stack.enter_context(_IMPORTED.replaced())
        yield


def _real_loop_time(loop: asyncio.BaseEventLoop) -> float:
    return api.real_monotonic()


_OWNERS: Final[tuple[tuple[Any, str, Any], ...]] = (
    *((time, name, fake) for name, fake in _FAKES.items()),
    (datetime, "datetime", api.FakeDatetime),
    (datetime, "date", api.FakeDate),
    (asyncio.BaseEventLoop, "time", _real_loop_time),
    # Without the system's help `uuid1` reads `time`.
    (uuid, "_generate_time_safe", None),
    (uuid, "_UuidCreate", None),
    (uuid, "_last_timestamp", None),
)
_PICKLED: Final[dict[type, Callable[[Any], Any]]] = {
    api.real_datetime: api.pickle_fake_datetime,
    api.real_date: api.pickle_fake_date,
}


_Place = tuple[dict[str, Any], str, Any]
"""The names of a module, one of them, and what it stands for."""


class _Imported:
    """What modules have imported from ``time`` and ``datetime`` by name."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[ModuleType, list[_Place]]] = {}
        self._newest: tuple[int, object] = (0, None)
        self._places: list[_Place] = []

    @contextmanager
    def replaced(self) -> Iterator[None]:
        """Put the fakes in their place, and afterwards the real ones wherever a fake is."""
        self._look()
        # A session at a prompt imports whenever it likes.
        places = [*self._places, *_found(sys.modules.get("__main__"), _FAKE_OF)]
        for names, name, real in places:
            if names.get(name) is real:
                names[name] = _FAKE_OF[real]
        try:
            yield
        finally:
            for names, name, real in places:
                if names.get(name) is _FAKE_OF[real]:
                    names[name] = real
            self._look()

    def _look(self) -> None:
        """Look through the modules that are new since the last time."""
        # An import appends to the dictionary, so its end tells whether there was one.
        newest = (len(sys.modules), next(reversed(sys.modules.values()), None))
        if newest == self._newest:
            return
        self._newest = newest
        before, self._known, self._places = self._known, {}, []
        for key, module in list(sys.modules.items()):
            if key.partition(".")[0] in _REAL:
                continue
            known = before.get(key)
            if known is None or known[0] is not module:
                known = (module, _without_fakes(module))
            self._places += known[1]
            if not _being_imported(module):
                self._known[key] = known


_IMPORTED: Final = _Imported()


def _without_fakes(module: Any) -> list[_Place]:
    """Put the real clocks in the place of virtual ones, and return the places of all."""
    for names, name, fake in _found(module, _REAL_OF):
        if name != fake.__name__:  # else it has asked freezegun for the fake
            names[name] = _REAL_OF[fake]
    return _found(module, _FAKE_OF)


def _found(module: Any, among: dict[Any, Any]) -> list[_Place]:
    if not isinstance(module, ModuleType) or module is time or module is datetime:
        return []
    names = vars(module)
    return [
        (names, name, value)
        for name, value in list(names.items())
        if type(value) in _KINDS and value in among
    ]


def _being_imported(module: Any) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))
