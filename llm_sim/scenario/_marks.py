"""The marks of a scenario, for whoever runs it as a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from llm_sim.scenario._json import IDENTIFIER, Text, text_under
from llm_sim.scenario._mistakes import Mistake, Path, refusal, show
from llm_sim.scenario._plain import Plain

_WITH_REASON = ("skip", "xfail")
_MARK = "a word such as slow, or {skip: reason} or {xfail: reason}"


class Mark(Plain):
    """A word that a test is marked with.

    Parameters:
        name: The word; ``skip`` and ``xfail`` have pytest's meaning.
        reason: Why it is skipped, or fails; empty for other words.
    """

    name: Text
    reason: Text = ""

    def to_plain(self) -> str | dict[str, Any]:
        """Return the word, or ``{skip: reason}``."""
        return {self.name: self.reason} if self.reason else self.name

    @classmethod
    def _plain_form(cls, arguments: dict[str, Any]) -> Any:
        name, reason = arguments["name"], arguments.get("reason", "")
        return name if reason == "" else {name: reason}

    @classmethod
    def _fields_form(cls, data: Any) -> Any:
        if isinstance(data, str) and data.isidentifier():
            return {"name": data}
        if isinstance(data, Mapping) and len(data) == 1:
            name, reason = next(iter(data.items()))
            if name in _WITH_REASON:
                if reason == "":
                    raise refusal([Mistake((name,), "must say why")])
                return {"name": name, "reason": reason}
            wrong = f"{name!r} has no reason: a mark is {_MARK}"
            raise refusal([Mistake((str(name),), wrong, "key")])
        raise refusal([Mistake((), f"must be {_MARK}, not {show(data)}")])

    @classmethod
    def _path(cls, path: Path, fields: Any) -> Path:
        del fields
        return () if path in (("name",), ("reason",)) else path

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the shorthand that a mark is in a file."""
        del core_schema, handler
        reasons = [text_under(key) for key in _WITH_REASON]
        return {
            "title": cls.__name__,
            "description": "A mark of the test: a word, or skip or xfail with a reason.",
            "anyOf": [{"type": "string", "pattern": f"^{IDENTIFIER}$"}, *reasons],
        }
