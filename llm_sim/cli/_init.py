"""``llm-sim init``: a bot, its tests, a scenario and a CI workflow to begin with."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer

from llm_sim.cli._app import command
from llm_sim.cli._console import out
from llm_sim.cli._files import check_writable, create_directory
from llm_sim.errors import UsageError
from llm_sim.kept import write_text
from llm_sim.reports import ExitCode, pasted

_FILES: Final = {
    "bot.py": "three tools, and the function that registers them",
    "shop.py": "the bot as its tests see it",
    "tests/test_bot.py": "every tool, a handler, frames, a sweep",
    "conftest.py": "lets the tests import the bot",
    "scenarios/reserve.sim.yaml": "one conversation",
    ".github/workflows/llm-sim.yml": "all of it in CI",
}
"""What is written, and what it is; in the package, no name begins with a dot."""

_NEXT: Final = (
    "python -m pytest",
    "llm-sim smoke shop:assistant",
    "llm-sim sweep scenarios/reserve.sim.yaml",
    "llm-sim sweep scenarios/reserve.sim.yaml --target pipecat",
)


@command("Begin", "llm-sim init", "llm-sim init simulation", rank=2)
def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The directory to write into.")
    ] = Path(),
) -> ExitCode:
    """Write a bot, its tests, a scenario and a CI workflow.

    Nothing is overwritten: if one of the files is there, none is written.

    Exit code: 0 written, 2 something is in the way.
    """
    _check_free(directory)
    source = files("llm_sim.cli") / "init"
    widest = max(map(len, _FILES))
    for name in _FILES:
        create_directory((directory / name).parent)
        check_writable(directory / name)
    for name, what in _FILES.items():
        template = source / name.removeprefix(".")
        write_text(directory / name, template.read_text(encoding="utf-8"))
        out(f"wrote  {name:{widest}}  {what}")
    lines = _NEXT if directory == Path() else (pasted("cd", str(directory)), *_NEXT)
    out("\n".join(("", f"next   {lines[0]}", *(f"       {line}" for line in lines[1:]))))
    return ExitCode.CLEAN


def _check_free(directory: Path) -> None:
    for each in (directory, *directory.parents):
        if each.exists() and not each.is_dir():
            raise UsageError(f"{each}: is a file; name a directory")
    wanted = [directory / name for name in _FILES]
    parents = [parent for path in wanted for parent in path.parents]
    taken = [path for path in wanted if _is_there(path)]
    taken += [parent for parent in parents if _is_there(parent) and not parent.is_dir()]
    if taken:
        names = ", ".join(dict.fromkeys(map(str, taken)))
        raise UsageError(
            f"{names}: in the way; nothing is written. Name a new directory: "
            f"{pasted('llm-sim', 'init', str(directory / 'simulation'))}"
        )


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
