"""The tools that a scenario names, against those that the bot has had in a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from llm_sim.errors import did_you_mean
from llm_sim.scenario import Scenario
from llm_sim.trace import Trace

_ANY = ""
"""The name under which a catch-all is registered."""


def unknown_tools(scenario: Scenario, trace: Trace) -> tuple[str, ...]:
    """Return what a scenario says of tools that there are not, in words.

    Asked of a run, not of the bot before it: a handler may register another one.

    Args:
        scenario: What names the tools.
        trace: The record of a run of it in which nothing else happened.
    """
    handlers = Counter(
        event.where
        for event in trace.of("register")
        if event.data["cancel_on_interruption"] is not None
    )
    known = [name for name in handlers if name]
    return (
        *_called(scenario, handlers, known),
        *_stubbed_in_vain(scenario, handlers, known),
        *_changed(scenario, known),
    )


def _called(scenario: Scenario, handlers: Counter[str], known: list[str]) -> Iterator[str]:
    missing = {name for name, tool in scenario.tools.items() if not tool.registered}
    for name in dict.fromkeys(call.name for call in scenario.calls):
        if not handlers.keys() & {name, _ANY} and name not in missing:
            yield (
                f"the script calls {name!r}, for which the bot registers no handler"
                f"{did_you_mean(name, known)}; it has {', '.join(known) or 'none'}. To call a "
                f"tool without one, say so: `tools: {{{name}: {{registered: false}}}}`"
            )


def _stubbed_in_vain(scenario: Scenario, handlers: Counter[str], known: list[str]) -> Iterator[str]:
    """Yield stubs that nobody calls and that have the name of one of the bot's tools, nearly.

    One that nobody calls is no mistake: scenarios share their tools.
    """
    called = {call.name for call in scenario.calls}
    of_the_bot = [name for name in known if name not in scenario.tools or handlers[name] > 1]
    for name, tool in scenario.tools.items():
        hint = did_you_mean(name, of_the_bot)
        if tool.registered and name not in called and name not in of_the_bot and hint:
            yield f"nobody calls the stub {name!r}, and the bot has no tool of this name{hint}"


def _changed(scenario: Scenario, known: list[str]) -> Iterator[str]:
    for injection in scenario.inject:
        do = injection.do
        if do.kind in ("register", "unregister") and do.text not in known:
            hint = did_you_mean(do.text, known)
            yield f"there is no tool {do.text!r} to {do.kind}{hint}; the bot has {', '.join(known)}"
