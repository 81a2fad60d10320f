"""What is run: a scenario with everything that its verdict depends on.

Every front door (a Python call, the fixture, a scenario file in pytest, each command) makes its
Setups with :meth:`Setup.of`, once. Code below takes the whole value. So a bot is loaded in one
place, a name is checked in one place, and nobody can forget one of the parts on the way.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from typing import Final

from llm_sim.errors import ScenarioError, UsageError
from llm_sim.invariants import LAWS, Law, at_level
from llm_sim.loop import SimLoop, StockLoop
from llm_sim.network import Network
from llm_sim.scenario import Place, Scenario
from llm_sim.schedule import Schedule, encode
from llm_sim.simulation._limits import Limits
from llm_sim.simulation._names import noted, placed_at, tools_without_a_bot, unknown_laws
from llm_sim.targets import TARGET_NAMES, Bot, Target, get_target, load_bot
from llm_sim.trace import Header


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a call does not say.

    Parameters:
        target: The name of the target, or a target.
        laws: What must hold.
        limits: Where a run is stopped, or None: where its scenario says.
        test: The node id of the test that runs, or empty.
        override: The target that stands above a scenario's own, or None: the command line of a
            session names it, while what is configured for a project only fills in.
    """

    target: str | Target = "reference"
    laws: tuple[Law, ...] = LAWS
    limits: Limits | None = None
    test: str = ""
    override: str | Target | None = None


_NO_DEFAULTS: Final = Defaults()

DEFAULTS: Final[ContextVar[Defaults]] = ContextVar("llm_sim_defaults", default=_NO_DEFAULTS)
"""What holds for calls that do not say; the pytest plugin sets it for each test."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What is run, whole; :meth:`of` makes it.

    Parameters:
        scenario: What happens.
        bot: What is under test.
        target: Which service core it runs on.
        laws: What must hold, each law at its level; what is disabled is not among them.
        limits: Where a run that does not come to rest is stopped.
        network: The servers that can be reached; None: the bot's.
        place: Where the scenario stands, or the test that runs it.
    """

    scenario: Scenario
    bot: Bot
    target: Target
    laws: tuple[Law, ...] = LAWS
    limits: Limits = field(default_factory=Limits)
    network: Network | None = None
    place: Place = field(default_factory=Place)

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        *,
        bot: Bot | None = None,
        target: str | Target | None = None,
        laws: Sequence[Law] | None = None,
        limits: Limits | None = None,
        network: Network | None = None,
        place: Place | None = None,
    ) -> Setup:
        """Return a Setup with every part resolved and checked.

        Args:
            scenario: What happens.
            bot: What is under test; by default the scenario's own bot, which is looked for beside
                the file that names it.
            target: ``reference``, ``pipecat``, ``naive`` or ``auto``; or a target of your own. By
                default what the session insists on, the scenario names or the session falls back
                to, in this order; or ``reference``.
            laws: What must hold; those that the scenario names as strict are errors.
            limits: Where a run that does not come to rest is stopped; by default where the scenario
                says that it takes so long, or after 300 virtual seconds.
            network: The servers that can be reached; by default the bot's.
            place: Where the scenario stands; by default where it was loaded from.

        Raises:
            UsageError: A part cannot be used; a mistake in a scenario file comes with its line
                and column.
            TargetError: The target is not installed, or of a release that is not supported.
        """
        defaults = DEFAULTS.get()
        laws = defaults.laws if laws is None else laws
        limits = defaults.limits if limits is None else limits
        _check_kinds(scenario, bot, laws, limits, network, place)
        where = scenario.place if place is None else place
        problems = unknown_laws(scenario)
        with noted(problems):
            under_test = _bot_of(scenario, where) if bot is None else bot
        with noted(problems):
            chosen = _target_of(
                scenario, _chosen(target, defaults.override, scenario.target, defaults.target)
            )
        if problems:
            raise ScenarioError(*problems)
        return cls(
            scenario,
            under_test,
            chosen,
            tuple(laws),
            Limits.of(scenario) if limits is None else limits,
            network,
            where,
        )

    def varied(self, scenario: Scenario) -> Setup:
        """Return the Setup of another scenario with the same bot, target, laws and place.

        Args:
            scenario: A variation; where the limits followed from the scenario, they follow from it.
        """
        usual = self.limits == Limits.of(self.scenario)
        limits = Limits.of(scenario) if usual else self.limits
        return replace(self, scenario=scenario, limits=limits)

    @property
    def judged(self) -> tuple[Law, ...]:
        """The laws at the level that they have for this scenario."""
        return at_level("error", *self.scenario.strict, laws=self.laws)

    @property
    def under_test(self) -> str:
        """The target with its version, e.g. ``pipecat 1.14.0``."""
        return f"{self.target.name} {self.target.version()}"

    @property
    def bot_reference(self) -> str | None:
        """The bot's reference, where it is not the scenario's own one; else None."""
        loaded = self.bot.loaded_from
        if loaded:
            return None if loaded == self.scenario.bot else loaded
        return None if self.scenario.bot or self.bot == Bot() else self.bot.reference

    def header(self, schedule: Schedule, loop: type[SimLoop | StockLoop] = SimLoop) -> Header:
        """Return the head of a trace: all that the verdict depends on.

        Args:
            schedule: What lands where.
            loop: What the run is on.
        """
        scenario, bot = self.scenario, self.bot
        stock = " on stock asyncio" if issubclass(loop, StockLoop) else ""
        own = {law.code: law.level for law in LAWS}
        judged = {law.code: law.level for law in self.judged}
        return Header(
            self.under_test + stock,
            scenario.name,
            scenario.mode,
            encode(schedule),
            file=self.place.file,
            test=self.place.test,
            stubs=(*bot.stubs, *(name for name, tool in scenario.tools.items() if tool.registered)),
            terminal=tuple(bot.terminal),
            mutating=tuple(bot.mutating),
            levels=tuple(
                f"{c} {level}" for c, level in judged.items() if own.get(c, level) != level
            ),
            disabled=tuple(code for code in own if code not in judged),
            python=platform.python_version(),
            llm_sim=_own_version(),
        )


