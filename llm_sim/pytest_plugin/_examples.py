"""Tests with ``@given``: each example is judged by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import iscoroutinefunction, signature
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from llm_sim.pytest_plugin._simulator import Simulator
    from llm_sim.pytest_plugin._verdict import Verdict

_OURS: Final = ("llm_sim", "llm_sim_bot", "llm_sim_config")


class ExampleError(AssertionError):
    """The runs of an example fail it."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.failure)


def is_fuzzed(item: pytest.Item) -> bool:
    """Return whether a test was made by ``@fuzz``."""
    return hasattr(getattr(item, "obj", None), "llm_sim_fuzz")


def is_given(item: pytest.Item) -> bool:
    """Return whether a test was made by ``@given``."""
    test = getattr(item, "obj", None)
    drawn = getattr(test, "is_hypothesis_test", False) and hasattr(test, "hypothesis")
    return drawn and not is_fuzzed(item)


def has_only_ours(item: pytest.Item) -> bool:
    """Return whether no other fixture than ours is set up once for all examples of a test."""
    assert isinstance(item, pytest.Function)
    # As Hypothesis asks: what a parameter is named by hand is no fixture here.
    manager = item._request._fixturemanager
    fixtures = manager.getfixtureinfo(item, item.function, None).name2fixturedefs
    asked = [name for name in signature(item.function).parameters if name in fixtures]
    return not any(fixtures[name][-1].scope == "function" for name in asked if name not in _OURS)


@contextmanager
def judged_one_by_one(
    item: pytest.Item, simulator: Simulator, judge: Callable[[], Verdict]
) -> Iterator[None]:
    """Fail an example whose runs fail, so that Hypothesis shrinks it.

    Args:
        item: A test with ``@given``.
        simulator: What it runs its scenarios with.
        judge: Judges the runs of an example.
    """
    handle = item.obj.hypothesis  # type: ignore[attr-defined]
    body = handle.inner_test

    def check() -> None:
        __tracebackhide__ = True
        verdict = judge()
        if verdict.failure:
            raise ExampleError(verdict)

    if iscoroutinefunction(body):

        @wraps(body)
        async def example(*args: Any, **kwargs: Any) -> None:
            __tracebackhide__ = True
            simulator.made.clear()
            await body(*args, **kwargs)
            check()

    else:

        @wraps(body)
        def example(*args: Any, **kwargs: Any) -> None:
            __tracebackhide__ = True
            simulator.made.clear()
            body(*args, **kwargs)
            check()

    handle.inner_test = example
    try:
        yield
    finally:
        handle.inner_test = body
