"""Fuzzing a bot: draw conversations with it, run them, keep what fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from llm_sim.errors import SimulationError, UsageError
from llm_sim.exploration._campaign import Campaign, Case, Failure, FuzzListener, failure_of, search
from llm_sim.exploration._found import Found
from llm_sim.exploration._stock import check_on_stock
from llm_sim.exploration._store import FailureStore
from llm_sim.invariants import LAWS, Law, Violation
from llm_sim.scenario import Scenario, turn
from llm_sim.schedule import KINDS, Schedule
from llm_sim.simulation import Limits, Run, run
from llm_sim.targets import Bot, Target, get_target

if TYPE_CHECKING:
    import hypothesis
    from hypothesis.strategies import SearchStrategy

    from llm_sim.scenario import Turn

Check = Callable[[Run], None]
"""A law of the user's own: it raises AssertionError where a run breaks it."""

OWN_LAW: Final = "test"
"""The code under which a broken law of the user's own is told."""

_ANY_NAME: Final = "anything"


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
        store: Where failures are kept; those of the same place are replayed first.
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

    saved = () if store is None else tuple(_still_failing(store, place, run_one))
    chosen_settings = settings or hypothesis.settings()
    result = search(
        drawn, run_one, settings=chosen_settings, seed=seed, known=saved, progress=progress
    )
    result.failures = [
        replace(each, stock=check_on_stock(each.run, bot=bot, target=chosen, limits=limits))
        if each.violation.law != OWN_LAW
        else each
        for each in (*saved, *result.failures)
    ]
    if store is not None:
        for failure in result.failures:
            store.save(Found.of(failure.run, failure.violation, chosen.name))
    return result


def _checked(one: Run, check: Check) -> Run:
    try:
        check(one)
    except AssertionError as error:
        said = str(error).partition("\n")[0] or "an assertion of the test does not hold"
        return replace(one, violations=(*one.violations, Violation(OWN_LAW, said)))
    return one


def _still_failing(
    store: FailureStore, place: str, run_one: Callable[[Scenario, Schedule], Run]
) -> list[Failure]:
    """Replay what was found before; drop what passes."""
    failing = []
    for found in store.load():
        if found.place != place:
            continue
        try:
            one = run_one(found.scenario, found.schedule)
        except SimulationError:
            continue
        same = [each for each in one.violations if found.is_of(each)]
        if same:
            failing.append(failure_of(one, same[0]))
        elif one.landed and not one.violations:
            store.drop(found)
    return failing


def cases_of(
    *scenarios: Scenario,
    bot: Bot | None = None,
    turns: SearchStrategy[tuple[Turn, ...]] | None = None,
    inject: Sequence[str] = KINDS,
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
        inject: The stimuli, as in a token.
        max_injections: How many land in a run at most.
        stand_ins: Whether drawn stubs may stand in for the bot's handlers; without, only the bot's
            own handlers run.
        target: Where the bot is built to see which tools it registers.

    Raises:
        UsageError: The bot, the target or a stimulus cannot be used, or the bot has no tool.
    """
    from hypothesis import strategies as st

    from llm_sim import strategies

    if scenarios:
        drawn = st.one_of([strategies.variations(scenario) for scenario in scenarios])
    elif bot is None:
        drawn = strategies.scenarios(turns=turns)
    else:
        cancellable = registrations(bot, target)
        schemas = {schema.name: schema for schema in bot.tools}
        drawn = strategies.scenarios(
            [schemas.get(name, name) for name in cancellable],
            turns=turns,
            bot=bot.reference,
            cancellable=cancellable,
            stand_ins=stand_ins,
        )
    return strategies.cases(drawn, kinds=inject, max_stimuli=max_injections)


def registrations(bot: Bot, target: str | Target = "reference") -> dict[str, bool]:
    """Return the tools that a bot registers, with their ``cancel_on_interruption``.

    A catch-all is told as a tool of the name ``anything``.

    Raises:
        UsageError: It registers none.
    """
    silence = run(Scenario(script=[turn()], bot=bot.reference), bot=bot, target=target)
    found = {
        event.where or _ANY_NAME: bool(event.data["cancel_on_interruption"])
        for event in silence.trace.of("register")
    }
    if not found:
        raise UsageError(
            f"bot {bot.name!r} registers no tool, so there is no call to fuzz; register its "
            "handlers in build(llm)"
        )
    return found
