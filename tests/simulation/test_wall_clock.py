"""The wall clock of the code under test."""

from __future__ import annotations

import asyncio
import copy
import importlib
import os
import pickle
import random
import secrets
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter as imported_by_name
from time import sleep
from typing import Any

import pydantic
import pytest
from freezegun import freeze_time

from llm_sim.errors import UnsupportedOperationError
from llm_sim.exploration import sweep
from llm_sim.loop import SimLoop, StockLoop
from llm_sim.scenario import Scenario, call, say, turn
from llm_sim.simulation import Setup, check_determinism, check_recording, run
from llm_sim.targets import Bot
from tests.support.pipecat import needs_pipecat
from tests.support.runs import simulated

TARGETS = pytest.mark.parametrize(
    "target", ["reference", pytest.param("pipecat", marks=needs_pipecat)]
)
START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
CONVERSATION = Scenario(
    bot="tests:clock", script=[turn(call("look", as_="c1")), turn(say("It is late."))]
)


def _time() -> float:
    return time.time()


def _time_ns() -> int:
    return time.time_ns()


def _bot(look: Callable[[], Any], pause_secs: float = 0.0) -> Bot:
    async def handler(params: Any) -> None:
        before = look()
        await asyncio.sleep(pause_secs)
        await params.result_callback([before, look()])

    return Bot(lambda llm: llm.register_function("look", handler))


def _seen(look: Callable[[], Any], pause_secs: float = 0.0, **how: Any) -> Any:
    one = simulated(CONVERSATION, bot=_bot(look, pause_secs), **how)
    assert one.violations == ()
    return next(one.trace.of("answer")).data["result"]


@TARGETS
def test_every_clock_reads_the_epoch_and_the_time_of_the_loop(target: str) -> None:
    def look() -> list[object]:
        return [
            time.time(),
            time.time_ns(),
            time.monotonic_ns(),
            time.perf_counter(),
            imported_by_name(),
            time.ctime(),
            time.asctime(),
            time.gmtime()[:6] == datetime.now(UTC).timetuple()[:6],
            datetime.now(UTC).isoformat(),
            datetime.now().isoformat(),
            date.today().isoformat(),
        ]

    ns = int(START) * 10**9
    there, later = _seen(look, 1.5, target=target)
    assert there == [
        *(START, ns, ns, START, START),
        *("Thu Jan  1 00:00:00 2026", "Thu Jan  1 00:00:00 2026", True),
        *("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00", "2026-01-01"),
    ]
    assert later == [
        *(START + 1.5, ns + 1_500_000_000, ns + 1_500_000_000, START + 1.5, START + 1.5),
        *("Thu Jan  1 00:00:01 2026", "Thu Jan  1 00:00:01 2026", True),
        *("2026-01-01T00:00:01.500000+00:00", "2026-01-01T00:00:01.500000", "2026-01-01"),
    ]


def test_asyncios_own_loop_tells_the_same_time() -> None:
    ns = int(START) * 10**9
    there = _seen(_time_ns, 0.25, loop=StockLoop)
    assert there == _seen(_time_ns, 0.25) == [ns, ns + 250_000_000]


@TARGETS
def test_results_with_the_time_and_with_secrets_are_the_same_at_every_point(target: str) -> None:
    def look() -> list[object]:
        drawn: list[object] = [
            secrets.token_hex(4),
            os.urandom(2).hex(),
            str(uuid.uuid4()),
            str(uuid.uuid1()),
        ]
        unseeded = random.Random()
        drawn += [unseeded.random(), random.Random().random()]
        unseeded.seed()
        return [datetime.now().isoformat(), time.time(), *drawn, unseeded.random()]

    bot = _bot(look, 0.1)
    setup = Setup.of(CONVERSATION, bot=bot, target=target)
    assert check_determinism(setup).violations == ()
    assert check_recording(setup) == ()
    assert sweep(CONVERSATION, bot=bot, target=target).conclusive


