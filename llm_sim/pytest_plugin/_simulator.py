"""What the fixture gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypedDict, Unpack

from llm_sim.errors import ExpectationError, LlmSimError, UsageError, did_you_mean
from llm_sim.invariants import OWED, get_law
from llm_sim.kept import GoldenTraces
from llm_sim.pytest_plugin._settings import Settings
from llm_sim.scenario import Hold, Injection, Scenario, Tool, Turn, say, turn
from llm_sim.simulation import DEFAULTS, Broken, Clean, Run, Setup, Unmet, Verdict, simulate
from llm_sim.targets import Bot

Part = Turn | Hold | Injection | Scenario
"""What a scenario is made of; or a whole one, alone."""

GREETING: Final = Scenario(script=[turn(say("Hello."))])
"""A conversation that any bot can have."""

_OF_ANY_SCENARIO: Final = {"bot", "stubs", "target"}


class How(TypedDict, total=False):
    """What may be said besides the script.

    Parameters:
        bot: What is under test; by default what ``llm_sim_bot`` gives.
        target: Which service core it runs on; by default the one that the marker or the command
            line names, else the scenario's own, else the configured one.
        tools: Stub tools by name, as a scenario describes them.
        stubs: Functions that stand for handlers by name, see :class:`~llm_sim.Bot`.
        mode: Whether the calls of a turn run in parallel or one after the other.
        latency: How long the model, the playout and tools take, as in a scenario file.
        user: What the user says to open the conversation.
    """

    bot: Bot | None
    target: str | None
    tools: Mapping[str, Tool] | None
    stubs: Mapping[str, Callable[..., Any]] | None
    mode: Literal["parallel", "sequential"]
    latency: Mapping[str, str | int] | None
    user: str


class _Finished:
    """An awaitable that is done."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __await__(self) -> Generator[Any, None, Run]:
        return self._run
        yield  # makes this a generator, as __await__ must be

    def __getattr__(self, name: str) -> Any:
        __tracebackhide__ = True
        # What looks at any object, as copy, pickle and pytest do, asks for names like these.
        if name.startswith("_") or name not in dir(Run):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise UsageError(
            f"this run was not awaited, so it has no {name!r}: await llm_sim(...), or write "
            "llm_sim.run(...) in a test that is not async"
        )


@dataclass(frozen=True, slots=True)
class Made:
    """One run of a test.

    Parameters:
        run: The run.
        expected: The codes of laws that the test expects to be broken.
    """

    run: Run
    expected: frozenset[str] = frozenset()

    @property
    def verdict(self) -> Verdict:
        """The verdict on the run without the laws that the test expects to be broken.

        A law that is broken on purpose may leave the script unfinished.
        """
        verdict = self.run.verdict
        if not isinstance(verdict, Broken):
            return verdict
        rest = tuple(each for each in verdict.violations if each.law not in self.expected)
        if rest:
            return Broken(rest, verdict.unmet)
        return Unmet(verdict.unmet) if verdict.unmet else Clean()