@cache
def _own_version() -> str:
    # Asked for in every run, and finding it takes a tenth of a short one.
    return version("llm_sim")


def _bot_of(scenario: Scenario, place: Place) -> Bot:
    tools_without_a_bot(scenario)
    with placed_at(scenario, "bot"):
        return load_bot(scenario.bot, beside=place.directory)


def _chosen(*targets: str | Target | None) -> str | Target:
    """Return the first that is not None: an empty name is refused later, not skipped."""
    return next(target for target in targets if target is not None)


def _target_of(scenario: Scenario, target: str | Target) -> Target:
    if isinstance(target, str):
        with placed_at(scenario, "target") if target == scenario.target else nullcontext():
            target = get_target(target)
    elif not callable(getattr(target, "open", None)):
        names = ", ".join(map(repr, TARGET_NAMES))
        raise UsageError(f"target must be one of {names}, or a Target, not {target!r}")
    return target


def _check_kinds(
    scenario: object, bot: object, laws: object, limits: object, network: object, place: object
) -> None:
    """Refuse an argument of another kind than it must be, with what to write."""
    if not isinstance(scenario, Scenario):
        raise UsageError(
            f"scenario must be one Scenario, not {scenario!r}; write "
            "Scenario(script=[turn(...)]), or take one of the list that load_scenarios(file) "
            "returns"
        )
    if bot is not None and not isinstance(bot, Bot):
        remedy = f"load_bot({bot!r})" if isinstance(bot, str) else "Bot(build)"
        raise UsageError(f"bot must be a Bot, not {bot!r}; write {remedy}")
    if limits is not None and not isinstance(limits, Limits):
        raise UsageError(f"limits must be Limits, not {limits!r}; write Limits(max_steps=1000)")
    if network is not None and not isinstance(network, Network):
        raise UsageError(f"network must be a Network, not {network!r}; write net = Network()")
    if place is not None and not isinstance(place, Place):
        raise UsageError(f"place must be a Place, not {place!r}; write Place.parse({place!r})")
    if isinstance(laws, str) or not isinstance(laws, Sequence):
        raise UsageError(f'laws must be a tuple of laws, not {laws!r}; write (get_law("LS101"),)')
    for law in laws:
        if not isinstance(law, Law):
            raise UsageError(f'laws has {law!r}, which is no law; write get_law("LS101")')