def test_another_thread_draws_from_the_system() -> None:
    drawn: list[str] = []

    def look() -> None:
        thread = threading.Thread(target=lambda: drawn.append(secrets.token_hex(16)))
        thread.start()
        thread.join()

    run(CONVERSATION, bot=_bot(look))
    assert len(set(drawn)) == 2


def _napping() -> list[float]:
    begun = time.monotonic()
    time.sleep(1.5)
    sleep(0.5)
    return [time.monotonic() - begun, time.time() - START]


@pytest.mark.parametrize("loop", [SimLoop, StockLoop])
def test_a_function_in_a_thread_sees_the_time_pass_that_it_sleeps(loop: Any) -> None:
    async def nap(params: Any) -> None:
        await params.result_callback([*await asyncio.to_thread(_napping), time.time() - START])

    bot = Bot(lambda llm: llm.register_function("look", nap))
    one = simulated(CONVERSATION, bot=bot, loop=loop)
    assert next(one.trace.of("answer")).data["result"] == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("frozen", [False, True])
def test_a_handler_that_puts_the_loop_to_sleep_is_told(frozen: bool) -> None:
    asleep = _bot(lambda: time.sleep(5))
    with freeze_time("2020-02-02") if frozen else nullcontext():
        with pytest.raises(UnsupportedOperationError, match=r"time\.sleep\(5\) is refused"):
            run(CONVERSATION, bot=asleep)
        assert time.sleep is sleep


def _beside(look: Callable[[], Any]) -> Any:
    """Look in another thread."""
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(look()))
    thread.start()
    thread.join()
    return seen[0]


def test_another_thread_keeps_the_clocks_that_it_has_without_the_run() -> None:
    def look() -> list[float]:
        return [
            time.time(),
            time.time_ns() / 1e9,
            time.monotonic(),
            time.monotonic_ns() / 1e9,
            time.perf_counter(),
            imported_by_name(),
            time.mktime(time.localtime()),
            time.mktime(time.gmtime()),
            datetime.now(UTC).timestamp(),
            datetime.now().timestamp(),
        ]

    before = look()
    during, later = _seen(lambda: _beside(look), 60.0)
    after = look()
    for one, two, three, four in zip(before, during, later, after, strict=True):
        # Some show whole seconds.
        assert int(one) <= two <= three <= four + 1


def test_another_thread_keeps_the_time_that_the_test_has_frozen() -> None:
    def look() -> list[object]:
        return [time.time(), time.monotonic(), datetime.now().isoformat(), time.gmtime().tm_hour]

    with freeze_time("2020-02-02 12:00"):
        there = look()
        assert _seen(lambda: _beside(look), 60.0) == [there, there]


def test_the_clocks_are_real_before_and_after_a_run() -> None:
    before = time.time, time.monotonic, datetime, sys.modules["datetime"].datetime
    real = time.time()
    _seen(_time)
    assert (time.time, time.monotonic, datetime, sys.modules["datetime"].datetime) == before
    assert abs(time.time() - real) < 86_400
    assert imported_by_name is time.perf_counter


def test_the_clocks_are_real_after_a_bot_that_cannot_be_built() -> None:
    before = time.time, sys.modules["datetime"].datetime

    def build(llm: Any) -> None:
        raise ValueError("no")

    with pytest.raises(Exception, match="cannot be built"):
        run(CONVERSATION, bot=Bot(build))
    assert (time.time, sys.modules["datetime"].datetime) == before


def test_a_module_that_is_imported_in_a_run_keeps_no_virtual_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
from time import time, sleep, monotonic as clock
from datetime import datetime, date as day
def stamp(read=time, now=datetime.now):
    return read(), now()
