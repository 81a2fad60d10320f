"""What is under test, as the user gives it."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from llm_sim.errors import BotError, did_you_mean
from llm_sim.network import Network
from llm_sim.scripted import StubFunction
from llm_sim.targets._homes import Origin
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
        tools: The schemas of its tools: a ``ToolsSchema``, or a list of ``FunctionSchema`` and of
            mappings in a provider's form. When calls are drawn, their arguments follow the schema;
            a tool without a schema is called without arguments.
        terminal: Names of tools that end the conversation, such as one that hangs up; LS403 judges
            them.
        mutating: Names of tools that change the world, such as one that books; LS402 judges them.
        stubs: Functions that replace the handlers of tools, by the tool's name. A function names
            the arguments of the call that it needs, and returns the result or an awaitable of it.
        network: The servers that it can reach; none by default.
        loaded_from: The reference that :func:`load_bot` found it by, or empty. Two bots that differ
            only in it are equal.
    """

    build: Build = _nothing
    tools: Any = ()
    terminal: Sequence[str] = ()
    mutating: Sequence[str] = ()
    network: Network | None = None
    stubs: Mapping[str, StubFunction] = field(default_factory=dict, hash=False)
    loaded_from: str = field(default="", compare=False)
    _origin: Origin | None = field(default=None, repr=False, compare=False)
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
        """Where the bot is defined, ``package.module:attribute``.

        A bot that was loaded, or that is an attribute of a module, can be loaded again by it. For
        any other bot it names its builder, for readers: nothing can import a function that is
        defined inside another one.
        """
        if found := self.loaded_from or (self != Bot(self.build) and self._attribute()):
            return found
        qualname = getattr(self.build, "__qualname__", type(self.build).__qualname__)
        plain = qualname.replace(".<locals>", "").replace("<lambda>", "function")
        return f"{getattr(self.build, '__module__', 'builtins')}:{plain}"

    @property
    def file(self) -> Path | None:
        """The file of the module that it was loaded from; None for a bot that was not loaded."""
        return None if self._origin is None else self._origin.file()

    def at_home(self) -> AbstractContextManager[None]:
        """Enter the directory that the bot was loaded from.

        While it is entered, what the bot's code imports comes from there first, so that two
        services whose modules have the same names do not meet. For a bot that was not loaded this
        does nothing.
        """
        return nullcontext() if self._origin is None else self._origin.entered()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Let another process load the bot again, where it was loaded.

        Pickle would look for its functions by their modules' names alone, and two services may
        each have a module of that name.
        """
        if self._origin is None:
            return object.__reduce_ex__(self, protocol)
        loaded = _loaded_again(self._origin)
        changes = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.init and getattr(self, each.name) != getattr(loaded, each.name)
        }
        return _loaded_again, (self._origin, changes)

    def _attribute(self) -> str:
        """Return the module attribute that holds an equal bot, or an empty string; found once."""
        if not self._found_at:
            self._found_at.append(_attribute_of_a_module(self))
        return self._found_at[0]

    def processors(self, llm: Any) -> list[Any]:
        """Build the bot around a service and return its processors in order.

        Raises:
            BotError: The builder raised, or returned something that it must not.
        """
        try:
            built = self.build(llm)
        except (Exception, SystemExit) as error:
            raise BotError(f"bot {self.name!r} cannot be built: {described(error)}") from error
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
        """Check that a processor is listed once, and is no aggregator."""
        kind = type(part).__name__
        if sum(each is part for each in built) > 1:
            raise BotError(f"bot {self.name!r} lists its {kind} twice; a processor has one place")
        if any(cls.__name__ in _AGGREGATORS for cls in type(part).__mro__):
            raise BotError(
                f"bot {self.name!r} lists the aggregator {kind}: a run has a context and "
                "aggregators of its own around the list; leave it out"
            )

    def _check_family(self, part: Any, llm: Any) -> None:
        """Check that a processor comes from the same library as the service."""
        base = next((cls for cls in type(llm).__mro__ if cls.__name__ == "FrameProcessor"), object)
        if isinstance(part, base):
            return
        library, target = ("Pipecat", "pipecat")
        if base.__module__.startswith("llm_sim."):
            library, target = ("llm_sim.service", "reference")
        other = "reference" if target == "pipecat" else "pipecat"
        raise BotError(
            f"bot {self.name!r}: its processor {type(part).__name__} is not derived from the "
            f"FrameProcessor of {library}, which this run uses; try target {other!r}"
        )

    def check_declared(self, tools: Collection[str | None]) -> None:
        """Check that each tool which the bot declares or stubs has a handler.

        Args:
            tools: The names that have a handler; None is the catch-all, which handles every name.

        Raises:
            BotError: A tool has none.
        """
        known = sorted(name for name in tools if name is not None)
        for what in ("terminal", "mutating", "stubs"):
            declared: Collection[str] = getattr(self, what)
            for name in declared:
                if name not in known and None not in tools:
                    raise BotError(
                        f"bot {self.name!r} names {name!r} in {what}, but registers no tool of "
                        f"this name{did_you_mean(name, known)}; it registers "
                        f"{', '.join(known) or 'none'}"
                    )


def described(error: BaseException) -> str:
    """Return what a module or a builder raised, with the file and line of it if there is one."""
    message = str(error) if isinstance(error, ImportError) else repr(error)
    places = [
        f" ({frame.filename}:{frame.lineno})"
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(("<frozen ", _PACKAGE, importlib.__file__))
    ]
    return message + (places[-1] if places else "")


def _attribute_of_a_module(bot: Bot) -> str:
    for name, module in list(sys.modules.items()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if type(value) is Bot and value == bot:
                return f"{name}:{attribute}"
    return ""


def bot_at(origin: Origin, found: Any, reference: str) -> Bot:
    """Return the bot that an object is or builds; the same one each time.

    Args:
        origin: Where it was found.
        found: The object.
        reference: What it was asked for by.

    Raises:
        BotError: It is neither a Bot nor callable.
    """
    last, bot = _loaded.get((origin, reference), (None, None))
    # The object is compared, because a test may have replaced it or imported its module again.
    if bot is not None and last is found:
        return bot
    if isinstance(found, Bot):
        bot = replace(found, loaded_from=reference, _origin=origin)
    elif callable(found):
        bot = Bot(found, loaded_from=reference, _origin=origin)
    else:
        raise BotError(
            f"bot {reference!r} is a {type(found).__name__}; give a Bot or a function build(llm)"
        )
    _loaded[origin, reference] = found, bot
    return bot


_loaded: Final[dict[tuple[Origin, str], tuple[Any, Bot]]] = {}


def _loaded_again(origin: Origin, changes: Mapping[str, Any] | None = None) -> Bot:
    found = attrgetter(origin.attribute)(origin.imported())
    bot = bot_at(origin, found, f"{origin.module}:{origin.attribute}")
    return replace(bot, **changes) if changes else bot
