"""YAML 1.2, as far as plain data needs it, with the place of every value.

PyYAML reads YAML 1.1, in which ``no`` is a boolean and ``1:30`` a number; here the scalars are
those of the core schema of YAML 1.2, https://yaml.org/spec/1.2.2/#103-core-schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from llm_sim.errors import Problem
from llm_sim.scenario._fields import Hint, Key, keys_of
from llm_sim.scenario._mistakes import Mistake, Path, name_of, show
from llm_sim.scenario._plain import Plain

_TAG = "tag:yaml.org,2002:"
_NULL, _BOOL, _INT, _FLOAT = (_TAG + name for name in ("null", "bool", "int", "float"))
_STR, _MAP, _SEQ = (_TAG + name for name in ("str", "map", "seq"))
_SCALARS = (
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        _FLOAT,
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
)
_MOST_REPETITIONS = 10_000
_LINE_WIDTH = 100
_TAB = "a tab where a value begins: indent with spaces"
_BEFORE_A_TAB = ":,[{]}\"'"
_BEHIND_A_TAB = ":,]}#\r\n\0"


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.tagged: list[tuple[Any, str]] = []

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        tag = getattr(event, "tag", None)
        if tag is not None and event.start_mark is not None:
            self.tagged.append((event.start_mark, tag))
        return super().compose_node(parent, index)

    def scan_to_next_token(self) -> None:
        # In YAML 1.2 a tab separates what stands on a line; PyYAML passes over spaces only. Behind
        # `-`, as at the beginning of a line, it would be the indentation of what follows.
        passed = 0
        while self.peek(passed) in " \t":
            passed += 1
        if self.column and (self.peek(-1) in _BEFORE_A_TAB or self.peek(passed) in _BEHIND_A_TAB):
            self.forward(passed)
        super().scan_to_next_token()


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.1 or 1.2 would read as something else than text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Flow:
    """A collection that is written on one line."""

    def __init__(self, plain: list[Any] | dict[str, Any]) -> None:
        self.plain = plain


def _represent_text(dumper: _Dumper, text: str) -> Node:
    # PyYAML writes NEL and the Unicode line separators raw into quotes and reads them as spaces.
    return dumper.represent_scalar(_STR, text, style=None if text.isprintable() else '"')


def _represent_flow(dumper: _Dumper, flow: _Flow) -> Node:
    if isinstance(flow.plain, dict):
        return dumper.represent_mapping(_MAP, _flowing(flow.plain), flow_style=True)
    return dumper.represent_sequence(_SEQ, _flowing(flow.plain), flow_style=True)


def _flowing(plain: Any) -> Any:
    match plain:
        case dict():
            return {key: _nested(value) for key, value in plain.items()}
        case list():
            return [_nested(value) for value in plain]
    return plain


def _nested(plain: Any) -> Any:
    return _Flow(plain) if isinstance(plain, dict | list) else plain


for _tag, _pattern, _first in _SCALARS:
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), _first)
_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Flow, _represent_flow)


@dataclass(slots=True)
class Document:
    """A file's plain data, with the places of its values.

    Parameters:
        file: The file's path as the user gave it.
        root: The outermost node; None for an empty file or one that is not YAML.
        data: The plain data.
        problems: What is wrong with it as YAML.
    """

    file: str
    root: Node | None = None
    data: Any = None
    problems: list[Problem] = field(default_factory=list)

    def problem(self, mistake: Mistake) -> Problem:
        """Return a mistake with its line and column."""
        subject = f"{name_of(mistake.path) or 'the file'} " if mistake.kind == "value" else ""
        place = self.place(mistake.path, at_key=mistake.kind == "key")
        return Problem(subject + mistake.message, self.file, *place)

    def place(self, path: Path, *, at_key: bool = False) -> tuple[int, int]:
        """Return line and column of a value, or of its key; of what is there of its path."""
        mark = self._mark(path, at_key=at_key)
        return mark.line + 1, mark.column + 1

    def _mark(self, path: Path, *, at_key: bool) -> yaml.Mark:
        assert self.root is not None, "an empty file has no places"
        key, node = self.root, self.root
        for part in path:
            found = _child(node, part)
            if found is None:
                return node.start_mark
            key, node = found
        return key.start_mark if at_key else node.start_mark


def read(text: str, file: str) -> Document:
    """Read the text of a file; what is wrong with it stands in the document's problems."""
    document = Document(file)
    try:
        loader = _Loader(text)
        document.root = loader.get_single_node()
    except yaml.YAMLError as error:
        document.problems.append(_syntax_problem(error, text, file))
    except RecursionError:
        document.problems.append(Problem("the values are nested too deeply", file))
    else:
        for mark, tag in loader.tagged:
            wrong = f"tag {_shown_tag(tag)!r} is refused: write plain data without tags"
            document.problems.append(_problem(wrong, file, mark))
        if document.root is not None:
            converter = _Converter(file, document.problems)
            document.data = converter.plain(document.root)
    return document


