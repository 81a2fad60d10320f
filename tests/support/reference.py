"""The page of the public names, made from their docstrings and signatures."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from itertools import pairwise
from textwrap import dedent
from typing import Any, Final

import llm_sim

GROUPS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    (
        "Run and judge",
        "One run of one scenario, and what there is to read from it.",
        (
            *("run", "Setup", "Bot", "targets:load_bot", "Network"),
            *("Run", "trace:CallLife", "simulation:ContextAtRest", "simulation:Limits"),
            "run_test",
            "testing:SleepFrame",
            "LAWS",
            "invariants:Law",
            "invariants:at_level",
            "Violation",
        ),
    ),
    (
        "Verdicts",
        "What a run comes to: one of four verdicts.",
        (
            *("simulation:Clean", "simulation:Broken", "simulation:Unmet", "simulation:NoVerdict"),
            "simulation:UnmetExpectation",
        ),
    ),
    (
        "Parts of a scenario",
        "What the model says, what the tools do, and what comes from outside.",
        (
            *("Scenario", "load_scenarios", "turn", "say", "call", "wait", "fail", "Tool"),
            *("at", "after", "at_step"),
            *("interrupt", "end", "cancel", "user_says", "user_starts", "user_stops"),
            *("scenario:error", "scenario:register", "scenario:unregister"),
            *("hold", "scenario:Hold", "scenario:Place"),
        ),
    ),
    (
        "Expectations",
        "What a test says about the frames of a run.",
        ("F", "FramePattern", "Down", "Up", "simulation:FrameLog", "trace:FrameRecord"),
    ),
    (
        "Exploration",
        "Many runs: a stimulus at every point, every tool once, and a schedule again.",
        (
            *("sweep", "SweepReport", "smoke", "SmokeReport", "exploration:Smoked"),
            *("replay", "exploration:TokenReplay", "Schedule"),
        ),
    ),
    (
        "Findings",
        "What a search found. Every report above is a Summary.",
        (
            *("Finding", "Summary", "simulation:Window", "simulation:StockCheck"),
            *("reports:headline", "reports:render_finding", "reports:Telling"),
            *("reports:report_document", "reports:report_schema"),
            *("reports:ExitCode", "reports:exit_code"),
        ),
    ),
    (
        "Hypothesis",
        "Conversations that nobody wrote.",
        (
            "fuzz",
            "strategies:scripts",
            "strategies:behaviours",
            "strategies:latencies",
            "strategies:stimuli",
            "strategies:landings",
            "strategies:schedules",
            "strategies:scenarios",
            "strategies:variations",
            "strategies:cases",
            "strategies:arguments",
            "testing:state_machine",
        ),
    ),
    (
        "The record and the loop",
        "What everything above stands on.",
        ("Trace", "trace:Event", "SimLoop", "__version__"),
    ),
    (
        "Errors",
        "Sorted by who must act. Each keeps its facts as attributes and can be pickled.",
        (
            "LlmSimError",
            "errors:UsageError",
            "errors:ScenarioError",
            "errors:ScriptError",
            "errors:ScheduleFormatError",
            "errors:BotError",
            "errors:SimulationError",
            "errors:DeadlockError",
            "errors:StepLimitError",
            "errors:ScriptExhaustedError",
            "errors:UnsupportedOperationError",
            "errors:NondeterminismError",
            "errors:TargetError",
            "InvariantViolation",
            "ExpectationError",
            "errors:InternalError",
        ),
    ),
)
"""The parts of the page: a title, a sentence, and the names, ``home:name`` where another package
than ``llm_sim`` has it."""

MADE_BY_US: Final = (
    frozenset(
        (
            "Broken",
            "CallLife",
            "Clean",
            "ContextAtRest",
            "Event",
            "Finding",
            "FrameLog",
            "FrameRecord",
        )
    )
    | frozenset(
        ("NoVerdict", "Run", "SmokeReport", "Smoked", "StockCheck", "Summary", "SweepReport")
    )
    | frozenset(("TokenReplay", "Trace", "Unmet", "UnmetExpectation", "Violation", "Window"))
)
"""Whose constructor is nobody's business."""

_WIDTH: Final = 96
_HOME: Final = re.compile(r"\b(?:\w+\.)+(?=\w)")
_ITEM: Final = re.compile(r"^(\*{0,2}[A-Za-z_][\w.]*): +(.*)$")
_SECTION: Final = re.compile(r"^(Args|Parameters|Returns|Raises|Yields|Example)::?\n", re.M)