"""
    (tmp_path / "imported_late.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "imported_late", raising=False)

    def look() -> list[object]:
        module = importlib.import_module("imported_late")
        return [module.clock(), module.time(), module.stamp()[0], str(module.datetime.now())]

    there = [START, START, START, "2026-01-01 00:00:00"]
    assert _seen(look) == [there, there]
    module: Any = sys.modules["imported_late"]
    assert (module.time, module.clock, module.sleep) == (time.time, time.monotonic, time.sleep)
    assert (module.datetime, module.day) == (datetime, date)
    # What is bound elsewhere than in the module tells the real time, and no other one.
    read, now = module.stamp()
    assert abs(read - time.time()) < 86_400
    assert abs((now - datetime.now()).total_seconds()) < 86_400
    assert _seen(look) == [there, there]


def test_a_module_that_is_imported_anew_is_looked_through_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "from time import time\nfrom freezegun.api import FakeDatetime\n"
    (tmp_path / "imported_twice.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    for _ in range(2):
        monkeypatch.delitem(sys.modules, "imported_twice", raising=False)
        module: Any = importlib.import_module("imported_twice")

        def look(module: Any = module) -> Any:
            return module.time()

        assert _seen(look) == [START, START]
        assert module.time is time.time
        assert module.FakeDatetime.__name__ == "FakeDatetime"  # it has asked for the fake


def test_values_of_a_run_are_ordinary_dates() -> None:
    def look() -> list[object]:
        class Booking(pydantic.BaseModel):
            at: datetime = pydantic.Field(default_factory=lambda: datetime.now(UTC))
            day: date | None = None

        given = Booking.model_validate({"at": "2025-05-06T07:08:09Z", "day": "2025-05-06"})
        dates: list[Any] = [given.at, Booking().at, datetime(2020, 1, 1), given.day]
        copies = [copy.deepcopy(each) for each in dates]
        return [
            Booking().model_dump_json(),
            given.model_dump_json(),
            [isinstance(each, datetime) for each in dates],
            [isinstance(each, date) for each in dates],
            copies == dates and pickle.loads(pickle.dumps(dates)) == dates,
            str(datetime.strptime("2020-02-03", "%Y-%m-%d") - datetime(2020, 2, 1)),
        ]

    there = [
        '{"at":"2026-01-01T00:00:00Z","day":null}',
        '{"at":"2025-05-06T07:08:09Z","day":"2025-05-06"}',
        [True, True, True, False],
        [True, True, True, True],
        True,
        "2 days, 0:00:00",
    ]
    assert _seen(look) == [there, there]


def test_time_that_the_test_has_frozen_is_where_a_run_starts() -> None:
    with freeze_time("2020-02-02 12:00", tz_offset=2):
        seen = _seen(lambda: [datetime.now().isoformat(), datetime.now(UTC).hour], 60.0)
        assert datetime.now().isoformat() == "2020-02-02T14:00:00"
    assert seen == [["2020-02-02T14:00:00", 14], ["2020-02-02T14:01:00", 14]]
    assert _seen(_time) == [START, START]


def test_a_handler_may_freeze_time_itself() -> None:
    def look() -> list[object]:
        with freeze_time("2001-01-01"):
            frozen = [datetime.now().isoformat(), time.gmtime().tm_year]
        return [frozen, datetime.now().isoformat(), time.time()]

    there = [["2001-01-01T00:00:00", 2001], "2026-01-01T00:00:00", START]
    assert _seen(look) == [there, there]


def test_time_that_a_handler_leaves_frozen_thaws_with_its_run() -> None:
    def look() -> str:
        freeze_time("2001-01-01").start()
        return datetime.now().isoformat()

    there = ["2001-01-01T00:00:00", "2001-01-01T00:00:00"]
    before = time.time, sys.modules["datetime"].datetime
    assert _seen(look) == there
    assert (time.time, sys.modules["datetime"].datetime) == before
    assert _seen(_time) == [START, START]
    with freeze_time("2020-02-02"):
        assert _seen(look) == there
        assert datetime.now().isoformat() == "2020-02-02T00:00:00"


def test_the_application_waits_in_real_time_while_a_run_is_made() -> None:
    """asyncio's loops, which another thread may be running, keep their own clock."""
    loop = asyncio.new_event_loop()
    try:
        assert _seen(lambda: abs(loop.time() - START) > 86_400) == [True, True]
    finally:
        loop.close()