def text_of(document: Plain) -> str:
    """Return a file's text: a step, a tool, an injection or an entry of a list takes a line."""
    return yaml.dump(
        _in_blocks(document),
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=_LINE_WIDTH,
    )


def _in_blocks(value: Plain) -> dict[str, Any]:
    plain = value.to_plain()
    return {
        key.name: _laid_out(key, getattr(value, key.attribute), plain[key.name])
        for key in keys_of(type(value))
        if key.name in plain
    }


def _laid_out(key: Key, value: Any, plain: Any) -> Any:
    if key.has(Hint.ONE_LINE):
        return _nested(plain)
    if key.has(Hint.BLOCKS):
        return [_in_blocks(item) for item in value]
    match value:
        case Plain():
            return _in_blocks(value)
        case tuple() if all(isinstance(item, Plain) for item in value):
            return [_nested(item) for item in plain]
        case Mapping() if all(isinstance(item, Plain) for item in value.values()):
            return {name: _nested(item) for name, item in plain.items()}
    return _nested(plain)


class _Converter:
    """Turns nodes into plain data and notes what is not plain."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self._file = file
        self._problems = problems
        self._open: list[Node] = []
        self._seen: set[Node] = set()
        self._repetitions = 0

    def plain(self, node: Node) -> Any:
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if any(node is parent for parent in self._open):
            return self._refuse("an alias contains itself: write the values out", node)
        if node in self._seen:
            self._repetitions += 1
            if self._repetitions == _MOST_REPETITIONS:
                return self._refuse(f"aliases repeat more than {_MOST_REPETITIONS} values", node)
            if self._repetitions > _MOST_REPETITIONS:
                return None
        self._seen.add(node)
        self._open.append(node)
        try:
            if isinstance(node, SequenceNode):
                return [self.plain(item) for item in node.value]
            return dict(self._items(node))
        finally:
            self._open.pop()

    def _items(self, node: Node) -> Iterator[tuple[str, Any]]:
        first: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._refuse("a key must be text, not a list or a mapping", key_node)
                continue
            key = key_node.value
            if key_node.tag != _STR:
                shown = key or "null"
                self._refuse(f"key {shown} must be text: write {shown!r} in quotes", key_node)
            elif key == "<<" and key_node.style is None:
                self._refuse("the merge key << is not YAML 1.2: write the keys out", key_node)
            elif key in first:
                mark = first[key].start_mark
                where = f"line {mark.line + 1}, column {mark.column + 1}"
                self._refuse(f"duplicate key {key!r}: first at {where}; remove one", key_node)
            else:
                first[key] = key_node
                yield key, self.plain(value_node)

    def _scalar(self, node: ScalarNode) -> Any:
        text = node.value
        match node.tag:
            case tag if tag == _NULL:
                return None
            case tag if tag == _BOOL:
                return text.lower() == "true"
            case tag if tag == _INT:
                return self._number(node)
            case tag if tag == _FLOAT:
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return text

    def _number(self, node: ScalarNode) -> int | None:
        text = node.value
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        try:
            return int(text, base)
        except ValueError:
            # CPython refuses numbers of more than sys.get_int_max_str_digits() digits.
            self._refuse(f"a number of {len(text)} digits is too long: put it in quotes", node)
            return None

    def _refuse(self, message: str, node: Node) -> None:
        problem = _problem(message, self._file, node.start_mark)
        if problem not in self._problems:
            self._problems.append(problem)


def _child(node: Node, part: str | int) -> tuple[Node, Node] | None:
    """Return the key and the value that a part of a path leads to."""
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == part and key.tag == _STR:
                return key, value
    return None


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        wrong = f"character U+{ord(text[error.position]):04X} is not allowed in YAML: escape it"
        return Problem(f"{wrong} in double quotes", file, line, column)
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        wrong = _syntax_error(error)
        if wrong == _TAB and _stands_in_text(error.problem_mark, text):
            wrong = "a tab in a text: put the text in quotes"
        return _problem(f"not YAML: {wrong}", file, error.problem_mark)
    return Problem(f"not YAML: {show(str(error))}", file)


def _stands_in_text(mark: yaml.Mark, text: str) -> bool:
    return bool(text.splitlines()[mark.line][: mark.column].strip(" \t-?"))


def _syntax_error(error: yaml.MarkedYAMLError) -> str:
    wrong = " ".join(str(error.problem or error.context).split())
    if "'\\t'" in wrong:
        return _TAB
    if error.context is None or error.context_mark is None or error.problem is None:
        return wrong
    mark = error.context_mark
    return f"{error.context} from line {mark.line + 1}, column {mark.column + 1}: {wrong}"


def _problem(message: str, file: str, mark: yaml.Mark) -> Problem:
    return Problem(message, file, mark.line + 1, mark.column + 1)


def _shown_tag(tag: str) -> str:
    return f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag
