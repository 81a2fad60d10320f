"""What is under test, as the user gives it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from llm_sim.errors import BotError, did_you_mean
from llm_sim.network import Network
from llm_sim.scripted import StubFunction
from llm_sim.targets._schemas import schemas_of

Build = Callable[[Any], Any]


_AGGREGATORS: Final = (
    "LLMAssistantAggregator",
    "LLMAssistantContextAggregator",
    "LLMContextAggregator",
    "LLMUserAggregator",
    "LLMUserContextAggregator",
)
_PACKAGE: Final = str(Path(__file__).parents[1])


def _nothing(llm: Any) -> None:
    """Register no handler: the scenario's stub tools are all there is."""


@dataclass(frozen=True, slots=True)
class Bot:
    """The code under test.

    Parameters:
        build: Registers the bot's handlers on the service that it is given, and returns None, the
            service, or the list of processors around it (the service among them). The same
            function is what ships.
        tools: The schemas of its tools, from which drawn calls take their arguments; a tool without
            one is called without arguments. A ``ToolsSchema``; or a list in which each is a
            ``FunctionSchema``, or a mapping as a provider is sent.
        terminal: Names of tools that end things for the user, such as one that hangs up: LS403.
        mutating: Names of tools that change the world, such as one that books: LS402.
        stubs: Functions that stand for the handlers of tools by name. Each takes those of the
            call's arguments by name that it wants and returns the result, or an awaitable of it.
        network: The servers that it can reach; by default none.
        loaded_from: The reference with which :func:`load_bot` found it, or empty. It makes no
            difference to whether two bots are equal.
    """

    build: Build = _nothing
    tools: Any = ()
    terminal: Sequence[str] = ()
    mutating: Sequence[str] = ()
    network: Network | None = None
    stubs: Mapping[str, StubFunction] = field(default_factory=dict, hash=False)
    loaded_from: str = field(default="", compare=False)
    _found_at: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._check_kinds()
        # Frozen for its users; here it is still being built.
        object.__setattr__(self, "tools", schemas_of(self.tools))

    def _check_kinds(self) -> None:
        if isinstance(self.build, str):
            raise BotError(f"build={self.build!r} is text: write load_bot({self.build!r})")
        if not callable(self.build):
            raise BotError(f"build={self.build!r}: give the function that builds it, Bot(build)")
        for what in ("terminal", "mutating"):
            names = getattr(self, what)
            if isinstance(names, str):
                raise BotError(f"{what}={names!r}: give a sequence of names, ({names!r},)")
            if not isinstance(names, Collection):
                raise BotError(f'{what}={names!r}: give a sequence of names, ("hang_up",)')
        if self.network is not None and not isinstance(self.network, Network):
            raise BotError(
                f"network={self.network!r}: give a Network: net = Network(), then "
                'net.serve("api.shop.test", app)'
            )
        if not isinstance(self.stubs, Mapping):
            raise BotError(
                f"stubs={self.stubs!r}: give a function for each name, "
                '{"lookup": lambda order: {"status": "shipped"}}'
            )
        for name, stub in self.stubs.items():
            if not callable(stub):
                raise BotError(
                    f"stubs has {stub!r} for {name!r}: give a function that returns the result, "
                    f"{{{name!r}: lambda: {stub!r}}}"
                )

    @property
    def name(self) -> str:
        """The builder's name."""
        return getattr(self.build, "__name__", type(self.build).__name__)

    @property
    def reference(self) -> str:
        """Where the bot stands, ``package.module:attribute``.

        A bot that was loaded, or that is an attribute of a module, can be loaded again by it. Of
        another one it is where its builder was written, for readers: what a function or a call
        returned can be imported from nowhere.
        """
        if found := self.loaded_from or (self != Bot(self.build) and self._attribute()):
            return found
        qualname = getattr(self.build, "__qualname__", type(self.build).__qualname__)
        plain = qualname.replace(".<locals>", "").replace("<lambda>", "function")
        return f"{getattr(self.build, '__module__', 'builtins')}:{plain}"

    def _attribute(self) -> str:
        """Return where an equal bot stands in a module, or an empty string; looked up once."""
        if not self._found_at:
            self._found_at.append(_attribute_of_a_module(self))
        return self._found_at[0]

    def processors(self, llm: Any) -> list[Any]:
        """Build the bot around a service and return its processors in order.

        Raises:
            BotError: The builder raised, or returned something else than it may.
        """
        try:
            built = self.build(llm)
        except (Exception, SystemExit) as error:
            raise BotError(f"bot {self.name!r} cannot be built: {_told(error)}") from error
        if built is None or built is llm:
            return [llm]
        if not isinstance(built, Sequence) or not any(part is llm for part in built):
            raise BotError(
                f"bot {self.name!r} returned {type(built).__name__}; return None, the service, or "
                "a list of processors with the service among them"
            )
        for part in built:
            self._check_family(part, llm)
            self._check_place(part, built)
        return list(built)

    def _check_place(self, part: Any, built: Sequence[Any]) -> None:
        """Check that a processor is there once, and that it is none of the run's own."""
        kind = type(part).__name__
        if sum(each is part for each in built) > 1:
            raise BotError(f"bot {self.name!r} lists its {kind} twice; a processor has one place")
        if any(cls.__name__ in _AGGREGATORS for cls in type(part).__mro__):
            raise BotError(
                f"bot {self.name!r} lists the aggregator {kind}: a run has a context and "
                "aggregators of its own around the list; leave it out"
            )

    def _check_family(self, part: Any, llm: Any) -> None:
        """Check that a processor is of the library that the service is of."""
        base = next((cls for cls in type(llm).__mro__ if cls.__name__ == "FrameProcessor"), object)
        if isinstance(part, base):
            return
        library, target = ("Pipecat", "pipecat")
        if base.__module__.startswith("llm_sim."):
            library, target = ("llm_sim.service", "reference")
        other = "reference" if target == "pipecat" else "pipecat"
        raise BotError(
            f"bot {self.name!r}: its processor {type(part).__name__} is not derived from the "
            f"FrameProcessor of {library}, on which it is run; try it with target {other!r}"
        )

    def check_declared(self, tools: Collection[str | None]) -> None:
        """Check that each tool that the bot declares as terminal or mutating, or stubs, is one.

        Args:
            tools: The names that have a handler; None among them is the catch-all, which has any.

        Raises:
            BotError: There is no such tool.
        """
        known = sorted(name for name in tools if name is not None)
        for what in ("terminal", "mutating", "stubs"):
            declared: Collection[str] = getattr(self, what)
            for name in declared:
                if name not in known and None not in tools:
                    raise BotError(
                        f"bot {self.name!r} names {name!r} in {what}, and no tool of this name "
                        f"is registered{did_you_mean(name, known)}; there is "
                        f"{', '.join(known) or 'none'}"
                    )


def _told(error: BaseException) -> str:
    """Return what a module or a builder has raised, and the line of it, where there is one."""
    told = str(error) if isinstance(error, ImportError) else repr(error)
    places = [
        f" ({each.filename}:{each.lineno})"
        for each in traceback.extract_tb(error.__traceback__)
        if not each.filename.startswith(("<frozen ", _PACKAGE, importlib.__file__))
    ]
    return told + (places[-1] if places else "")


def _elsewhere(module: str) -> str:
    """Return where below the current directory a module lies that cannot be imported from it."""
    top = module.partition(".")[0]
    if importlib.util.find_spec(top) is not None:
        return ""
    here = Path.cwd()
    found = [
        place.relative_to(here).as_posix()
        for below in ("*", "*/*")
        for file in (f"{top}.py", f"{top}/__init__.py")
        for place in (path.parents[file.count("/")] for path in here.glob(f"{below}/{file}"))
    ]
    paths = ":".join(sorted(found)[:1])
    return f"; it lies in {paths}: set PYTHONPATH={paths}" if paths else ""


def _attribute_of_a_module(bot: Bot) -> str:
    for name, module in list(sys.modules.items()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if type(value) is Bot and value == bot:
                return f"{name}:{attribute}"
    return ""


def load_bot(reference: str | None) -> Bot:
    """Return the bot that ``package.module:attribute`` names; None is the bot without handlers.

    The current directory is importable, as it is for ``python -m``. The bot remembers the
    reference, so that a failure which is saved with it can be replayed.

    Raises:
        BotError: There is no such module or attribute, or it is neither a Bot nor callable.
    """
    if reference is None:
        return Bot()
    module_name, _, attribute = reference.partition(":")
    if not (module_name and attribute):
        raise BotError(f"bot {reference!r}: write package.module:attribute")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        # Whatever a module does while it is imported, it is the bot's to repair.
        raise BotError(
            f"bot {reference!r}: cannot import {module_name!r}: {_told(error)}"
            f"{_elsewhere(module_name) if isinstance(error, ModuleNotFoundError) else ''}"
        ) from error
    try:
        found = getattr(module, attribute)
    except AttributeError:
        hint = did_you_mean(attribute, sorted(vars(module)))
        raise BotError(f"bot {reference!r}: {module_name} has no {attribute!r}{hint}") from None
    if isinstance(found, Bot):
        return replace(found, loaded_from=reference)
    if callable(found):
        return Bot(found, loaded_from=reference)
    raise BotError(
        f"bot {reference!r} is a {type(found).__name__}; give a Bot or a function build(llm)"
    )
