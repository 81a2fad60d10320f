"""``@fuzz``: a test that draws its conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Signature, iscoroutinefunction, signature
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from llm_sim.errors import InvariantViolation, SimulationError, UsageError
from llm_sim.exploration import (
    SILENCE,
    Campaign,
    completed,
    draw_conversations,
    draw_variations,
    search_drawn,
)
from llm_sim.kept import FailureStore
from llm_sim.reports import Telling, headline, render_campaign
from llm_sim.scenario import STIMULI, Place, Scenario, Stimulus
from llm_sim.simulation import DEFAULTS, Setup
from llm_sim.targets import Bot

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from llm_sim.scenario import Turn

_RUN: Final = "run"
_SETTINGS: Final = "_hypothesis_internal_use_settings"
_SEED: Final = "_hypothesis_internal_use_seed"


def fuzz(
    *scenarios: Scenario,
    turns: SearchStrategy[tuple[Turn, ...]] | None = None,
    bot: Bot | None = None,
    inject: Sequence[str | Callable[[], Stimulus]] = STIMULI,
    max_injections: int = 2,
    stand_ins: bool = True,
    target: str | None = None,
    store: FailureStore | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a test of many drawn conversations with a bot.

    The test takes each run as its argument ``run``, and asserts what it likes of it; that every law
    holds is asserted anyway. How many examples there are, their seed and profile are Hypothesis's
    own: ``@settings``, ``@seed``, ``--hypothesis-seed`` and ``--hypothesis-profile`` apply.

    Args:
        *scenarios: Conversations to vary; none: they are drawn whole.
        turns: Draws the script.
        bot: What is under test.
        inject: The stimuli, by name or by builder: ``"interrupt"`` or ``interrupt``.
        max_injections: How many land in a run at most.
        stand_ins: Whether drawn stubs may stand in for the bot's handlers.
        target: Which service core it runs on; by default that of ``--llm-sim-target``.
        store: Where failures are kept; by default ``.llm_sim/failures``.

    Raises:
        UsageError: The test does not take ``run``, or is async, or a stimulus is none.

    Example:
        ::

            @fuzz(bot=Bot(build), inject=[interrupt, end], max_injections=2)
            def test_nothing_is_lost(run):
                assert "refund" not in run.calls or run.calls["refund"].handler
    """
    kinds = [each if isinstance(each, str) else _kind(each) for each in inject]

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        place = f"{test.__module__}:{test.__qualname__}"
        plain = _signature(test, place)

        @wraps(test)
        def fuzzed(*args: Any, **kwargs: Any) -> None:
            kept = FailureStore() if store is None else store
            where = Place(test=DEFAULTS.get().test or place)
            setups = [
                Setup.of(scenario, bot=bot, target=target, place=where)
                for scenario in scenarios or (SILENCE,)
            ]
            drawn = (
                draw_variations(setups, inject=kinds, max_injections=max_injections)
                if scenarios
                else draw_conversations(
                    setups[0],
                    turns=turns,
                    inject=kinds,
                    max_injections=max_injections,
                    stand_ins=stand_ins,
                )
            )
            search = search_drawn(
                drawn,
                settings=getattr(fuzzed, _SETTINGS, None),
                seed=getattr(fuzzed, _SEED, None),
                check=lambda run: test(*args, **kwargs, run=run),
                store=kept,
            )
            _judge(completed(search), kept)

        parameters = [each for name, each in plain.parameters.items() if name != _RUN]
        fuzzed.__signature__ = plain.replace(parameters=parameters)  # type: ignore[attr-defined]
        # Hypothesis's decorators and its pytest plugin then treat it as one of theirs.
        fuzzed.is_hypothesis_test = True  # type: ignore[attr-defined]
        fuzzed.hypothesis = SimpleNamespace(inner_test=test)  # type: ignore[attr-defined]
        fuzzed.llm_sim_fuzz = True  # type: ignore[attr-defined]
        return fuzzed

    return decorate


def _signature(test: Callable[..., None], place: str) -> Signature:
    plain = signature(test)
    if _RUN not in plain.parameters:
        raise UsageError(f"{place} must take the argument run: def {test.__name__}(run)")
    if iscoroutinefunction(test):
        raise UsageError(
            f"{place} must not be async: a run is over when the test gets it; write "
            f"def {test.__name__}(run)"
        )
    return plain


def allow_fixtures(test: Any, *, all_checks: bool = True) -> None:
    """Let a test that draws have fixtures that are set up once for all its examples.

    Hypothesis refuses those that pytest sets up for each test. In a fuzzed test they are allowed as
    every health check of a campaign is: the test looks at a run that is over, and changes nothing.

    Args:
        test: What :func:`fuzz` or ``@given`` made, or a bound method of it.
        all_checks: Whether the other health checks are left out as well.
    """
    import hypothesis

    chosen = hypothesis.settings(getattr(test, _SETTINGS, None))
    checks = {*chosen.suppress_health_check, hypothesis.HealthCheck.function_scoped_fixture}
    if all_checks:
        checks.update(hypothesis.HealthCheck)
    function = getattr(test, "__func__", test)
    setattr(function, _SETTINGS, hypothesis.settings(chosen, suppress_health_check=checks))


def _judge(result: Campaign, store: FailureStore) -> None:
    if result.findings:
        # A test runner shows the first line wherever it has room for one.
        text = f"{headline(result.findings[0])}\n{render_campaign(result, Telling(store=store))}"
        raise InvariantViolation(text, result.laws)
    if result.no_verdict:
        raise SimulationError("; ".join(result.no_verdict))
    if result.stopped:
        raise KeyboardInterrupt


def _kind(builder: Callable[[], Stimulus]) -> str:
    try:
        return builder().kind
    except TypeError:
        raise UsageError(
            f"inject has {getattr(builder, '__name__', builder)!r}, which needs an argument; "
            f"name one of {', '.join(STIMULI)}"
        ) from None
