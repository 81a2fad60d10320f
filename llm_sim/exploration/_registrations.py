"""The tools that a bot registers, seen in a run in which nothing happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Final

from llm_sim.errors import UsageError
from llm_sim.scenario import Scenario, turn
from llm_sim.simulation import Setup, simulate
from llm_sim.targets import schema_of_function

_ANY_NAME: Final = "anything"


@dataclass(frozen=True, slots=True)
class Registration:
    """How a bot registers a tool.

    Parameters:
        cancel_on_interruption: Whether an interruption cancels its calls.
        schema: Its schema: the one that the bot gives, or the one that the signature of a direct
            function implies; None where there is neither.
    """

    cancel_on_interruption: bool
    schema: Any = None


def registrations(setup: Setup) -> dict[str, Registration]:
    """Return the tools that a bot registers by their names, in the order of their registration.

    A catch-all appears as a tool with the name ``anything``.

    Args:
        setup: What is under test; its scenario does not matter.

    Raises:
        UsageError: It registers none.
    """
    direct: list[Sequence[Any]] = []
    bot = setup.bot

    @wraps(bot.build)
    def build(llm: Any) -> Any:
        # The service's own list, which the bot fills from here on.
        direct.append(getattr(llm, "direct_functions", ()))
        return bot.build(llm)

    silence = setup.varied(Scenario(script=[turn()], bot=bot.reference))
    one = simulate(replace(silence, bot=replace(bot, build=build)))
    implied = [schema_of_function(function) for each in direct for function in each]
    schemas = {schema.name: schema for schema in (*implied, *bot.tools) if schema is not None}
    found = {}
    for event in one.trace.of("register"):
        name = event.where or _ANY_NAME
        found[name] = Registration(bool(event.data["cancel_on_interruption"]), schemas.get(name))
    if not found:
        raise UsageError(
            f"bot {bot.name!r} registers no tool, so there is nothing to call; register its "
            "handlers in build(llm)"
        )
    return found