def reference_page() -> str:
    """Return the page.

    Raises:
        ValueError: A public name has no place on it, or no docstring.
    """
    placed = {name for _, _, names in GROUPS for name in names}
    if homeless := sorted(set(llm_sim.__all__) - placed):
        raise ValueError(f"say in tests/support/reference.py where these belong: {homeless}")
    return "\n".join(_page())


def _page() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield (
        "Every public name, from its docstring; `python docs/generate.py` makes this page. What is "
        "not on it may change without notice. Names come from `llm_sim`, unless another package is "
        "named. Times are virtual. A duration is text with a unit, such as `300ms` or `2s`; what "
        "ends in `_ns` is nanoseconds, what ends in `_secs` is seconds."
    )
    anchors: Counter[str] = Counter()
    for title, sentence, names in GROUPS:
        yield from ("", f"## {title}", "", sentence, "")
        yield " ·\n".join(_link(name, anchors) for name in names)
        for name in names:
            yield from _entry(name)
    yield ""


def _link(where: str, anchors: Counter[str]) -> str:
    """Return a link to an entry; of headings that differ in case alone, the later are numbered."""
    name = where.rpartition(":")[2]
    anchor = name.lower()
    number = f"-{anchors[anchor]}" if anchors[anchor] else ""
    anchors[anchor] += 1
    return f"[{name}](#{anchor}{number})"


def _entry(where: str) -> Iterator[str]:
    home, _, name = where.rpartition(":")
    module = import_module(f"llm_sim.{home}" if home else "llm_sim")
    value = getattr(module, name)
    yield from ("", f"### {name}", "")
    if home:
        yield from (f"From `{module.__name__}`.", "")
    if inspect.isclass(value):
        yield from _class(value, name)
    elif inspect.isfunction(value):
        yield from _fence(_signature(value, name))
        yield from _markdown(_doc(value, name))
    else:
        yield from _markdown(_doc_of_constant(name))


def _class(cls: type, name: str) -> Iterator[str]:
    error = issubclass(cls, Exception)
    bases = [base.__name__ for base in cls.__bases__ if base is not object]
    if error and bases != ["Exception"]:
        yield from (f"Is a {' and a '.join(f'`{base}`' for base in bases)}.", "")
    doc = _doc(cls, name)
    if error:
        yield from _markdown(doc, "Attributes")
        return
    if name in MADE_BY_US:
        # What its constructor takes is told where it can be read afterwards.
        yield from _markdown(doc.partition("\n\nArgs:")[0], "Attributes")
    elif issubclass(cls, Enum):
        # How an enum's constructor looks is up to Python's release; nobody calls it.
        yield from _fence("\n".join(f"{name}.{each.name} = {each.value!r}" for each in cls))
        yield from _markdown(doc)
    else:
        yield from _fence(_signature(cls, name))
        yield from _markdown(doc)
    members = dict(_members(cls))
    properties = {each: value for each, value in members.items() if isinstance(value, property)}
    if properties:
        yield from ("", "**Properties**", "")
    for member, value in properties.items():
        text = _SECTION.split(_doc(value, f"{name}.{member}"))[0]
        yield f"* `{member}`: {_inline(' '.join(text.split()))}"
    for member, value in members.items():
        if member not in properties:
            function = getattr(value, "__func__", value)
            yield from ("", f"#### {name}.{member}", "")
            yield from _fence(_signature(function, member))
            yield from _markdown(_doc(function, f"{name}.{member}"))


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties that are ours, as the source has them."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("llm_sim")]
    seen: set[str] = set()
    for base in ours:
        for name, value in vars(base).items():
            kind = isinstance(value, property | classmethod) or inspect.isfunction(value)
            # What asyncio and pydantic promise, they describe.
            told = any(hasattr(each, name) for each in cls.__mro__ if each not in ours)
            if kind and not name.startswith(("_", "pydantic_")) and name not in seen and not told:
                seen.add(name)
                yield name, value


def _signature(function: Any, name: str) -> str:
    signature = inspect.signature(function)
    told = list(_parameters(signature))
    back = signature.return_annotation
    arrow = "" if inspect.isclass(function) or back is signature.empty else f" -> {back}"
    start = "async def " if inspect.iscoroutinefunction(function) else ""
    line = f"{start}{name}({', '.join(told)}){arrow}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"{start}{name}(", *(f"    {each}," for each in told), f"){arrow}"])


