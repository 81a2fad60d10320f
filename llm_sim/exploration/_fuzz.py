"""Fuzzing a bot: draw conversations with it, run them, keep what fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from llm_sim.errors import ScenarioError, SimulationError, UsageError, did_you_mean
from llm_sim.exploration._campaign import Campaign, Case, Failure, FuzzListener, failure_of, search
from llm_sim.exploration._found import OWN_LAW, Found
from llm_sim.exploration._registrations import registrations
from llm_sim.exploration._stock import check_on_stock
from llm_sim.exploration._store import FailureStore, warn
from llm_sim.invariants import LAWS, Law, Violation
from llm_sim.scenario import STIMULI, WITH_TEXT, Scenario
from llm_sim.schedule import Schedule
from llm_sim.simulation import Limits, Run, run
from llm_sim.targets import Bot, Target, get_target

if TYPE_CHECKING:
    import hypothesis
    from hypothesis.strategies import SearchStrategy

    from llm_sim.scenario import Turn

Check = Callable[[Run], None]
"""A law of the user's own: it raises AssertionError where a run breaks it."""


def explore(
    drawn: SearchStrategy[Case],
    *,
    bot: Bot | None = None,
    target: str | Target = "reference",
    settings: hypothesis.settings | None = None,
    seed: int | None = None,
    check: Check | None = None,
    limits: Limits | None = None,
    laws: tuple[Law, ...] = LAWS,
    place: str = "",
    store: FailureStore | None = None,
    damaged: Callable[[ScenarioError], None] = warn,
    progress: FuzzListener | None = None,
) -> Campaign:
    """Run drawn conversations, and return every failure, shrunk.

    It is sound: the ready queue keeps asyncio's order. What varies is the script, what tools do,
    how long things take, and where stimuli land. Ctrl-C stops it; what was found is kept.

    Args:
        drawn: Draws what happens: :func:`cases_of` a bot, or :func:`llm_sim.strategies.cases`.
        bot: What is under test; by default each scenario's own bot.
        target: Which service core it runs on.
        settings: Hypothesis's settings; by default those of the loaded profile.
        seed: Hypothesis's seed.
        check: A law of the user's own.
        limits: Where a run that does not come to rest is stopped.
        laws: What must hold.
        place: Who asks, for the failures that are kept.
        store: Where failures are kept, each when it is found; those of the same place and target
            are replayed first.
        damaged: Told of each kept file that cannot be read.
        progress: Told after each example.

    Raises:
        UsageError: The bot or the target cannot be used.
    """
    import hypothesis

    chosen = get_target(target) if isinstance(target, str) else target
    how: dict[str, Any] = {"bot": bot, "target": chosen, "limits": limits, "laws": laws}

    def run_one(scenario: Scenario, schedule: Schedule) -> Run:
        one = run(scenario, schedule=schedule, place=place, **how)
        return one if check is None else _checked(one, check)

    def keep(failure: Failure) -> Failure:
        if store is not None:
            _save(failure, store, chosen, not_kept)
        if failure.violation.law == OWN_LAW:
            return failure
        others = [each for each in failure.run.violations if each != failure.violation]
        asked = replace(failure.run, violations=(failure.violation, *others))
        there = check_on_stock(asked, bot=bot, target=chosen, limits=limits)
        return replace(failure, stock=there)

    not_kept: dict[str, int] = {}
    saved = () if store is None else _still_failing(store, place, chosen, run_one, damaged)
    result = search(
        drawn,
        run_one,
        settings=settings or hypothesis.settings(),
        seed=seed,
        known=tuple(saved),
        keep=keep,
        progress=progress,
    )
    result.failures[:0] = [keep(failure) for failure in saved]
    result.not_kept = not_kept
    return result


def _save(failure: Failure, store: FailureStore, target: Target, not_kept: dict[str, int]) -> None:
    found = Found.of(failure.run, failure.violation, target.name)
    try:
        store.save(found)
    except OSError as error:
        # What was found is told in any case.
        message = f"{store.path_of(found).parent}: {error.strerror}"
        not_kept[message] = not_kept.get(message, 0) + 1


