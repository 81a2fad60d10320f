"""The bot's tools, and the scenario's stubs, on a live service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_sim.scripted import SECOND_NS, check_stub_functions, stub

if TYPE_CHECKING:
    from llm_sim.targets._port import Plan
    from llm_sim.targets._scripted import ScriptedService


def build_bot(plan: Plan, llm: ScriptedService) -> list[Any]:
    """Build the bot around a service, with the scenario's stubs, and return its processors.

    A stub takes the place of the bot's handler; one of the scenario that of the bot's own stub.

    Args:
        plan: What is under test, and the scenario that describes the stubs.
        llm: The live service of any target.

    Raises:
        BotError: The bot cannot be built, or declares or stubs a tool that has no handler.
        UsageError: A stub wants an argument that the script does not give.
    """
    check_stub_functions(plan.bot.stubs, plan.scenario.calls)
    processors = plan.bot.processors(llm)
    # What only a catch-all handles has a handler of its own then.
    for name, handler in llm.stub_handlers.items():
        if name not in llm.registered_tools and None in llm.registered_tools:
            llm.register_function(name, handler)
    for name, tool in plan.scenario.tools.items():
        if tool.registered:
            timeout = {} if tool.timeout is None else {"timeout_secs": tool.timeout / SECOND_NS}
            llm.stand_in(
                name, stub(tool), cancel_on_interruption=tool.cancel_on_interruption, **timeout
            )
    plan.bot.check_declared(llm.registered_tools)
    return processors
