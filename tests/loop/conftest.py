"""A loop for each test, wound up afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llm_sim.loop import SimLoop


@pytest.fixture
def loop() -> Iterator[SimLoop]:
    loop = SimLoop()
    yield loop
    # A task that is left behind would complain when it is collected, in some other test.
    loop.max_steps = loop.max_time_ns = None
    loop.picker = None
    for task in loop.tasks():
        task.cancel()
    loop.run_until_idle()
    loop.close()
