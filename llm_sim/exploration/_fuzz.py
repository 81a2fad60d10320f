"""Fuzzing a bot: draw conversations with it, run them, keep what fails."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from traceback import walk_tb
from typing import TYPE_CHECKING, Final

from llm_sim.errors import ScenarioError, SimulationError, UsageError, did_you_mean
from llm_sim.exploration._campaign import Campaign, Case, Found, FuzzListener, search
from llm_sim.exploration._registrations import registrations
from llm_sim.invariants import Violation
from llm_sim.kept import OWN_LAW, FailureStore, SavedFailure, one_line, warn
from llm_sim.scenario import STIMULI, WITH_TEXT, Scenario, Turn
from llm_sim.schedule import Schedule
from llm_sim.simulation import Broken, Clean, Finding, Run, Setup, check_on_stock, simulate
from llm_sim.targets import Bot

if TYPE_CHECKING:
    import hypothesis
    from hypothesis.strategies import SearchStrategy

Check = Callable[[Run], None]
"""A law of the user's own: it raises AssertionError where a run breaks it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a campaign draws from.

    Parameters:
        cases: Draws what happens, and what lands where.
        setup: The bot, target, laws, limits and place of what is drawn.
        setups: Those of given scenarios, by name, where variations of these are drawn.
    """

    cases: SearchStrategy[Case]
    setup: Setup
    setups: Mapping[str, Setup] = field(default_factory=dict)

    def setup_of(self, scenario: Scenario) -> Setup:
        """Return the Setup of a drawn scenario."""
        return self.setups.get(scenario.name, self.setup).varied(scenario)


def search_drawn(
    drawn: Drawn,
    *,
    settings: hypothesis.settings | None = None,
    seed: int | None = None,
    check: Check | None = None,
    store: FailureStore | None = None,
    damaged: Callable[[ScenarioError], None] = warn,
    progress: FuzzListener | None = None,
) -> Generator[Finding, None, Campaign]:
    """Run drawn conversations, and find every failure, shrunk.

    It is sound: the ready queue keeps asyncio's order. What varies is the script, what tools do,
    how long things take, and where stimuli land. Ctrl-C stops it; what was found is kept.

    Args:
        drawn: What happens: :func:`draw_conversations` or :func:`draw_variations`.
        settings: Hypothesis's settings; by default those of the loaded profile.
        seed: Hypothesis's seed.
        check: A law of the user's own.
        store: Where failures are kept, each when it is found; those of the same place and target
            are replayed first.
        damaged: Told of each kept file that cannot be read.
        progress: Told after each example.

    Raises:
        UsageError: The bot or the target cannot be used.

    Yields:
        Each failure, those first that were known before.
    """
    import hypothesis

    result = Campaign(drawn.setup)

    def run_one(scenario: Scenario, schedule: Schedule) -> Run:
        run = simulate(drawn.setup_of(scenario), schedule)
        return run if check is None else _checked(run, check)

    def keep(found: Found) -> Finding:
        own = found.violation.law == OWN_LAW
        finding = Finding.of_run(found.run, None if own else check_on_stock(found.run))
        assert finding is not None
        if store is not None:
            finding = store.keep(finding, result.note_not_kept)
        return replace(
            finding,
            unit="example",
            of=result.examples,
            example=found.example,
            shrunk_in=found.shrink_runs,
        )

    with drawn.setup.bot.at_home():
        known = () if store is None else tuple(_still_failing(store, drawn, run_one, damaged))
        search(
            result,
            drawn.cases,
            run_one,
            settings=settings or hypothesis.settings(),
            seed=seed,
            known=known,
            keep=keep,
            progress=progress,
        )
        result.findings[:0] = map(keep, known)
    yield from result.findings
    return result


def _checked(run: Run, check: Check) -> Run:
    try:
        check(run)
    except AssertionError as error:
        said = str(error).partition("\n")[0] or "an assertion of the test does not hold"
        own = Violation(OWN_LAW, said, kind=_where_raised(error))
        return run.judged(Broken((*run.violations, own), run.unmet))
    return run


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
    drawn: Drawn,
    run_one: Callable[[Scenario, Schedule], Run],
    damaged: Callable[[ScenarioError], None],
) -> Iterator[Found]:
    """Replay what was found before; drop what passes.

    What was found on another target stays: that it passes here does not say that it is repaired.
    """
    here = (one_line(str(drawn.setup.place)), drawn.setup.target.name)
    for saved in store.load(damaged):
        if (saved.place, saved.target) != here:
            continue
        try:
            run = run_one(saved.scenario, saved.schedule)
        except SimulationError:
            continue
        same = [each for each in run.violations if saved.is_of(each)]
        if same:
            yield Found.of(run, same[0])
        elif isinstance(run.verdict, Clean) and _is_judged(saved, drawn.setup):
            store.drop(saved)


def _is_judged(saved: SavedFailure, setup: Setup) -> bool:
    return saved.law == OWN_LAW or saved.law_of(setup) is not None


def draw_variations(
    setups: Sequence[Setup], *, inject: Sequence[str] = STIMULI, max_injections: int = 2
) -> Drawn:
    """Draw variations of conversations: their scripts stay, stub tools and latencies do not.

    Args:
        setups: The conversations, each with its bot; at least one.
        inject: The stimuli of a token.
        max_injections: How many land in a run at most, besides those of the conversation.

    Raises:
        UsageError: A stimulus cannot be used.
    """
    from hypothesis import strategies as st

    from llm_sim import strategies

    at_points, _ = _kinds(inject)
    varied = st.one_of([strategies.variations(setup.scenario) for setup in setups])
    cases = strategies.cases(varied, kinds=at_points, max_stimuli=max_injections)
    return Drawn(cases, setups[0], {setup.scenario.name: setup for setup in setups})


def draw_conversations(
    setup: Setup,
    *,
    turns: SearchStrategy[tuple[Turn, ...]] | None = None,
    inject: Sequence[str] = STIMULI,
    max_injections: int = 2,
    stand_ins: bool = True,
) -> Drawn:
    """Draw whole conversations with a bot; its tools are what the model calls.

    Args:
        setup: What is under test; its scenario does not matter. Without a bot, stub tools are all
            there is.
        turns: Draws the script instead of :func:`llm_sim.strategies.scripts` over all tools.
        inject: The stimuli: those of a token, and ``say``, ``register`` and ``unregister``.
        max_injections: How many land in a run at most.
        stand_ins: Whether drawn stubs may stand in for the bot's handlers; without, only the bot's
            own handlers run.

    Raises:
        UsageError: The bot, the target or a stimulus cannot be used, or the bot has no tool.
    """
    from llm_sim import strategies

    at_points, beside = _kinds(inject)
    beside = beside if max_injections else []
    if setup.bot == Bot():
        drawn = strategies.scenarios(turns=turns, beside=beside)
    else:
        tools = registrations(setup)
        drawn = strategies.scenarios(
            [tool.schema or name for name, tool in tools.items()],
            turns=turns,
            bot=setup.bot.reference,
            cancellable={name: tool.cancel_on_interruption for name, tool in tools.items()},
            stand_ins=stand_ins,
            beside=beside,
        )
    cases = strategies.cases(drawn, kinds=at_points, max_stimuli=max_injections, in_all=True)
    return Drawn(cases, setup)


SILENCE: Final = Scenario(script=[Turn(steps=())])
"""A conversation in which the model says nothing: it stands for those that are drawn."""


def _kinds(inject: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the stimuli that land at any point, and those that stand in a scenario."""
    for name in inject:
        if name not in STIMULI:
            hint = did_you_mean(name, STIMULI)
            raise UsageError(f"cannot inject {name!r}{hint}; it is one of {', '.join(STIMULI)}")
    beside = [name for name in inject if name in WITH_TEXT]
    return [name for name in inject if name not in WITH_TEXT], beside