class Simulator:
    """Runs scenarios for one test and remembers them.

    Args:
        test: The test's node id, or ``FILE::NAME`` of a scenario that is a test.
        settings: What holds for the test.
        bot: What is under test where a call does not say, or None.
        golden: Takes the golden traces that are not met, where they are to be written.
        strict: The codes of laws that are errors in the test's runs.

    Attributes:
        made: The runs so far, each with the laws that it was expected to break.
        expected: The codes of the laws that the next run is expected to break.
        written: The golden traces that are to be written.
        judged: How many of the runs have been judged, or None before it is time to.
    """

    def __init__(
        self,
        test: str,
        settings: Settings | None = None,
        *,
        bot: Bot | None = None,
        golden: GoldenTraces | None = None,
        strict: Sequence[str] = OWED,
    ) -> None:
        self.test = test
        self.settings = Settings() if settings is None else settings
        self.made: list[Made] = []
        self.written: list[Path] = []
        self.judged: int | None = None
        self.expected: frozenset[str] = frozenset()
        self._golden = golden
        self._strict = strict
        self._bot = bot

    def __repr__(self) -> str:
        return f"<llm_sim of {self.test}>"

    @property
    def runs(self) -> list[Run]:
        """The runs so far."""
        return [made.run for made in self.made]

    @property
    def swept(self) -> list[Setup]:
        """What the test ran and expects to keep every law, each once."""
        distinct: list[Setup] = []
        for made in self.made:
            if not made.expected and made.run.setup not in distinct:
                distinct.append(made.run.setup)
        return distinct

    def __call__(self, *parts: Part, **how: Unpack[How]) -> Awaitable[Run]:
        """Run a scenario, as :meth:`run` does, for ``await`` in an async test.

        The run is over when this returns, so it is judged even where the ``await`` is forgotten.
        """
        __tracebackhide__ = True
        return _Finished(self.run(*parts, **how))

    def run(self, *parts: Part, **how: Unpack[How]) -> Run:
        """Run a scenario and return what came of it.

        The simulation has a loop of its own, which runs to its end inside this call; a loop of
        the test's stands still meanwhile.

        Args:
            *parts: The turns of the script, the holds and the injections, or one whole scenario.
            **how: What else there is to say, see :class:`How`.

        Raises:
            UsageError: The parts make no scenario.
            BotError: The bot cannot be built.
        """
        __tracebackhide__ = True
        try:
            return self._remembered(parts, how)
        except LlmSimError as error:
            # What is wrong is in the message and in its cause: the way through this package
            # would only stand before them.
            raise error.with_traceback(None) from error.__cause__

    def _remembered(self, parts: tuple[Part, ...], how: How) -> Run:
        for name in how:
            if name not in How.__annotations__:
                names = [*How.__annotations__]
                raise UsageError(
                    f"run() has no argument {name!r}{did_you_mean(name, names)}; its arguments "
                    f"are the parts of a scenario, and {', '.join(names)}"
                )
        whole = _whole(parts, how)
        own = None if whole is not None and whole.bot else self._bot
        how = {**how, "bot": how.get("bot") or own}
        scenario = whole or _written(parts, how)
        scenario = scenario.replace(strict=sorted({*scenario.strict, *self._strict}))
        made = Made(simulate(self.setup_of(scenario, how)), self.expected)
        if self._golden is not None:
            run, written = self._golden.take(made.run)
            made = replace(made, run=run)
            self.written += written
        self.made.append(made)
        return made.run

    def setup_of(self, scenario: Scenario, how: How | None = None) -> Setup:
        """Return what is run, with all that holds for the test.

        Args:
            scenario: What happens.
            how: What the call says.
        """
        how = how or {}
        place = replace(scenario.place, test=self.test)
        before = DEFAULTS.set(self.settings.defaults(self.test))
        try:
            setup = Setup.of(scenario, bot=how.get("bot"), target=how.get("target"), place=place)
        finally:
            DEFAULTS.reset(before)
        stubs = how.get("stubs")
        if not stubs:
            return setup
        stubbed = {**setup.bot.stubs, **Bot(stubs=stubs).stubs}
        return replace(setup, bot=replace(setup.bot, stubs=stubbed))

    def warm_up(self) -> None:
        """Let the target import what it needs, so that no example takes the time for it."""
        with suppress(LlmSimError):  # what is wrong with a target, the first run tells
            simulate(self.setup_of(GREETING))

    def expects(self, *laws: str) -> AbstractContextManager[None]:
        """Expect the runs of a block to break laws, each of them in at least one run.

        What they break besides fails the test, as ever; a sweep leaves them out. Where no run of
        the block breaks one of the laws, it raises an ``ExpectationError``.

        Args:
            *laws: The codes.

        Raises:
            UsageError: No law is named, or there is no such law.

        Example:
            ::

                with llm_sim.expects("LS101"):
                    llm_sim.run(turn(call("hang_up")), turn(say("Bye.")), target="naive")
        """
        if not laws:
            raise UsageError('expects() names no law; write expects("LS101")')
        return _Expected(self, {get_law(code).code: get_law(code).name for code in laws})


class _Expected(AbstractContextManager[None]):
    """A block whose runs break laws; a class, so that a failure is told at the block's own line."""

    def __init__(self, simulator: Simulator, laws: Mapping[str, str]) -> None:
        self._simulator = simulator
        self._laws = laws

    def __enter__(self) -> None:
        self._before = self._simulator.expected
        self._first = len(self._simulator.made)
        self._simulator.expected = self._before.union(self._laws)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        __tracebackhide__ = True
        self._simulator.expected = self._before
        runs = self._simulator.runs[self._first :]
        held = [code for code in self._laws if not any(code in one.laws for one in runs)]
        if kind is None and held:
            expected = ", ".join(f"{code} {self._laws[code]}" for code in held)
            count = f"{len(runs)} run{'' if len(runs) == 1 else 's'}"
            raise ExpectationError(
                f"{expected} to be broken", f"no run breaks it, of {count} in the block"
            )


def _whole(parts: tuple[Part, ...], how: How) -> Scenario | None:
    """Return the scenario that was given whole, or None where there are only parts."""
    whole = [part for part in parts if isinstance(part, Scenario)]
    if not whole:
        return None
    if len(parts) > 1:
        raise UsageError("give one Scenario, or turns and injections, not both")
    if how.keys() - _OF_ANY_SCENARIO:
        raise UsageError(
            "a Scenario has tools, mode, latency and user of its own: give none besides it, "
            "or change it with scenario.replace(...)"
        )
    return whole[0]


def _written(parts: tuple[Part, ...], how: How) -> Scenario:
    """Return the scenario that parts make."""
    for part in parts:
        if not isinstance(part, Turn | Hold | Injection):
            raise UsageError(
                f"{type(part).__name__} is no part of a scenario; give turn(...) and at(...), "
                "after(...), at_step(...) or hold(...)"
            )
    bot = how.get("bot")
    if bot is not None and not isinstance(bot, Bot):
        raise UsageError(f"bot must be a Bot, not {bot!r}; write Bot(build)")
    return Scenario(
        bot=None if bot is None else bot.reference,
        user=how.get("user", "Hello."),
        mode=how.get("mode", "parallel"),
        script=[part for part in parts if isinstance(part, Turn)],
        tools=how.get("tools") or {},
        latency=how.get("latency") or {},
        hold={part.tool: part.before_await for part in parts if isinstance(part, Hold)},
        inject=[part for part in parts if isinstance(part, Injection)],
    )
