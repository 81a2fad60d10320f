"""What the fixture gives."""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Mapping
from typing import Any, Final, Literal, TypedDict, Unpack

from llm_sim.errors import UsageError
from llm_sim.exploration import Baseline, broken
from llm_sim.report import Failure, render_failure
from llm_sim.scenario import Hold, Injection, Scenario, Tool, Turn
from llm_sim.simulation import Run, run
from llm_sim.targets import Bot

_DEFAULT_TARGET: Final = "reference"

Part = Turn | Hold | Injection | Scenario
"""What a scenario is made of; or a whole one, alone."""


class How(TypedDict, total=False):
    """What may be said besides the script.

    Parameters:
        bot: What is under test.
        target: Which service core it runs on; by default that of ``--llm-sim-target``.
        tools: Stub tools by name.
        mode: Whether the calls of a turn run in parallel or one after the other.
        latency: How long the model, the playout and tools take, as in a scenario file.
        user: What the user says to open the conversation.
    """

    bot: Bot | None
    target: str | None
    tools: Mapping[str, Tool] | None
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


class Simulator:
    """Runs scenarios for one test and remembers them.

    Args:
        test: The test's node id.
        target: Which service core bots run on.
        baseline: What is known to be broken, or None.
    """

    def __init__(
        self, test: str, *, target: str = _DEFAULT_TARGET, baseline: Baseline | None = None
    ) -> None:
        self._test = test
        self._target = target
        self._baseline = baseline or Baseline(None)
        self.runs: list[Run] = []

    def __call__(self, *parts: Part, **how: Unpack[How]) -> Awaitable[Run]:
        """Run a scenario, as :meth:`run` does, for ``await`` in an async test.

        The run is over when this returns, so it is judged even where the ``await`` is forgotten.
        """
        return _Finished(self.run(*parts, **how))

    def run(self, *parts: Part, **how: Unpack[How]) -> Run:
        """Run a scenario and return what came of it.

        The simulation has a loop of its own, which runs to its end inside this call; a loop of
        the test's stands still meanwhile.

        Args:
            *parts: The turns of the script and the injections, or one whole scenario.
            **how: What else there is to say, see :class:`How`.

        Raises:
            UsageError: The parts make no scenario.
        """
        bot = how.get("bot")
        if bot is not None and not isinstance(bot, Bot):
            raise UsageError(f"bot must be a Bot, not {bot!r}; write Bot(build)")
        target = how.get("target") or self._target
        one = run(_scenario(parts, how), bot=bot, target=target, place=self._test)
        self.runs.append(one)
        return one

    def known(self, *, whole: bool) -> str:
        """Compare the test's runs with the baseline.

        Args:
            whole: Whether the test came to its end, so that what it did not break is stale.

        Returns:
            What the runs break that is known, a line each; empty where it is nothing.
        """
        self._baseline.note(self._test, self._target, (), whole=whole)
        for one in self.runs:
            target = one.trace.header.target_name
            self._baseline.note(self._test, target, broken(one), whole=whole)
        known = [each for one in self.runs if self._is_known(one) for each in broken(one)]
        return "\n".join(f"known: {law} {name}".rstrip() for law, name in dict.fromkeys(known))

    def _is_known(self, one: Run) -> bool:
        target = one.trace.header.target_name
        return bool(one.violations) and self._baseline.knows(self._test, target, broken(one))

    def failure(self) -> str:
        """Return the failures of the test's runs as text, empty when there is none that is new."""
        replay = f'pytest "{self._test}"'
        if self._target != _DEFAULT_TARGET:
            replay += f" --llm-sim-target {self._target}"
        failed = [one for one in self.runs if _failed(one) and not self._is_known(one)]
        return "\n\n".join(_failure(one, replay) for one in failed)


def _scenario(parts: tuple[Part, ...], how: How) -> Scenario:
    whole = [part for part in parts if isinstance(part, Scenario)]
    if whole:
        if len(parts) > 1:
            raise UsageError("give one Scenario, or turns and injections, not both")
        if how.keys() - {"bot", "target"}:
            raise UsageError(
                "a Scenario has tools, mode, latency and user of its own: give none besides it, "
                "or change it with scenario.replace(...)"
            )
        return whole[0]
    strangers = [type(p).__name__ for p in parts if not isinstance(p, Turn | Hold | Injection)]
    if strangers:
        raise UsageError(
            f"{strangers[0]} is no part of a scenario; give turn(...) and at(...), after(...), "
            "at_step(...) or hold(...)"
        )
    bot = how.get("bot")
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


def _failed(one: Run) -> bool:
    return bool(one.violations or one.complaint)


def _failure(one: Run, replay: str) -> str:
    if not one.violations:
        return f"no verdict: {one.complaint}"
    # pytest has just told which test it is.
    failure = Failure("", one.schedule.in_words(), replay)
    return render_failure(one.trace, one.violations, failure)
