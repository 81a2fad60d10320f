"""Live values as JSON values, without addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, Final

from llm_sim.trace import TOO_DEEP

_EXACT: Final = (str, int, float, bool, type(None))
_DEEPEST: Final = 12
_COUNTER: Final = re.compile(r"\b([A-Za-z_]\w*)#\d+")
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")


def plain(value: Any, depth: int = 0) -> Any:
    """Return a detached JSON value that stands for ``value``.

    What JSON cannot say is named by its type: an object's ``repr`` would bring its address into
    the trace.
    """
    if type(value) in _EXACT:
        return value
    if depth > _DEEPEST:
        return TOO_DEEP
    if isinstance(value, Mapping):
        return {_key(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, BaseException):
        return renumbered(f"{type(value).__name__}: {value}")
    if is_dataclass(value) and not isinstance(value, type):
        return {spec.name: plain(getattr(value, spec.name), depth + 1) for spec in fields(value)}
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if callable(value):
        return f"<{getattr(value, '__qualname__', type(value).__name__)}>"
    return f"<{type_name(value)}>"


def type_name(value: object) -> str:
    """Return the name of a value's type; a moment of virtual time has that of a real one."""
    for kind in (datetime, date):
        if isinstance(value, kind):
            return kind.__name__
    return type(value).__name__


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    return renumbered(str(key))


def renumbered(text: str) -> str:
    """Return a message without what differs from run to run in one process.

    Counters in the names of objects (``LLMService#12``) and addresses are left out; the class
    says enough in a trace, where every object has a label of its own.
    """
    return _ADDRESS.sub("", _COUNTER.sub(r"\1", text))