def _checked(one: Run, check: Check) -> Run:
    try:
        check(one)
    except AssertionError as error:
        said = str(error).partition("\n")[0] or "an assertion of the test does not hold"
        violation = Violation(OWN_LAW, said, kind=_where_raised(error))
        return replace(one, violations=(*one.violations, violation))
    return one


def _where_raised(error: AssertionError) -> str:
    """Return the lines of the test that led to an error: which of its assertions does not hold.

    What an assertion says is full of the values of its run, so it cannot tell two assertions apart.
    """
    lines = [
        f"{frame.f_code.co_name}:{line}"
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_globals.get("__name__", "").partition(".")[0] != "llm_sim"
    ]
    return ">".join(lines)


def _still_failing(
    store: FailureStore,
    place: str,
    target: Target,
    run_one: Callable[[Scenario, Schedule], Run],
    damaged: Callable[[ScenarioError], None],
) -> Sequence[Failure]:
    """Replay what was found before; drop what passes.

    What was found on another target stays: that it passes here does not say that it is repaired.
    """
    failing = []
    for found in store.load(damaged):
        if (found.place, found.target) != (place, target.name):
            continue
        try:
            one = run_one(found.scenario, found.schedule)
        except SimulationError:
            continue
        same = [each for each in one.violations if found.is_of(each)]
        if same:
            failing.append(failure_of(one, same[0]))
        elif not one.violations and one.complaint is None:
            store.drop(found)
    return failing


def cases_of(
    *scenarios: Scenario,
    bot: Bot | None = None,
    turns: SearchStrategy[tuple[Turn, ...]] | None = None,
    inject: Sequence[str] = STIMULI,
    max_injections: int = 2,
    stand_ins: bool = True,
    target: str | Target = "reference",
) -> SearchStrategy[Case]:
    """Return what draws conversations with a bot, or variations of given ones.

    Args:
        *scenarios: Conversations to vary: their scripts stay, their stub tools and latencies do
            not. None: conversations are drawn whole.
        bot: What is under test. With no scenarios, its tools are what the model calls.
        turns: Draws the script instead of :func:`llm_sim.strategies.scripts` over all tools.
        inject: The stimuli: those of a token, and for drawn conversations ``say``, ``register`` and
            ``unregister``.
        max_injections: How many land in a run at most, besides those of a given scenario.
        stand_ins: Whether drawn stubs may stand in for the bot's handlers; without, only the bot's
            own handlers run.
        target: Where the bot is built to see which tools it registers.

    Raises:
        UsageError: The bot, the target or a stimulus cannot be used, or the bot has no tool.
    """
    from hypothesis import strategies as st

    from llm_sim import strategies

    at_points, beside = _kinds(inject)
    if scenarios:
        drawn = st.one_of([strategies.variations(scenario) for scenario in scenarios])
        return strategies.cases(drawn, kinds=at_points, max_stimuli=max_injections)
    how: dict[str, Any] = {"turns": turns, "beside": beside if max_injections else ()}
    if bot is not None:
        tools = registrations(bot, target)
        how |= {"tools": [tool.schema or name for name, tool in tools.items()]}
        how |= {"bot": bot.reference, "stand_ins": stand_ins}
        how |= {"cancellable": {name: tool.cancel_on_interruption for name, tool in tools.items()}}
    return strategies.cases(
        strategies.scenarios(**how), kinds=at_points, max_stimuli=max_injections, in_all=True
    )


def _kinds(inject: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the stimuli that land at any point, and those that stand in a scenario."""
    for name in inject:
        if name not in STIMULI:
            hint = did_you_mean(name, STIMULI)
            raise UsageError(f"cannot inject {name!r}{hint}; it is one of {', '.join(STIMULI)}")
    beside = [name for name in inject if name in WITH_TEXT]
    return [name for name in inject if name not in WITH_TEXT], beside
