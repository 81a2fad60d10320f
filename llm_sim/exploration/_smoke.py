"""Smoke: each tool of a bot is called once."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from llm_sim.errors import SimulationError
from llm_sim.exploration._registrations import registrations
from llm_sim.exploration._simplest import simplest_arguments
from llm_sim.invariants import OWED
from llm_sim.scenario import Scenario, call, say, turn
from llm_sim.simulation import Run, run
from llm_sim.targets import Bot, Target, get_target

_CALL: Final = "c1"


@dataclass(frozen=True, slots=True)
class Smoked:
    """What came of calling one tool.

    Parameters:
        tool: Its name; ``anything`` for a catch-all.
        arguments: What it was called with.
        broken: What is wrong, a line each; empty where it works.
        result: What it answered, as a JSON value.
        run: The run, or None where there was none.
        verdict: Whether the run could be judged.
    """

    tool: str
    arguments: dict[str, Any]
    broken: tuple[str, ...] = ()
    result: Any = None
    run: Run | None = None
    verdict: bool = True

    def lines(self, width: int = 0) -> Iterator[str]:
        """Yield its lines of the report.

        Args:
            width: How wide the call is written.
        """
        called = f"{self.in_words():{width}}"
        if not self.broken:
            yield f"  {called}  ok      {_json(self.result)}"
            return
        first, *others = self.broken
        yield f"  {called}  broken  {first}"
        yield from (f"  {'':{width}}          {other}" for other in others)

    def in_words(self) -> str:
        """Return the call as a reader writes it."""
        given = ", ".join(f"{name}={_json(value)}" for name, value in self.arguments.items())
        return f"{self.tool}({given})"


@dataclass(frozen=True, slots=True)
class SmokeReport:
    """What came of calling each tool of a bot once; its text is the report.

    Parameters:
        bot: Where the bot stands, for readers.
        target: What it ran on, with its version.
        tools: What came of each tool, in the order of their registration.
        again: The line that makes it again, or empty.
    """

    bot: str
    target: str
    tools: tuple[Smoked, ...] = ()
    again: str = field(default="")

    @property
    def clean(self) -> bool:
        """Whether every tool works."""
        return not any(each.broken for each in self.tools)

    @property
    def conclusive(self) -> bool:
        """Whether there is a verdict: each tool could be judged, or one that could is broken."""
        judged = [each for each in self.tools if each.verdict]
        return len(judged) == len(self.tools) or any(each.broken for each in judged)

    def __str__(self) -> str:
        count = len(self.tools)
        broken = sum(bool(each.broken) for each in self.tools)
        width = max((len(each.in_words()) for each in self.tools), default=0)
        head = f"{self.bot} on {self.target}: {count} tool{'' if count == 1 else 's'}"
        lines = [f"{head}, {f'{broken} broken' if broken else 'all work'}"]
        lines += [line for each in self.tools for line in each.lines(width)]
        if broken and self.again:
            lines.append(f"again   {self.again}")
        return "\n".join(lines)


def smoke(bot: Bot, target: str | Target = "reference") -> SmokeReport:
    """Call each tool that a bot registers once, each in a run of its own.

    It needs no scenario. A tool is called with the simplest arguments that its schema allows
    (``Bot(tools=...)``), without a schema with none. It works if its handler answers and every law
    holds, the contract of handlers (LS401) included; one that is declared terminal need not answer.

    Args:
        bot: What is under test.
        target: Which service core it runs on.

    Raises:
        UsageError: The bot or the target cannot be used, or the bot registers no tool.

    Example:
        ::

            def test_every_tool_works():
                report = smoke(Bot(build, tools=[lookup_order_schema]))
                assert report.clean, report
    """
    chosen = get_target(target) if isinstance(target, str) else target
    again = ""
    if bot.loaded_from:
        again = shlex.join(("llm-sim", "smoke", bot.loaded_from, "--target", chosen.name))
    registered = registrations(bot, chosen)
    tools = tuple(_smoked(tool, one.schema, bot, chosen) for tool, one in registered.items())
    return SmokeReport(bot.reference, f"{chosen.name} {chosen.version()}", tools, again)


def _smoked(tool: str, schema: Any, bot: Bot, target: Target) -> Smoked:
    arguments = simplest_arguments(schema)
    scenario = Scenario(
        name=f"smoke_{tool}",
        bot=bot.reference,
        script=[turn(call(tool, arguments, as_=_CALL)), turn(say("Done."))],
        open_ended=True,
        strict=OWED,
    )
    try:
        one = run(scenario, bot=bot, target=target)
    except SimulationError as error:
        return Smoked(tool, arguments, (f"no verdict: {error}",), verdict=False)
    answers = [event.data["result"] for event in one.trace.of("answer") if event.call == _CALL]
    broken = [*_broken(one, answered=bool(answers), terminal=tool in bot.terminal)]
    if broken and schema is None:
        broken.append("called without arguments, for want of a schema: Bot(build, tools=[...])")
    return Smoked(
        tool,
        arguments,
        tuple(broken),
        answers[-1] if answers else None,
        one,
        one.complaint is None,
    )


def _broken(one: Run, *, answered: bool, terminal: bool) -> Iterator[str]:
    ends = [event.data for event in one.trace.of("handler") if event.call == _CALL]
    raised = next((data["error"] for data in ends if data["phase"] == "raised"), None)
    if raised is not None:
        yield f"raises {raised}"
    elif not (answered or terminal) and any(data["phase"] == "returned" for data in ends):
        yield "gives no result: let it call params.result_callback(...)"
    yield from (f"{each.law} {each.message}" for each in one.violations)
    if one.complaint is not None:
        yield f"no verdict: {one.complaint}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
