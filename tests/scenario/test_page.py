"""The page on scenario files tells all that one may say, and its files load."""

import re
from pathlib import Path

import pytest

from llm_sim.errors import ScenarioError
from llm_sim.scenario import load_scenarios, scenario_schema
from tests.support.pages import Block, blocks
from tests.support.scenarios import ROOT

PAGE = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
FILES = [block for block in blocks(PAGE) if block.language == "yaml"]


def test_the_page_tells_every_key_and_every_word() -> None:
    schema = scenario_schema()
    keys = {key for part in schema["$defs"].values() for key in part.get("properties", ())}
    words = {word for part in schema["$defs"].values() for word in _words(part)}
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.M | re.S)
    code = [*re.findall(r"`([^`]+)`", prose), *(block.text for block in FILES)]
    told = {word for text in code for word in re.findall(r"\w+", text)}
    assert sorted((keys | words) - told) == []


def _words(part: object) -> set[str]:
    """Return every word of which a key must be one."""
    match part:
        case {"enum": list(words)}:
            return {str(word) for word in words}
        case dict():
            return set().union(*map(_words, part.values()))
        case list():
            return set().union(*map(_words, part))
    return set()


@pytest.mark.parametrize("block", FILES, ids=lambda block: block.title or f"line {block.line}")
def test_a_file_of_the_page_loads(block: Block, tmp_path: Path) -> None:
    file = tmp_path / (block.title or "a.sim.yaml")
    file.write_text(block.text, encoding="utf-8")
    if block.title == "mistakes.sim.yaml":
        with pytest.raises(ScenarioError) as caught:
            load_scenarios(file)
        assert len(caught.value.problems) == 4
    else:
        assert load_scenarios(file)
