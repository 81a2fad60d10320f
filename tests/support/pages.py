"""A page of the documentation as something that can be played.

Whatever a page shows in a fence is real. By the fence's first words:

* ``python title="bot.py"``, or any language with a title: a file of that name, for what follows.
* ``python`` without a title: tests, which pytest runs, where there are some in it; a program else.
* ``yaml`` without a title: a scenario file.
* ``console``: commands behind ``$``, and what they print. A line ``…`` stands for any lines.
* ``text``: nothing that runs: a drawing, a grammar, a piece of an output.

The blocks of a page follow each other in one directory, as a reader would type them.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.command import SOURCE
from tests.support.scenarios import ROOT

LANGUAGES: Final = ("console", "ini", "python", "text", "toml", "yaml")
ELISION: Final = "…"
NOT_TYPED_HERE: Final = ("python -m pip ", "git ")
"""What a reader types and a test does not: it is installed already."""

ALONE: Final = "<!-- in an empty directory -->"
"""Stands in a page whose reader does not have the scenarios of this project."""

_OF_CI: Final = ("BUILD_NUMBER", "CI")

_FENCE: Final = re.compile(
    r'^(?P<indent> *)```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n'
    r"(?P<text>.*?)^(?P=indent)```$",
    re.M | re.S,
)
_VARYING: Final = (
    (re.compile(r"\b\d+\.\d+ ?s\b"), "0.0 s"),
    (re.compile(r" +(?=0\.0 s$)", re.M), "   "),
    (re.compile(r"Python 3\.\d+\.\d+"), "Python 3"),
    (
        re.compile(r"^(platform|plugins|cachedir|rootdir|configfile|hypothesis profile).*\n", re.M),
        "",
    ),
    (re.compile(r"=+ (.*?) =+"), r"== \1 =="),
)


@dataclass(frozen=True, slots=True)
class Block:
    """One fence of a page.

    Parameters:
        language: Its first word, or empty.
        title: The name of the file that it is, or empty.
        text: What stands in it.
        line: The line of its first line of text, from 1.
    """

    language: str
    title: str
    text: str
    line: int


def pages() -> list[Path]:
    """Return the pages, the front page first."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(text: str) -> list[Block]:
    """Return the fences of a page, in order."""
    return [
        Block(
            fence["language"],
            fence["title"] or "",
            fence["text"],
            text.count("\n", 0, fence.start("text")) + 1,
        )
        for fence in _FENCE.finditer(text)
    ]


def played(text: str, workspace: Path) -> Iterator[tuple[Block, str]]:
    """Play a page and yield each block with what it should say.

    Args:
        text: The page.
        workspace: An empty directory.

    Yields:
        The block, and its text as it came out; for whatever prints nothing, its own text.
    """
    if ALONE not in text:
        (workspace / "scenarios").symlink_to(ROOT / "scenarios")
    for number, block in enumerate(blocks(text)):
        if block.title:
            file = workspace / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.is_symlink() or file.resolve().is_relative_to(ROOT):
                raise ValueError(f"line {block.line}: {block.title} would write into the project")
            file.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            yield block, _typed(block.text, workspace)
            continue
        elif block.language == "python":
            _run_python(block, number, workspace)
        elif block.language == "yaml":
            file = workspace / f"block_{number}.sim.yaml"
            file.write_text(block.text, encoding="utf-8")
            _checked(f"llm-sim run {file.name}", workspace)
        yield block, block.text


def same(shown: str, actual: str) -> bool:
    """Return whether an output is the one that is shown, times and elisions apart."""
    parts = [re.escape(part) for part in re.split(rf"^ *{ELISION}\n", _steady(shown), flags=re.M)]
    return re.fullmatch("(?:.*\n)*?".join(parts), _steady(actual)) is not None


def rewritten(text: str, workspace: Path) -> str:
    """Return a page with the outputs that came out where they are other ones."""
    for block, actual in played(text, workspace):
        if block.language == "console" and not same(block.text, actual):
            text = text.replace(f"```console\n{block.text}```", f"```console\n{actual}```", 1)
    return text


def _steady(text: str) -> str:
    for varying, instead in _VARYING:
        text = varying.sub(instead, text)
    return re.sub(r"[ \t]+$", "", text, flags=re.M)


def _typed(text: str, workspace: Path) -> str:
    lines = []
    for line in text.splitlines():
        if line.startswith("$ "):
            command = line[2:].partition("  # ")[0]
            lines.append(line)
            if not command.startswith(NOT_TYPED_HERE):
                lines += _output(command, workspace).splitlines()
    return "\n".join([*lines, ""])


def _run_python(block: Block, number: int, workspace: Path) -> None:
    tests = re.search(r"^(async )?def test_", block.text, re.M) is not None
    file = workspace / (f"test_block_{number}.py" if tests else f"block_{number}.py")
    file.write_text(block.text, encoding="utf-8")
    runner = "python -m pytest -q -p no:cacheprovider" if tests else "python"
    _checked(f"{runner} {file.name}", workspace)


def _checked(command: str, workspace: Path) -> None:
    done = _run(command, workspace)
    if done.returncode:
        raise AssertionError(f"{command} exits {done.returncode}:\n{done.stdout}")


def _output(command: str, workspace: Path) -> str:
    return _run(command, workspace).stdout.replace(str(workspace), "…")


def _run(command: str, workspace: Path) -> subprocess.CompletedProcess[str]:
    name, *arguments = shlex.split(command)
    module = {"llm-sim": ["-c", SOURCE], "pytest": ["-m", "pytest"], "python": []}[name]
    here = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    # In CI pytest prints long lines whole; a reader's terminal does not.
    surroundings = {name: value for name, value in os.environ.items() if name not in _OF_CI}
    return subprocess.run(
        [sys.executable, *module, *arguments],
        cwd=workspace,
        env={
            **surroundings,
            "PYTHONPATH": os.pathsep.join(filter(None, here)),
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "PYTEST_ADDOPTS": "-p no:cacheprovider -o asyncio_default_fixture_loop_scope=function",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        check=False,
    )
