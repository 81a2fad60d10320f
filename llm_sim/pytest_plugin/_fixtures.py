"""The fixtures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import pytest

from llm_sim.pytest_plugin._session import session_of
from llm_sim.pytest_plugin._settings import settings_of

if TYPE_CHECKING:
    from llm_sim.pytest_plugin._simulator import Simulator
    from llm_sim.pytest_plugin._verdict import Session
    from llm_sim.targets import Bot

SIMULATOR: Final = pytest.StashKey["Simulator"]()
"""What ran the scenarios of a test."""


@pytest.fixture(scope="session")
def llm_sim_bot() -> Bot | None:
    """Override it to say what is under test where a call of ``llm_sim`` names no ``bot=``."""
    return None


@pytest.fixture(scope="session")
def llm_sim_config() -> Mapping[str, Any]:
    """Override it to give settings by name: target, sweep, trace, disable, timeout.

    They go before pytest's configuration; the marker and the command line go before them.
    """
    return {}


@pytest.fixture
def llm_sim(
    request: pytest.FixtureRequest, llm_sim_bot: Bot | None, llm_sim_config: Mapping[str, Any]
) -> Iterator[Simulator]:
    """Simulate conversations with a bot, in virtual time.

    When the test's body is done, each run must have kept every law and used up its script.
    """
    from llm_sim.errors import UsageError
    from llm_sim.pytest_plugin._simulator import Simulator
    from llm_sim.targets import Bot

    item = request.node
    try:
        if llm_sim_bot is not None and not isinstance(llm_sim_bot, Bot):
            raise UsageError(f"llm_sim_bot must give a Bot, not {llm_sim_bot!r}: return Bot(build)")
        settings = settings_of(item, llm_sim_config)
        session = session_of(request.config)
    except UsageError as error:
        wrong = f"{item.nodeid}: {error}"
    else:
        simulator = Simulator(item.nodeid, settings, bot=llm_sim_bot, golden=session.golden)
        item.stash[SIMULATOR] = simulator
        yield simulator
        wrong = "" if simulator.judged is None else _late(simulator, session)
    if wrong:
        pytest.fail(wrong, pytrace=False)


def _late(simulator: Simulator, session: Session) -> str:
    from llm_sim.pytest_plugin._verdict import judge_late

    return judge_late(simulator, session)
