"""Smoke: each tool of a bot is called once."""

from __future__ import annotations

import json
import shlex
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, Final

from llm_sim.errors import SimulationError, UsageError
from llm_sim.exploration._fuzz import SILENCE
from llm_sim.exploration._registrations import registrations
from llm_sim.exploration._searches import completed
from llm_sim.exploration._simplest import simplest_arguments
from llm_sim.invariants import OWED
from llm_sim.scenario import Scenario, call, say, turn
from llm_sim.schedule import Schedule
from llm_sim.simulation import Finding, NoVerdict, Run, Setup, Summary, simulate
from llm_sim.targets import Bot, Target

_CALL: Final = "c1"


@dataclass(frozen=True, slots=True)
class Smoked:
    """What came of calling one tool.

    Parameters:
        tool: Its name; ``anything`` for a catch-all.
        arguments: What it was called with.
        broken: What is wrong, a line each; empty where it works, or gives no verdict.
        result: What it answered, as a JSON value.
        run: The run, or None where there was none.
        unjudged: Why there is no verdict, a line each; empty where there is one.
    """

    tool: str
    arguments: dict[str, Any]
    broken: tuple[str, ...] = ()
    result: Any = None
    run: Run | None = None
    unjudged: tuple[str, ...] = ()

    @property
    def verdict(self) -> bool:
        """Whether it could be judged."""
        return not self.unjudged

    def lines(self, width: int = 0, came_width: int = 6) -> Iterator[str]:
        """Yield its lines of the report.

        Args:
            width: How wide the call is written.
            came_width: How wide it is written what came of it.
        """
        said = self.unjudged or self.broken
        first, *others = said or (_json(self.result),)
        yield f"  {self.in_words():{width}}  {self.came_of_it:{came_width}}  {first}"
        yield from (f"  {'':{width}}  {'':{came_width}}  {other}" for other in others)

    @property
    def came_of_it(self) -> str:
        """What came of it, in a word: ``ok``, ``broken`` or ``no verdict``."""
        if self.unjudged:
            return "no verdict"
        return "broken" if self.broken else "ok"

    def in_words(self) -> str:
        """Return the call as a reader writes it."""
        given = ", ".join(f"{name}={_json(value)}" for name, value in self.arguments.items())
        return f"{self.tool}({given})"


@dataclass(slots=True, kw_only=True)
class SmokeReport(Summary):
    """What came of calling each tool of a bot once; its text is the report.

    Parameters:
        tools: What came of each tool, in the order of their registration.
    """

    tools: tuple[Smoked, ...] = ()

    @property
    def bot(self) -> str:
        """Where the bot stands, for readers."""
        return self.setup.bot.reference

    @property
    def again(self) -> str:
        """The line that makes it again, or empty where the bot was not loaded."""
        loaded, target = self.setup.bot.loaded_from, self.setup.target.name
        return shlex.join(("llm-sim", "smoke", loaded, "--target", target)) if loaded else ""

    @property
    def conclusive(self) -> bool:
        """Whether there is a verdict: each tool could be judged, or one that could is broken."""
        came = [each.came_of_it for each in self.tools]
        return "no verdict" not in came or "broken" in came

    def to_plain(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "bot": self.bot,
            "target": self.target,
            "clean": self.clean,
            "stopped": self.stopped,
            "tools": [
                {"tool": each.tool, "arguments": each.arguments, "outcome": each.came_of_it}
                for each in self.tools
            ],
        }

    def __str__(self) -> str:
        count = len(self.tools)
        came = [each.came_of_it for each in self.tools]
        width = max((len(each.in_words()) for each in self.tools), default=0)
        came_width = max(map(len, ("broken", *came)))
        head = f"{self.bot} on {self.target}: {count} tool{'' if count == 1 else 's'}"
        bad = [f"{came.count(word)} {word}" for word in ("broken", "no verdict") if word in came]
        lines = [f"{head}, {', '.join(bad) or 'all work'}"]
        lines += [line for each in self.tools for line in each.lines(width, came_width)]
        if bad and self.again:
            lines.append(f"again   {self.again}")
        return "\n".join(lines)


def smoke(bot: Bot, target: str | Target | None = None) -> SmokeReport:
    """Call each tool that a bot registers once, each in a run of its own.

    It needs no scenario. A tool is called with the simplest arguments that its schema allows
    (``Bot(tools=...)``, or the signature of a direct function), without a schema with none: if it
    raises then, there is no verdict. It works if its handler answers and every law holds, the
    contract of handlers (LS401) included; one that is declared terminal need not answer.

    Args:
        bot: What is under test.
        target: Which service core it runs on, see :func:`llm_sim.run`.

    Raises:
        UsageError: The bot or the target cannot be used, or the bot registers no tool.

    Example:
        ::

            def test_every_tool_works():
                report = smoke(Bot(build, tools=[lookup_order_schema]))
                assert report.clean, report
    """
    if not isinstance(bot, Bot):
        remedy = f"Bot({getattr(bot, '__name__', 'build')})" if callable(bot) else "Bot(build)"
        raise UsageError(f"smoke takes a Bot, not {bot!r}: give it {remedy}")
    return completed(search_tools(Setup.of(SILENCE, bot=bot, target=target)))


def search_tools(setup: Setup) -> Generator[Finding, None, SmokeReport]:
    """Call each tool of a Setup's bot, as :func:`smoke` does.

    Args:
        setup: What is under test; its scenario does not matter.

    Yields:
        What is wrong with each tool that does not work.
    """
    report = SmokeReport(setup)
    for tool, registration in registrations(setup).items():
        one, finding = _smoked(tool, registration.schema, setup)
        report.tools = (*report.tools, one)
        if finding is not None:
            report.findings.append(finding)
            yield finding
    return report


def _smoked(tool: str, schema: Any, setup: Setup) -> tuple[Smoked, Finding | None]:
    arguments: dict[str, Any] = {}
    here = setup
    try:
        arguments = simplest_arguments(schema)
        here = setup.varied(
            Scenario(
                name=f"smoke_{tool}",
                bot=setup.bot.reference,
                script=[turn(call(tool, arguments, as_=_CALL)), turn(say("Done."))],
                open_ended=True,
                strict=OWED,
            )
        )
        one = simulate(here)
    except SimulationError as error:
        smoked = Smoked(tool, arguments, unjudged=(str(error),))
        return smoked, Finding(here, Schedule(), NoVerdict(error))
    answers = [event.data["result"] for event in one.trace.of("answer") if event.call == _CALL]
    result = answers[-1] if answers else None
    if unjudged := (*_unjudged(one, schema),):
        reason = NoVerdict(SimulationError("; ".join(unjudged)))
        smoked = Smoked(tool, arguments, (), result, one, unjudged)
        return smoked, Finding(here, one.schedule, reason, one)
    broken = tuple(f"{each.law} {each.message}" for each in one.violations)
    return Smoked(tool, arguments, broken, result, one), Finding.of_run(one)


def _raised(one: Run) -> str | None:
    ends = [event.data for event in one.trace.of("handler") if event.call == _CALL]
    return next((f"raises {data['error']}" for data in ends if "error" in data), None)


def _unjudged(one: Run, schema: Any) -> Iterator[str]:
    if one.complaint is not None:
        yield str(one.complaint)
    elif schema is None and (raised := _raised(one)) is not None:
        yield raised
        yield "called without arguments, for want of a schema: Bot(build, tools=[...])"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
