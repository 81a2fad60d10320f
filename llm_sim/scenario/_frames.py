"""Which frames are meant: a type, and as much of the payload as matters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SUFFIX: Final = "Frame"
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True, repr=False)
class FramePattern:
    """A type of frame and a part of its payload, as :data:`F` makes it.

    Parameters:
        type: The frame's class name, without its ``Frame`` suffix.
        fields: What the frame must have at least. Mappings in it are parts of mappings, lists have
            the frame's length, and everything else matches by ``==``, so that a matcher with an
            ``__eq__`` of its own may stand anywhere.
    """

    type: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def named(cls, name: str) -> FramePattern:
        """Return the pattern of a class name, with or without its suffix."""
        return cls(name.removesuffix(SUFFIX) or name)

    def __call__(self, **fields: Any) -> FramePattern:
        """Return the pattern with more of the payload."""
        return FramePattern(self.type, {**self.fields, **fields})

    def __repr__(self) -> str:
        told = ", ".join(f"{key}={value!r}" for key, value in self.fields.items())
        return f"{self.type}({told})" if told else self.type

    def __hash__(self) -> int:
        return hash(self.type)

    def differences(self, type: str, fields: Mapping[str, Any]) -> list[str]:
        """Return what keeps a frame from being meant, a sentence each; none where it is.

        Args:
            type: The frame's class name, without its suffix.
            fields: Its payload.
        """
        if type != self.type:
            return [f"it is {type}"]
        return list(differences(self.fields, fields, shown=repr))


class _Frames:
    """Makes a pattern of every name: ``F.LLMText``, ``F.LLMTextFrame``."""

    def __getattr__(self, name: str) -> FramePattern:
        if name.startswith("_"):
            raise AttributeError(name)
        return FramePattern.named(name)


F: Final = _Frames()
"""Frames by name: ``F.FunctionCallResult`` is any, ``F.FunctionCallResult(tool_call_id="c1")``
is one whose payload has that. A field that a trace knows of every frame is ``calls``, the ids of
the calls that it speaks of."""


def in_words_of_a_file(value: Any) -> str:
    """Return plain data as a file says it: true, false and null are its words."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case Mapping():
            items = (f"{key}: {in_words_of_a_file(item)}" for key, item in value.items())
            return f"{{{', '.join(items)}}}"
        case list() | tuple():
            return f"[{', '.join(map(in_words_of_a_file, value))}]"
    return repr(value)


def differences(
    wanted: Any,
    actual: Any,
    path: str = "",
    *,
    shown: Callable[[Any], str] = in_words_of_a_file,
) -> Iterator[str]:
    """Yield where plain data is not what was wanted, of mappings at least.

    Args:
        wanted: What is wanted; see :class:`FramePattern`.
        actual: What is there.
        path: What it is called.
        shown: Tells a value: what a scenario expects in the words of a file, what a test does in
            Python's.
    """
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        for key, value in wanted.items():
            there = actual.get(key, _ABSENT)
            place = f"{path}.{key}" if path else str(key)
            if there is _ABSENT:
                known = ", ".join(str(name) for name in actual) or "nothing"
                yield f"{path or 'it'} has no {key}, but {known}"
            else:
                yield from differences(value, there, place, shown=shown)
    elif isinstance(wanted, list | tuple) and isinstance(actual, list):
        if len(wanted) != len(actual):
            yield f"{path} is {shown(actual)}, not {shown(wanted)}"
            return
        for i, (one, other) in enumerate(zip(wanted, actual, strict=True)):
            yield from differences(one, other, f"{path}[{i}]", shown=shown)
    elif not _equal(wanted, actual):
        yield f"{path} is {shown(actual)}, not {shown(wanted)}"


def _equal(wanted: Any, actual: Any) -> bool:
    # 1, 1.0 and True are equal, and no tool means a number by a truth value.
    numbers = bool | int | float
    if isinstance(wanted, bool) is not isinstance(actual, bool) and isinstance(wanted, numbers):
        return False
    return bool(wanted == actual)
