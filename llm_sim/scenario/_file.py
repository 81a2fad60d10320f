"""The scenario file: its model, its schema, its text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema

from llm_sim.scenario._checks import mistakes_without_a_bot
from llm_sim.scenario._entries import VERSION
from llm_sim.scenario._fields import Hint
from llm_sim.scenario._json import Says
from llm_sim.scenario._mistakes import Mistake, refusal, show
from llm_sim.scenario._model import Scenario
from llm_sim.scenario._plain import Plain, listed, plain_of


def _version(value: Any) -> Any:
    if type(value) is int and value == VERSION:
        return value
    raise refusal([Mistake((), f"must be {VERSION}, not {show(value)}")])


Version = Annotated[int, BeforeValidator(_version), WithJsonSchema({"const": VERSION})]
"""The version of a file's format: 1."""


def _filled(value: Any) -> Any:
    if listed(value):
        return value
    raise refusal([Mistake((), "must have at least one scenario")])


class ScenarioFile(Plain):
    """A scenario file.

    Parameters:
        version: The version of the format.
        scenarios: At least one; each with a name of its own.
    """

    version: Version
    scenarios: Annotated[
        tuple[Scenario, ...], BeforeValidator(_filled), Says(minItems=1), Hint.BLOCKS
    ]

    _remedies = {
        "version": f"version: {VERSION}",
        "scenarios": 'scenarios: [{name: greeting, script: [[{say: "Hello."}]]}]',
    }

    @classmethod
    def _mistakes(cls, data: Mapping[str, Any]) -> list[Mistake]:
        scenarios = data.get("scenarios")
        mistakes = []
        first: dict[str, int] = {}
        for i, scenario in enumerate(scenarios if isinstance(scenarios, list | tuple) else ()):
            plain = plain_of(scenario)
            if not isinstance(plain, Mapping):
                continue
            if "name" not in plain:
                wrong = "missing key 'name': add `name: my_scenario`"
                mistakes.append(Mistake(("scenarios", i), wrong, "whole"))
            elif isinstance(name := plain["name"], str) and first.setdefault(name, i) != i:
                wrong = f"duplicate name {name!r}: another scenario has it; rename one of them"
                mistakes.append(Mistake(("scenarios", i, "name"), wrong, "whole"))
            found = mistakes_without_a_bot(plain)
            mistakes += [mistake.below("scenarios", i) for mistake in found]
        return mistakes


def dump_scenarios(scenarios: Iterable[Scenario]) -> str:
    """Return the text of a file from which the scenarios load back equal.

    Args:
        scenarios: At least one; each with a name of its own.

    Raises:
        ScenarioError: The list is empty, or two scenarios have the same name.
    """
    return dump_document(ScenarioFile(version=VERSION, scenarios=tuple(scenarios)))


def dump_document(document: Plain) -> str:
    """Return the text of a file from which :func:`load_document` reads the document back equal.

    Args:
        document: Its plain form is a mapping; a scenario in it is written as in a scenario file.
    """
    from llm_sim.scenario._yaml import text_of

    return text_of(document)


class _Schema(GenerateJsonSchema):
    """Leaves out defaults: they are nanoseconds and tuples, which no file contains."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors.

    It describes shapes; what must fit together, such as calls and tools, only the loader checks.
    """
    schema = ScenarioFile.model_json_schema(schema_generator=_Schema)
    _as_written(schema["$defs"]["Scenario"])
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


def _as_written(scenario: dict[str, Any]) -> None:
    """Add what an entry of a file may say and a scenario, which is made of it, does not have."""
    keys = scenario["properties"]
    keys["extends"] = {
        "type": "string",
        "description": "Another entry, `NAME` or `FILE::NAME`, of which everything but the name is "
        "inherited. Items of a mapping are put over the inherited ones, a list replaces the "
        "inherited one.",
    }
    expectations = keys["expect"]
    one = {key: expectations.pop(key) for key in ("type", "items")}
    expectations["anyOf"] = [one, one["items"]]
    duration = keys["latency"]["additionalProperties"]
    several = {
        "type": "array",
        "items": duration,
        "minItems": 1,
        "description": "A scenario of each, named like `name[slow=5s]`.",
    }
    keys["latency"]["additionalProperties"] = {"anyOf": [duration, several]}
    scenario["required"] = ["name"]
    scenario["anyOf"] = [{"required": ["script"]}, {"required": ["extends"]}]


def schema_text() -> str:
    """Return the schema as the text of ``scenario.schema.json``, which stands beside this."""
    return json.dumps(scenario_schema(), ensure_ascii=False, indent=2) + "\n"
