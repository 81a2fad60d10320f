"""Bots by reference: where one is looked for, and what is wrong with a reference.

A reference that a scenario file holds is resolved from where that file is, as a link in a page is,
and not from where the command was started: the same file then means the same bot from anywhere, and
two services may each have a ``bot.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from llm_sim.errors import BotError, did_you_mean
from llm_sim.targets._bot import Bot, bot_at, described
from llm_sim.targets._homes import Origin, home_of, module_file

_ROOT_FILES: Final = (
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "pytest.ini",
    "tox.ini",
    ".git",
)
"""A directory with one of these is the root of a project."""
_FORMS: Final = "write package.module:attribute or path/to/bot.py:attribute"


def load_bot(reference: str | None, *, beside: str | Path | None = None) -> Bot:
    """Return the bot that a reference names; the same one each time.

    ``package.module:attribute`` is looked for in the directory `beside`, then in each parent up to
    the root of the project, then in the current directory, then wherever an import finds it.
    ``path/to/bot.py:attribute`` is looked for from `beside`, then from the current directory. What
    the bot's code imports is found beside it; see :meth:`Bot.at_home`.

    Args:
        reference: The reference. None is the bot without handlers.
        beside: The directory of the file that has the reference.

    Raises:
        BotError: There is no such module or attribute, or it is neither a Bot nor callable.
    """
    if reference is None:
        return Bot()
    request = _Request.of(reference, beside)
    origin = request.found_file() if request.is_path else request.found_module()
    with origin.entered():
        found: Any = _imported(request, origin)
        where = origin.module
        for name in origin.attribute.split("."):
            if not hasattr(found, name):
                hint = did_you_mean(name, sorted(vars(found))) if hasattr(found, "__dict__") else ""
                raise request.error(f"{where} has no {name!r}{hint}")
            found = getattr(found, name)
            where += f".{name}"
        return bot_at(origin, found, reference)


def reference_from(bot: Bot, directory: str | Path) -> str:
    """Return the reference by which a file in a directory finds a bot.

    A bot that was loaded keeps its reference if that leads to the same bot from there; otherwise it
    is named by the path of its module.

    Args:
        bot: The bot.
        directory: The directory of the file; it may be about to be created.
    """
    reference, file = bot.reference, bot.file
    if file is None or _leads_to(bot, reference, directory):
        return reference
    _, _, attribute = reference.rpartition(":")
    path = os.path.relpath(file, os.path.abspath(directory))
    return f"{Path(path).as_posix()}:{attribute}"


def _leads_to(bot: Bot, reference: str, directory: str | Path) -> bool:
    try:
        return load_bot(reference, beside=directory).file == bot.file
    except BotError:
        return False


@dataclass(frozen=True, slots=True)
class _Request:
    """A reference in its parts, and where it is looked for.

    Parameters:
        reference: The reference as it was given.
        module: What stands before its colon: a module's name or a file's path.
        attribute: What stands behind the colon.
        beside: The directory of whoever has the reference, and its parents in the project.
    """

    reference: str
    module: str
    attribute: str
    beside: Sequence[Path]

    @classmethod
    def of(cls, reference: str, beside: str | Path | None) -> _Request:
        module, _, attribute = reference.rpartition(":")
        request = cls(reference, module, attribute, () if beside is None else _in_project(beside))
        if not (all(attribute.split(".")) and (request.is_path or _is_dotted_name(module))):
            raise request.error(_FORMS)
        return request

    @property
    def is_path(self) -> bool:
        return self.module.endswith(".py") and self.module != ".py"

    @property
    def directories(self) -> Sequence[Path]:
        """Where a module is looked for, first to last."""
        return tuple(dict.fromkeys((*self.beside, _here())))

    def error(self, why: str) -> BotError:
        return BotError(f"bot {self.reference!r}: {why}")

    def found_module(self) -> Origin:
        """Return where a module is; one that has no file here is left to Python to find."""
        # Our own demo is the demo of this process, also beside another checkout of llm_sim.
        ours = self.module.partition(".")[0] == "llm_sim"
        for directory in () if ours else self.directories:
            if module_file(directory, self.module) is not None:
                return Origin(self.module, self.attribute, home_of(directory))
        return Origin(self.module, self.attribute)

    def found_file(self) -> Origin:
        """Return what a path names; a file of a package is a module of that package."""
        directories = dict.fromkeys((*self.beside[:1], _here()))
        for directory in directories:
            file = Path(os.path.realpath(directory / self.module))
            if file.is_file():
                return self._origin_of(file)
        near = did_you_mean(
            os.path.basename(self.module),
            sorted(
                {
                    each.name
                    for directory in directories
                    for each in (directory / self.module).parent.glob("*.py")
                }
            ),
        )
        places = " or ".join(map(_shown, directories))
        raise self.error(f"there is no file {self.module!r} in {places}{near}")

    def _origin_of(self, file: Path) -> Origin:
        if "." in file.stem:
            raise self.error(f"rename {_shown(file)}: no module can have a dot in its name")
        parts = [] if file.stem == "__init__" else [file.stem]
        directory = file.parent
        while (directory / "__init__.py").is_file():
            parts.insert(0, directory.name)
            directory = directory.parent
        return Origin(".".join(parts or [file.stem]), self.attribute, home_of(directory))


def _imported(request: _Request, origin: Origin) -> ModuleType:
    try:
        module = origin.imported()
    except (Exception, SystemExit) as error:
        # Whatever a module raises while it is imported, the bot's author has to repair it.
        why = f"cannot import {origin.module!r}: {described(error)}"
        if isinstance(error, ModuleNotFoundError) and _is_or_holds(error.name, origin.module):
            why = _in_its_way(origin) or why + (
                _looked_in(request) + _nearest(request) + _elsewhere(request)
            )
        raise request.error(why) from error
    if why := _in_its_way(origin):
        raise request.error(why)
    return module


def _in_its_way(origin: Origin) -> str:
    """Return why the file of a module cannot be imported, where its name is taken."""
    found = origin.in_its_way()
    name = origin.module.partition(".")[0]
    return found and f"cannot import {origin.module!r}: {name!r} is {found}; rename your module"


def _is_or_holds(missing: str | None, module: str) -> bool:
    return missing is not None and f"{module}.".startswith(f"{missing}.")


def _is_dotted_name(module: str) -> bool:
    return all(module.split(".")) and not set(module) & set(":/\\")


def _here() -> Path:
    return Path(os.path.realpath(os.curdir))


def _in_project(beside: str | Path) -> Sequence[Path]:
    """Return a directory and its parents up to the root of its project."""
    start = Path(os.path.realpath(beside))
    chain = (start, *start.parents)
    for i, directory in enumerate(chain):
        if any((directory / name).exists() for name in _ROOT_FILES):
            return chain[: i + 1]
    here = _here()
    return chain[: chain.index(here) + 1] if here in chain else (start,)


def _shown(path: Path) -> str:
    """Return a path for a message: relative to the current directory where it is below that."""
    here = _here()
    if path == here:
        return "the current directory"
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)


def _looked_in(request: _Request) -> str:
    first, *parents = request.beside or (_here(),)
    places = [_shown(first)]
    if parents:
        places.append(f"its parents up to {_shown(parents[-1])}")
    if _here() not in (first, *parents):
        places.append(_shown(_here()))
    return f" in {', '.join(places)} or on sys.path"


def _nearest(request: _Request) -> str:
    """Return the hint at a module of a similar name in the places that were searched."""
    package, _, last = request.module.rpartition(".")
    found = {
        name
        for directory in request.directories
        for name in _modules_in(directory.joinpath(*package.split(".")))
    }
    return did_you_mean(last, sorted(found))


def _modules_in(directory: Path) -> Iterator[str]:
    yield from (file.stem for file in directory.glob("*.py"))
    yield from (file.parent.name for file in directory.glob("*/__init__.py"))


def _elsewhere(request: _Request) -> str:
    """Return the remedy for a module that is in a directory below those that were searched."""
    top = request.beside[-1] if request.beside else _here()
    for directory in _directories_below(top):
        if file := module_file(directory, request.module):
            path = Path(os.path.relpath(file, request.beside[0] if request.beside else top))
            return (
                f"; there is one in {_shown(directory)}: write "
                f"{path.as_posix()}:{request.attribute}, or set PYTHONPATH={_shown(directory)}"
            )
    return ""


def _directories_below(top: Path) -> Iterator[Path]:
    """Yield the visible directories one and two levels below another one, in order."""
    found = (each for pattern in ("*", "*/*") for each in top.glob(pattern))
    for directory in sorted(found):
        hidden = any(part.startswith(".") for part in directory.relative_to(top).parts)
        if directory.is_dir() and not hidden:
            yield directory