def _type(annotation: Any) -> str:
    """Return a type as the source writes it; a model knows its types themselves."""
    if isinstance(annotation, str):
        return annotation
    return _HOME.sub("", inspect.formatannotation(annotation)).replace("'", '"')


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    """Yield the parameters, with a ``*`` in front of the first that is given by name only."""
    marked = False
    for name, parameter in signature.parameters.items():
        if name in ("self", "cls") or name.startswith("_"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not marked:
            yield "*"
        marked = marked or parameter.kind in (parameter.VAR_POSITIONAL, parameter.KEYWORD_ONLY)
        stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "")
        told = f"{stars}{name}: {_type(parameter.annotation)}"
        if parameter.default is parameter.empty:
            yield told
        else:
            yield f"{told} = {_default(parameter.default)}"


def _default(value: Any) -> str:
    plain = value is None or isinstance(value, str | int | float | bool)
    if plain or (isinstance(value, tuple) and len(repr(value)) < 20):
        return f'"{value}"' if isinstance(value, str) else repr(value)
    return "..."


def _doc(value: Any, name: str) -> str:
    doc = inspect.getdoc(value)
    if not doc:
        raise ValueError(f"{name} is public and has no docstring")
    return doc


def _doc_of_constant(name: str) -> str:
    home, _, named = llm_sim._HOMES.get(name, "").partition(":")
    package = f"llm_sim.{home}" if home else "llm_sim"
    within = f"{package}." if home else package
    for module in sorted(key for key in sys.modules if key == package or key.startswith(within)):
        text = _texts_below(module).get(named or name)
        if text:
            return text
    raise ValueError(f"{name} is public and has no text below its assignment")


def _texts_below(module: str) -> dict[str, str]:
    """Return the constants of a module with the text that stands below each."""
    body = ast.parse(inspect.getsource(sys.modules[module])).body
    return {
        target.id: inspect.cleandoc(below.value.value)
        for statement, below in pairwise(body)
        if isinstance(statement, ast.AnnAssign) and isinstance(target := statement.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(below.value.value, str)
    }


def _fence(text: str) -> Iterator[str]:
    yield from ("```text", *text.splitlines(), "```", "")


def _markdown(doc: str, arguments: str = "Parameters") -> Iterator[str]:
    """Turn a docstring in Google's style into Markdown."""
    # What stands before the first section, then its head and its text, and so on.
    first, *rest = _SECTION.split(doc)
    yield from _prose(inspect.cleandoc(first))
    for head, section in zip(rest[::2], rest[1::2], strict=True):
        yield from ("", f"**{arguments if head in ('Args', 'Parameters') else head}**", "")
        text = inspect.cleandoc(f"\n{section}")
        if head == "Example":
            code = inspect.cleandoc(text.removeprefix("::"))
            yield from ("```text", *code.splitlines(), "```")
        else:
            yield from _items(text) if head in ("Args", "Parameters", "Raises") else _prose(text)


def _items(text: str) -> Iterator[str]:
    for line in text.splitlines():
        item = _ITEM.match(line)
        if item:
            yield f"* `{item[1]}`: {_inline(item[2])}"
        elif line.strip():
            yield f"  {_inline(line.strip())}"


def _prose(text: str) -> Iterator[str]:
    """Yield paragraphs as they are; columns, and what stands indented behind ``::``, in a fence."""
    for number, paragraph in enumerate(_paragraphs(text)):
        if number:
            yield ""
        if paragraph.startswith(("    ", "====")):
            yield from ("```text", *dedent(paragraph).splitlines(), "```")
        else:
            yield from (_inline(line) for line in paragraph.splitlines())


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs; those that are indented, and follow each other, are one."""
    found: list[str] = []
    for paragraph in re.split(r"\n{2,}", text.replace("::\n", "\n").strip("\n")):
        if found and paragraph.startswith("    ") and found[-1].startswith("    "):
            found[-1] += f"\n\n{paragraph}"
        elif paragraph.strip():
            found.append(paragraph)
    return found


def _inline(line: str) -> str:
    line = re.sub(r":\w+:`~?([^`]+)`", lambda role: f"`{role[1].rpartition('.')[2]}`", line)
    return line.replace("``", "`")
