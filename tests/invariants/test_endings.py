"""LS302 to LS304: each fires on a planted fault, and stays quiet on its twin."""

from __future__ import annotations

from tests.support.laws import broken
from tests.support.told import Told


def test_ls302_fires_for_a_handler_that_runs_on_after_the_end() -> None:
    told = Told().started("c1").handler("c1", "started")
    told.processed("End", at="sink")
    told.after(300).handler("c1", "returned").rest().close()
    assert broken("LS302", told) == [
        "c1 `f`: its handler still runs after the EndFrame has gone through"
    ]


def test_ls302_fires_for_a_handler_that_never_ends() -> None:
    told = Told().started("c1").handler("c1", "started")
    told.processed("Cancel", at="sink")
    assert broken("LS302", told.rest().close()) == [
        "c1 `f`: its handler still runs after the CancelFrame has gone through"
    ]


def test_ls302_fires_for_a_handler_that_starts_after_the_end() -> None:
    told = Told().started("c1")
    told.processed("End", at="sink")
    told.handler("c1", "started").handler("c1", "returned").rest().close()
    assert broken("LS302", told) == [
        "c1 `f`: its handler starts after the EndFrame has gone through"
    ]


def test_ls302_fires_for_a_task_and_a_timer_that_are_left() -> None:
    assert broken("LS302", Told().rest().close("heartbeat", timers=1)) == [
        "task 'heartbeat' is left after the end",
        "1 timer is left after the end",
    ]


def test_ls302_fires_for_a_frame_about_a_call_behind_the_end() -> None:
    told = Told().started("c1").in_progress("c1").about("End").result("c1").rest().close()
    assert broken("LS302", told) == [
        "c1 `f`: the service pushes FunctionCallResult after its EndFrame",
        "c1 `f`: the service pushes FunctionCallResult after its EndFrame",
    ]


def test_ls302_is_quiet_when_a_handler_is_cancelled_as_the_end_goes_through() -> None:
    told = Told().started("c1").handler("c1", "started").in_progress("c1").cancelled("c1")
    told.about("End")
    told.processed("End", at="sink")
    assert broken("LS302", told.handler("c1", "cancelled").rest().close()) == []


def test_ls303_fires_for_what_the_loop_was_told() -> None:
    told = Told().rest()
    told.event("error", data={"source": "loop", "message": "Task exception was never retrieved"})
    assert broken("LS303", told) == ["unseen (loop): Task exception was never retrieved"]


def test_ls303_fires_for_an_error_that_is_only_logged() -> None:
    told = Told()
    told.event("error", data={"source": "log", "message": "unexpected exception"})
    assert broken("LS303", told.rest()) == ["unseen (log): unexpected exception"]


def test_ls303_is_quiet_about_a_logged_error_that_goes_out_as_a_frame() -> None:
    told = Told()
    logged = told.event("error", data={"source": "log", "message": "handler failed"})
    told.about("Error", ways=("up",), seen=False)
    told.trace.events[-1].step = logged.step
    assert broken("LS303", told.rest()) == []


def test_ls304_fires_when_a_bound_is_hit() -> None:
    told = Told().rest("steps", "spinner: at bot.py:3 in spin, ready to run")
    assert broken("LS304", told) == [
        "the run did not come to rest within its bound of steps; "
        "waiting: spinner: at bot.py:3 in spin, ready to run"
    ]


def test_ls304_is_quiet_when_the_run_comes_to_rest() -> None:
    assert broken("LS304", Told().rest()) == []
