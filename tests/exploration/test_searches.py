"""Every search yields what it finds and returns what it came to."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
from hypothesis import settings

from llm_sim.exploration import (
    SILENCE,
    Orders,
    completed,
    draw_conversations,
    search_drawn,
    search_orders,
    search_points,
    search_run,
    search_tools,
)
from llm_sim.scenario import say, turn
from llm_sim.schedule import decode
from llm_sim.simulation import Broken, Clean, Finding, NoVerdict, Setup, Summary, Unmet
from llm_sim.strategies import PROFILES
from llm_sim.targets import Bot
from tests.support.orders import one_order
from tests.support.scenarios import spoken_tool, two_tools

NAIVE = Setup.of(two_tools("sequential"), target="naive")
INTERRUPTED = decode("ls1-interrupt@start+1")
FEW = settings(PROFILES["llm-sim-ci"], max_examples=60)


async def _raises(params: Any) -> None:
    raise LookupError("no order")


def _bot() -> Bot:
    return Bot(lambda llm: llm.register_function("f", _raises))


def _drawn() -> Generator[Finding, None, Summary]:
    drawn = draw_conversations(Setup.of(SILENCE, target="naive"), inject=["interrupt"])
    return search_drawn(drawn, settings=FEW)


SEARCHES: dict[str, Callable[[], Generator[Finding, None, Summary]]] = {
    "run": lambda: search_run(NAIVE, INTERRUPTED, stock=True),
    "points": lambda: search_points(NAIVE),
    "orders": lambda: search_orders(Setup.of(one_order()), Orders(runs=50)),
    "drawn": _drawn,
    "tools": lambda: search_tools(Setup.of(SILENCE, bot=_bot())),
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_search_yields_its_findings_and_returns_them_in_its_summary(
    search: Callable[[], Generator[Finding, None, Summary]],
) -> None:
    yielded: list[Finding] = []

    def noted() -> Generator[Finding, None, Summary]:
        running = search()
        while True:
            try:
                yielded.append(next(running))
            except StopIteration as end:
                summary: Summary = end.value
                return summary
            yield yielded[-1]

    summary = completed(noted())
    assert yielded == summary.findings != []
    assert not summary.clean
    assert summary.to_plain()["clean"] is False


def test_a_run_is_found_with_what_asyncios_own_loop_says() -> None:
    (asked,) = completed(search_run(NAIVE, INTERRUPTED, stock=True)).findings
    (finding,) = completed(search_run(NAIVE, INTERRUPTED)).findings
    assert asked.stock is not None
    assert (asked.stock.fails_too, finding.stock) == (True, None)


@pytest.mark.parametrize(
    ("changes", "token", "verdict"),
    [
        ({}, "ls1-undisturbed", Clean),
        ({"expect": [{"frames": ["End"]}]}, "ls1-undisturbed", Unmet),
        ({"script": [turn(say("Hm.")), turn(say("No."))]}, "ls1-undisturbed", NoVerdict),
        ({}, "ls1-interrupt@LLMText.9+1", NoVerdict),
    ],
)
def test_the_summary_of_a_run_has_the_verdict_of_the_run(
    changes: dict[str, Any], token: str, verdict: type
) -> None:
    setup = Setup.of(spoken_tool().replace(**changes))
    summary = completed(search_run(setup, decode(token)))
    assert type(summary.verdict) is type(summary.run.verdict) is verdict
    assert summary.conclusive is (verdict is not NoVerdict)


def test_a_sweep_has_one_finding_for_each_way_in_which_it_fails() -> None:
    report = completed(search_points(NAIVE))
    ways = [finding.broken for finding in report.findings]
    assert len(ways) == len(set(ways)) > 1
    assert set(ways) == {outcome.broken for outcome in report.outcomes if outcome.failed}
    assert sum(finding.hits for finding in report.findings) == report.failed
    widths = [one.last - one.first for finding in report.findings for one in finding.windows[:1]]
    assert widths == sorted(widths, reverse=True)


def test_the_verdict_of_a_summary_is_that_of_what_is_not_known() -> None:
    report = completed(search_points(NAIVE))
    assert isinstance(report.verdict, Broken)
    known = [Finding(one.setup, one.schedule, one.verdict, known=True) for one in report.findings]
    assert isinstance(Summary(NAIVE, known).verdict, Clean)
