"""The JSON Schema of scenario files: it is shipped, it is the model's, and it helps."""

import json
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from llm_sim.errors import ScenarioError
from llm_sim.scenario import Scenario, load_scenarios, scenario_schema, schema_text
from llm_sim.scenario._yaml import read
from tests.support.json_schema import faults
from tests.support.pages import Block, blocks, pages
from tests.support.scenarios import ROOT

FILES = sorted(
    file
    for directory in ("docs", "llm_sim", "scenarios", "tests")
    for file in (ROOT / directory).glob("**/*.sim.yaml")
)

SHOWN_FOR_ITS_MISTAKES = "mistakes.sim.yaml"

STARTING = """\
version: 1
scenarios:
  - name: a
    script: [[{say: Hello.}, {call: f, as: c1}]]
    tools: {f: {}}
"""


def written(more: str) -> Any:
    """Return the data of a file whose scenario says more."""
    return read(f"{STARTING}    {more}\n", "f").data


def loaded(directory: Path, data: Any) -> tuple[Scenario, ...]:
    """Load a file that says this."""
    file = directory / "f.yaml"
    file.write_text(json.dumps(data), encoding="utf-8")
    return load_scenarios(file)


def keys(schema: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every key that a schema knows, with what it says of it."""
    for name, said in schema.get("properties", {}).items():
        yield f"{place}.{name}", said
    for name, inner in schema.get("$defs", {}).items():
        yield from keys(inner, name)
    for inner in schema.get("anyOf", ()):
        yield from keys(inner, place)


def test_the_schema_that_is_shipped_is_that_of_the_model() -> None:
    shipped = (files("llm_sim.scenario") / "scenario.schema.json").read_text(encoding="utf-8")
    assert shipped == schema_text(), "run python docs/generate.py"


def test_the_wheel_has_everything_that_stands_in_the_package() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert build == {"targets": {"wheel": {"packages": ["llm_sim"]}}}


def test_every_key_is_described() -> None:
    undescribed = [
        place
        for place, said in keys(scenario_schema())
        if not said.get("description") and not place.startswith(("Stimulus.", "Mark."))
    ]
    assert undescribed == []


def test_a_description_is_for_readers_of_a_file() -> None:
    described = dict(keys(scenario_schema()))
    assert [described[key]["description"] for key in ("Call.as", "Injection.after")] == [
        "The `tool_call_id`. Empty until the scenario is built, which then gives `<name>_1`, "
        "`<name>_2` and so on, in the order of the script.",
        "Virtual time since the conversation opened.",
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_schema_takes_every_scenario_file(file: Any) -> None:
    data = read(file.read_text(encoding="utf-8"), file.name).data
    assert faults(data, scenario_schema()) == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_schema_takes_every_scenario_file_of_the_documentation(page: Any) -> None:
    files = [block for block in blocks(page.read_text(encoding="utf-8")) if is_scenario(block)]
    refused = [
        (block.line, fault)
        for block in files
        for fault in faults(read(block.text, page.name).data, scenario_schema())
    ]
    assert refused == []


def is_scenario(block: Block) -> bool:
    if block.title == SHOWN_FOR_ITS_MISTAKES:
        return False
    return block.title.endswith(".sim.yaml") or (block.language == "yaml" and not block.title)


@pytest.mark.parametrize(
    "more",
    [
        "latency: {llm: [50ms, 0], playout: 5s}",
        "expect: [{call: {c1: cancelled}}, {call: {c1: {result: null}}}, {trace: a.trace}]",
        "expect: [{frames: [LLMText, {FunctionCallResult: {tool_call_id: c1}}], exactly: true}]",
        "expect: [{absent: {frame: LLMText, after: End}}, {context: {roles: [user]}}]",
        "expect: {trace: a.trace}",
        "expect: [{within: {duration: 2s, frames: [LLMText, End]}}]",
        "marks: [slow, {skip: reason}, {xfail: reason}]",
        "inject: [{at: LLMText, do: {say: Hm.}}, {after: 2s, do: interrupt}]",
        "inject: [{at: ~, after: 0, step: ~, do: end}]",
        "expect: [{frames: [Größe], call: ~}, {call: {c1: {ends: ~, result: ~}}}]",
        "expect: [{context: {roles: ~, messages: [{}]}}]",
        "marks: [größe, _x1]",
        "bot: ~",
        "bot: größe._a.b1:Bauer.neu",
        "latency: {f: [1s, 2s]}",
        "about: ''",
    ],
)
def test_the_schema_takes_what_an_entry_may_say(tmp_path: Path, more: str) -> None:
    assert loaded(tmp_path, written(more))
    assert faults(written(more), scenario_schema()) == []


def test_an_entry_that_extends_another_one_needs_no_script() -> None:
    extends = read(f"{STARTING}  - {{name: b, extends: a}}\n", "f").data
    neither = read(f"{STARTING}  - {{name: b}}\n", "f").data
    assert faults(extends, scenario_schema()) == []
    assert faults(neither, scenario_schema()) == ["$.scenarios[1]"]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("latncy: {}", "$.scenarios[0].latncy"),
        ("latency: {llm: 5}", "$.scenarios[0].latency.llm"),
        ("latency: {llm: []}", "$.scenarios[0].latency.llm"),
        ("mode: paralel", "$.scenarios[0].mode"),
        ("expect: [{frame: []}]", "$.scenarios[0].expect"),
        ("expect: [{call: {c1: canceled}}]", "$.scenarios[0].expect"),
        ("marks: [{slow: x}]", "$.scenarios[0].marks[0]"),
        ("inject: [{step: -1, do: end}]", "$.scenarios[0].inject[0].step"),
        ("inject: [{do: end}]", "$.scenarios[0].inject[0]"),
        ("inject: [{at: LLMText, after: 2s, do: end}]", "$.scenarios[0].inject[0]"),
        ("inject: [{at: no frame, do: end}]", "$.scenarios[0].inject[0].at"),
        ("user: ''", "$.scenarios[0].user"),
        ("bot: bot", "$.scenarios[0].bot"),
        ("bot: bot.build", "$.scenarios[0].bot"),
        ("bot: 'bot.py:build it'", "$.scenarios[0].bot"),
        ("strict: [LS41]", "$.scenarios[0].strict[0]"),
        ("marks: ['two words']", "$.scenarios[0].marks[0]"),
        ("marks: [7up]", "$.scenarios[0].marks[0]"),
        ("expect: [{}]", "$.scenarios[0].expect"),
        ("expect: [{frames: []}]", "$.scenarios[0].expect"),
        ("expect: [{frames: ['two words']}]", "$.scenarios[0].expect"),
        ("expect: [{frames: [End], call: {c1: result}}]", "$.scenarios[0].expect"),
        ("expect: [{within: {duration: 1s, frames: [End]}}]", "$.scenarios[0].expect"),
        ("expect: [{trace: ''}]", "$.scenarios[0].expect"),
        ("expect: [{call: {}}]", "$.scenarios[0].expect"),
        ("expect: [{call: {c1: {ends: ~}}}]", "$.scenarios[0].expect"),
        ("expect: [{call: {c1: {arguments: {}}}}]", "$.scenarios[0].expect"),
        ("expect: [{context: {last: ~}}]", "$.scenarios[0].expect"),
        ("expect: [{context: {roles: []}}]", "$.scenarios[0].expect"),
        ("expect: [{context: {messages: []}}]", "$.scenarios[0].expect"),
        ("expect: [{context: {last: {}}}]", "$.scenarios[0].expect"),
    ],
)
def test_the_schema_refuses_a_mistake(tmp_path: Path, more: str, place: str) -> None:
    assert faults(written(more), scenario_schema()) == [place]
    with pytest.raises(ScenarioError):
        loaded(tmp_path, written(more))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("scenarios: []", "$.scenarios"),
        ("scenarios: [{name: '', script: []}]", "$.scenarios[0].name"),
        ("scenarios: [{name: a b, script: []}]", "$.scenarios[0].name"),
        ("scenarios: [{name: 'a[slow', script: []}]", "$.scenarios[0].name"),
        ("scenarios: [{name: a, script: [[{call: ''}]]}]", "$.scenarios[0].script[0][0]"),
        (
            "scenarios: [{name: a, script: [], tools: {f: {result: 1, raises: no}}}]",
            "$.scenarios[0].tools.f",
        ),
        (
            "scenarios: [{name: a, script: [], tools: {f: {does: hang, raises: no}}}]",
            "$.scenarios[0].tools.f",
        ),
    ],
)
def test_the_schema_refuses_a_file_that_the_loader_refuses(
    tmp_path: Path, text: str, place: str
) -> None:
    data = read(f"version: 1\n{text}\n", "f").data
    assert faults(data, scenario_schema()) == [place]
    with pytest.raises(ScenarioError):
        loaded(tmp_path, data)


def test_the_schema_is_json_that_names_its_dialect() -> None:
    assert json.loads(schema_text())["$schema"] == "https://json-schema.org/draft/2020-12/schema"
