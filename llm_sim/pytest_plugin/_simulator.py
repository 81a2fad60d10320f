"""What the fixture gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from llm_sim.errors import UsageError
from llm_sim.report import Failure, render_failure
from llm_sim.scenario import Injection, Scenario, Tool, Turn
from llm_sim.simulation import Run, run
from llm_sim.targets import Bot

_DEFAULT_TARGET: Final = "reference"
_GREETING: Final = "Hello."


class Simulator:
    """Runs scenarios for one test and remembers them.

    Args:
        test: The test's node id.
        target: Which service core bots run on.
    """

    def __init__(self, test: str, *, target: str = _DEFAULT_TARGET) -> None:
        self._test = test
        self._target = target
        self.runs: list[Run] = []

    async def __call__(
        self,
        *parts: Turn | Injection | Scenario,
        bot: Bot | None = None,
        target: str | None = None,
        tools: Mapping[str, Tool] | None = None,
        mode: Literal["parallel", "sequential"] = "parallel",
        latency: Mapping[str, str | int] | None = None,
        user: str = _GREETING,
    ) -> Run:
        """Run a scenario and return what came of it.

        The simulation has a loop of its own, which runs to its end inside this call; the test's
        own loop stands still meanwhile.

        Args:
            *parts: The turns of the script and the injections, or one whole scenario.
            bot: What is under test.
            target: Which service core it runs on; by default that of ``--llm-sim-target``.
            tools: Stub tools by name.
            mode: Whether the calls of a turn run in parallel or one after the other.
            latency: How long the model, the playout and tools take, as in a scenario file.
            user: What the user says to open the conversation.

        Raises:
            UsageError: The parts make no scenario.
        """
        if bot is not None and not isinstance(bot, Bot):
            raise UsageError(f"bot must be a Bot, not {bot!r}; write Bot(build)")
        scenario = _scenario(parts, bot, tools, mode, latency, user)
        one = run(scenario, bot=bot, target=target or self._target, place=self._test)
        self.runs.append(one)
        return one

    def failure(self) -> str:
        """Return the failures of the test's runs as text, empty when there are none."""
        replay = f'pytest "{self._test}"'
        if self._target != _DEFAULT_TARGET:
            replay += f" --llm-sim-target {self._target}"
        return "\n\n".join(_failure(one, replay) for one in self.runs if _failed(one))


def _scenario(
    parts: tuple[Turn | Injection | Scenario, ...],
    bot: Bot | None,
    tools: Mapping[str, Tool] | None,
    mode: Literal["parallel", "sequential"],
    latency: Mapping[str, str | int] | None,
    user: str,
) -> Scenario:
    whole = [part for part in parts if isinstance(part, Scenario)]
    if whole:
        if len(parts) > 1:
            raise UsageError("give one Scenario, or turns and injections, not both")
        if tools is not None or latency is not None or mode != "parallel" or user != _GREETING:
            raise UsageError(
                "a Scenario has tools, mode, latency and user of its own: give none besides it, "
                "or change it with scenario.replace(...)"
            )
        return whole[0]
    strangers = [type(p).__name__ for p in parts if not isinstance(p, Turn | Injection)]
    if strangers:
        raise UsageError(
            f"{strangers[0]} is no part of a scenario; give turn(...) and at(...), after(...) or "
            "at_step(...)"
        )
    return Scenario(
        bot=None if bot is None else bot.reference,
        user=user,
        mode=mode,
        script=[part for part in parts if isinstance(part, Turn)],
        tools=dict(tools or {}),
        latency=dict(latency or {}),
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
