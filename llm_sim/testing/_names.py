"""What a scenario file names and only what runs it knows: laws and bots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from llm_sim.errors import ScenarioError, UsageError
from llm_sim.invariants import get_law
from llm_sim.scenario import Scenario
from llm_sim.targets import load_bot


def check_names(scenarios: Iterable[Scenario], *, bots: bool = True) -> None:
    """Check that there are the laws and the bots that scenarios name.

    Args:
        scenarios: Scenarios of a file, as it was loaded.
        bots: Whether their own bots are run.

    Raises:
        ScenarioError: One of them is not there; each is told with line and column.
    """
    problems = [
        scenario.place.problem(str(error), path)
        for scenario in scenarios
        for path, error in _mistakes(scenario, bots=bots)
    ]
    if problems:
        # Several scenarios may extend the one that has the mistake.
        raise ScenarioError(*dict.fromkeys(problems))


def _mistakes(
    scenario: Scenario, *, bots: bool
) -> Iterator[tuple[tuple[str | int, ...], UsageError]]:
    named: list[tuple[tuple[str | int, ...], Callable[[], object]]] = [
        (("strict", i), partial(get_law, code)) for i, code in enumerate(scenario.strict)
    ]
    if bots:
        named.append((("bot",), partial(load_bot, scenario.bot)))
    for path, look_up in named:
        try:
            look_up()
        except UsageError as error:
            yield path, error
