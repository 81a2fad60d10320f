"""``@fuzz`` where no pytest runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from llm_sim.errors import InvariantViolation, UsageError
from llm_sim.kept import FailureStore
from llm_sim.scenario import user_says
from llm_sim.simulation import DEFAULTS, Defaults, Run
from llm_sim.strategies import PROFILES
from llm_sim.targets import Bot
from llm_sim.testing import fuzz
from tests.quality.bots import catches_all

FEW = settings(PROFILES["llm-sim-ci"], max_examples=25)


def test_a_test_is_called_with_each_run() -> None:
    seen: list[Run] = []

    @FEW
    @fuzz(bot=Bot(catches_all))
    def note(run: Run) -> None:
        seen.append(run)

    note()
    assert len(seen) == 25
    assert {run.trace.header.target for run in seen} == {"reference 0.1.0"}


def test_its_failures_are_kept_under_its_own_name(tmp_path: Path) -> None:
    store = FailureStore(tmp_path)

    @FEW
    @fuzz(bot=Bot(catches_all), store=store)
    def never_called(run: Run) -> None:
        assert not run.calls

    before = DEFAULTS.set(Defaults())
    with pytest.raises(InvariantViolation) as raised:
        never_called()
    DEFAULTS.reset(before)
    (kept,) = store.load()
    assert raised.value.laws == ("test",)
    assert kept.place == (
        "tests.testing.test_fuzz:test_its_failures_are_kept_under_its_own_name"
        ".<locals>.never_called"
    )


def test_a_test_must_take_the_run() -> None:
    def test_order() -> None:
        """Take nothing."""

    with pytest.raises(UsageError, match=r"test_order must take the argument run: def test_order"):
        fuzz()(test_order)


def test_a_test_must_not_be_async() -> None:
    async def test_order(run: Run) -> None:
        """Await nothing, for nothing is left to be awaited."""

    with pytest.raises(UsageError, match=r"must not be async: .*; write def test_order\(run\)$"):
        fuzz()(test_order)  # type: ignore[arg-type]


def test_a_stimulus_that_needs_an_argument_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^inject has 'user_says', which needs an argument; name"):
        fuzz(inject=[user_says])  # type: ignore[list-item]
