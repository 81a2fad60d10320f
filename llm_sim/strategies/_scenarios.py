"""Whole conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from hypothesis import strategies as st

from llm_sim.errors import UsageError
from llm_sim.scenario import WITH_TEXT, Scenario, Tool, Turn, format_duration
from llm_sim.schedule import KINDS, Schedule
from llm_sim.stimuli import STIMULUS_KINDS
from llm_sim.strategies._arguments import ToolSchema
from llm_sim.strategies._drawn_stimuli import stimuli
from llm_sim.strategies._drawn_tools import behaviours, latencies
from llm_sim.strategies._schedules import schedules
from llm_sim.strategies._scripts import UNKNOWN, scripts

Case = tuple[Scenario, Schedule]
"""What happens, and what lands where."""


def scenarios(
    tools: Sequence[str | ToolSchema] = ("f", "g", "h"),
    *,
    turns: st.SearchStrategy[tuple[Turn, ...]] | None = None,
    bot: str | None = None,
    cancellable: Mapping[str, bool] | None = None,
    stand_ins: bool = True,
    beside: Sequence[str] = WITH_TEXT,
) -> st.SearchStrategy[Scenario]:
    """Draw a conversation: a script, tools that behave and misbehave, latencies, a mode.

    It is open-ended: how often the model is asked depends on what tools and stimuli do.

    Args:
        tools: What the model may call.
        turns: Draws the script; by default :func:`scripts` over the tools.
        bot: The bot that has the tools, ``package.module:attribute``.
        cancellable: What the bot's registrations say of ``cancel_on_interruption``, by tool; what
            is not said is drawn.
        stand_ins: Whether a drawn stub may stand in for a handler of the bot; without, the bot's
            own handlers always run and only their latencies are drawn.
        beside: The kinds of stimuli of which one may stand in the scenario itself.

    Raises:
        UsageError: There is no tool.
    """
    said = cancellable or {}
    names = [tool if isinstance(tool, str) else tool.name for tool in tools]
    turns = scripts(tools) if turns is None else turns
    by_name = {name: _tool(said.get(name), bot is not None, stand_ins) for name in names}
    one_beside = st.lists(stimuli(beside, tools=names), max_size=1) if beside else st.just([])

    @st.composite
    def conversations(draw: st.DrawFn) -> Scenario:
        script = draw(turns)
        called = dict.fromkeys(call.name for turn in script for call in turn.calls)
        # Only what is called is drawn: a tool that nobody calls changes nothing.
        drawn = {name: draw(by_name[name]) for name in called if name in by_name}
        tools = {name: tool for name, tool in drawn.items() if isinstance(tool, Tool)}
        if UNKNOWN in called and bot is None:
            tools[UNKNOWN] = Tool(registered=False)
        handlers = {name: took for name, took in drawn.items() if isinstance(took, str)}
        world = {"playout": draw(_PLAYOUTS), "llm": draw(_FIRST_TOKENS)}
        return Scenario(
            bot=bot,
            script=script,
            tools=tools,
            latency={key: took for key, took in {**world, **handlers}.items() if took != "0s"},
            mode=draw(_MODES),
            open_ended=True,
            inject=[
                each
                for each in draw(one_beside)
                if STIMULUS_KINDS[each.do.kind].argument != "tool" or each.do.text in called
            ],
        )

    return conversations()


_PLAYOUTS: Final = st.sampled_from(("0s", "30ms", "250ms"))
_FIRST_TOKENS: Final = st.sampled_from(("0s", "20ms"))
_MODES: Final[st.SearchStrategy[Literal["parallel", "sequential"]]] = st.sampled_from(
    ("parallel", "sequential")
)


def variations(scenario: Scenario) -> st.SearchStrategy[Scenario]:
    """Draw scenarios that differ from one in latencies and in what its stub tools do.

    Args:
        scenario: Its script, bot, mode and stimuli stay; it is open-ended, for other tools make the
            model be asked another number of times.
    """
    stubs = {name: tool for name, tool in scenario.tools.items() if tool.registered}
    drawn = {
        name: st.one_of(
            st.just(tool), behaviours(cancel_on_interruption=tool.cancel_on_interruption)
        )
        for name, tool in stubs.items()
    }
    playouts = st.sampled_from((None, "0s", "30ms", "250ms"))
    varied = st.tuples(st.fixed_dictionaries(drawn), playouts)
    return varied.map(lambda drawn: _varied(scenario, *drawn))


def cases(
    scenario: st.SearchStrategy[Scenario] | None = None,
    *,
    kinds: Sequence[str] = KINDS,
    max_stimuli: int = 2,
    in_all: bool = False,
) -> st.SearchStrategy[Case]:
    """Draw a scenario together with a schedule.

    Args:
        scenario: Draws the scenario; by default :func:`scenarios`.
        kinds: The stimuli of the schedule.
        max_stimuli: How many land at most.
        in_all: Whether the scenario's own stimuli count as well.

    Raises:
        UsageError: There is no such stimulus, or the bound is negative.
    """
    if max_stimuli < 0:
        raise UsageError(f"max_stimuli must be 0 or more, not {max_stimuli}")
    drawn = scenarios() if scenario is None else scenario
    by_count = [schedules(kinds, max_stimuli=count) for count in range(max_stimuli + 1)]

    @st.composite
    def both(draw: st.DrawFn) -> Case:
        what = draw(drawn)
        count = max_stimuli - len(what.inject) if in_all else max_stimuli
        return what, draw(by_count[max(0, count)])

    return both()


def _tool(cancel: bool | None, handled: bool, stand_ins: bool) -> st.SearchStrategy[Tool | str]:
    """Draw a stub, or how long the bot's own handler takes."""
    stub = behaviours(cancel_on_interruption=cancel)
    if not handled:
        return stub
    handler = latencies(most="250ms")
    return st.one_of(handler, stub) if stand_ins else handler


def _varied(scenario: Scenario, tools: Mapping[str, Tool], playout: str | None) -> Scenario:
    latency = {key: format_duration(ns) for key, ns in scenario.latency.items()}
    if playout is not None:
        latency["playout"] = playout
    changed = {"tools": {**scenario.tools, **tools}, "latency": latency}
    return scenario.replace(**changed, open_ended=True, expect=())
