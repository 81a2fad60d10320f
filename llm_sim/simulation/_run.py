"""One run of one scenario."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Any, cast

from llm_sim.errors import SimulationError, UsageError, did_you_mean
from llm_sim.invariants import LAWS, Law, Violation, at_level, judge
from llm_sim.loop import Instrument, SimLoop, StockLoop
from llm_sim.network import Network
from llm_sim.scenario import Scenario
from llm_sim.schedule import Deviation, Schedule, encode
from llm_sim.schedulers import Recording, Replaying, Scheduler
from llm_sim.simulation._expectations import Unmet, unmet
from llm_sim.simulation._frame_log import FrameLog, FrameLogs
from llm_sim.simulation._limits import Limits
from llm_sim.simulation._names import unknown_tools
from llm_sim.simulation._stage import Stage
from llm_sim.simulation._world import exits_told, free_earlier_worlds
from llm_sim.targets import TARGETS, Bot, Target, get_target, load_bot
from llm_sim.trace import DOWN, UP, CallLife, Header, Trace, calls_at_rest, effects, passed


@dataclass(frozen=True, slots=True)
class ContextAtRest:
    """What the conversation has left in the context.

    Parameters:
        roles: The role of each message, in order.
        messages: The messages, as JSON values.
    """

    roles: list[str]
    messages: list[Any]


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one run.

    Parameters:
        scenario: What happened.
        schedule: What landed where, and who went first if it was not asyncio's order.
        trace: The record.
        violations: The laws that were broken.
        opened: Steps done when the conversation opened.
        rested: Steps done when it was at rest.
        complaint: Why there is no verdict, or None: the script did not fit, or the schedule did not
            land.
        landed: Whether every stimulus of the schedule came to its place, and its order could be
            followed.
        unmet: The scenario's expectations that were not met. They say what comes of it as it is
            scripted, so they are asked for only where nothing lands besides its own injections, in
            asyncio's order.
        warnings: The laws of level ``warn`` that were broken: shown, and no failure.
    """

    scenario: Scenario
    schedule: Schedule
    trace: Trace
    violations: tuple[Violation, ...] = ()
    opened: int = 0
    rested: int = 0
    complaint: SimulationError | None = None
    landed: bool = True
    unmet: tuple[Unmet, ...] = ()
    warnings: tuple[Violation, ...] = ()

    @property
    def token(self) -> str:
        """The schedule as a string that replays the run."""
        return encode(self.schedule)

    @property
    def steps(self) -> int:
        """Steps from the opening of the conversation to rest."""
        return self.rested - self.opened

    @property
    def calls(self) -> dict[str, CallLife]:
        """Every tool call of the conversation by its id, in the order of first sight."""
        return calls_at_rest(self.trace)

    def call(self, id: str) -> CallLife:
        """Return one tool call of the conversation.

        Raises:
            UsageError: There was none of this id.
        """
        lives = self.calls
        if not isinstance(id, str):
            raise UsageError(
                f"the id of a call is text, not {id!r}; the run has {', '.join(lives) or 'none'}"
            )
        if id not in lives:
            hint = did_you_mean(id, list(lives))
            raise UsageError(
                f"there was no call {id!r}{hint}; the run has {', '.join(lives) or 'none'}"
            )
        return lives[id]

    @property
    def frames(self) -> dict[str, FrameLog]:
        """The frames of the conversation by their direction, ``Down`` and ``Up``."""
        ways = (DOWN, UP)
        return FrameLogs((way, FrameLog(self.trace, way, passed(self.trace, way))) for way in ways)

    @property
    def context(self) -> ContextAtRest:
        """The context that the model would be given next."""
        state = self.trace.last("state")
        data = {} if state is None else state.data
        return ContextAtRest(list(data.get("roles", ())), list(data.get("messages", ())))

    def effects(self, tool: str) -> int:
        """Return how many times a tool took effect.

        That is, how many runs of its handler called back with a final result or returned; one that
        raised or was cancelled without having called back had none.

        Args:
            tool: Its name.

        Raises:
            UsageError: No tool of this name was registered or called.
        """
        seen = {event.where for event in self.trace.of("register", "handler")}
        if not isinstance(tool, str):
            raise UsageError(f"a tool is named by text, not {tool!r}; write effects('lookup')")
        if tool not in seen and "" not in seen:
            known = sorted(seen)
            raise UsageError(
                f"there is no tool {tool!r}{did_you_mean(tool, known)}; the run has "
                f"{', '.join(known) or 'none'}"
            )
        return sum(event.where == tool for event in effects(self.trace.until_rest()))

    @property
    def laws(self) -> tuple[str, ...]:
        """The codes of the broken laws, sorted, each once."""
        return tuple(sorted({violation.law for violation in self.violations}))


def run(
    scenario: Scenario,
    *,
    bot: Bot | None = None,
    target: str | Target = "reference",
    schedule: Schedule | None = None,
    limits: Limits | None = None,
    laws: tuple[Law, ...] = LAWS,
    place: str = "",
    loop: type[SimLoop | StockLoop] = SimLoop,
    record: bool = True,
    instrument: Instrument | None = None,
    scheduler: Scheduler | None = None,
    network: Network | None = None,
) -> Run:
    """Run a scenario once and judge it.

    Args:
        scenario: What happens.
        bot: What is under test; by default the scenario's own bot.
        target: Which service core it runs on: ``reference`` (embedded), ``pipecat`` (installed) or
            ``naive`` (with two planted races); or a target of your own.
        schedule: What lands where, besides the scenario's own injections, and who goes first.
        limits: Where a run that does not come to rest is stopped; by default after 300 virtual
            seconds, or later where the scenario says that it takes longer.
        laws: What must hold.
        place: Where the scenario stands, ``FILE::NAME``, for messages.
        loop: What it runs on: the simulated loop, or asyncio's own in virtual time.
        record: Whether frames are recorded; without, there is no verdict and only the steps can
            be compared.
        instrument: Watches the loop's steps.
        scheduler: Chooses who goes first, from the opening of the conversation to rest; its next
            run has begun. What it chose is in the schedule of the `Run`.
        network: The servers that can be reached; by default the bot's.

    Raises:
        UsageError: The scenario, the bot or the target cannot be used; or both a scheduler and a
            schedule with an order are given.
        SimulationError: The pipeline did not start, or code asked for the real world.
    """
    chosen = _checked_target(scenario, bot, target, limits, laws)
    plan = Schedule() if schedule is None else schedule
    _check_order(plan, scheduler, loop)
    replay = None if plan.order is None else Replaying(plan.order)
    recording = None if scheduler is None else Recording(scheduler)
    chooser = replay or recording
    bot = bot or load_bot(scenario.bot)
    header = _header(_under_test(chosen, loop), scenario, bot, plan, place)
    free_earlier_worlds()
    stage = Stage(
        scenario,
        bot,
        chosen,
        header,
        limits or Limits.of(scenario),
        loop=loop,
        record=record,
        picker=None if chooser is None else chooser.choose,
        network=network,
    )
    if instrument is not None:
        stage.loop.add_instrument(instrument)
    with stage, exits_told():
        # In a context of its own, which keeps what causes what; the caller's goes on after the run.
        copy_context().run(stage.play, plan)
    trace = stage.recorder.trace
    if recording is not None:
        plan = replace(plan, order=recording.order)
        trace.header = replace(header, schedule=encode(plan))
    outstanding = () if replay is None else replay.outstanding
    levels = at_level("error", *scenario.strict, laws=laws)
    found = judge(trace, levels) if record and not stage.held else ()
    return Run(
        scenario,
        plan,
        trace,
        tuple(each for each in found if each.level == "error"),
        stage.opened,
        stage.rested,
        _complaint(stage, scenario, plan, outstanding),
        not (stage.missed or outstanding),
        unmet(scenario, trace) if record and plan == Schedule() else (),
        tuple(each for each in found if each.level == "warn"),
    )


def _checked_target(scenario: Any, bot: Any, target: Any, limits: Any, laws: Any) -> Target:
    """Return the target where every argument is of its kind."""
    if not isinstance(scenario, Scenario):
        raise UsageError(
            f"run takes one Scenario, not {scenario!r}; write Scenario(script=[turn(...)]), or "
            "take one of the list that load_scenarios(file) returns"
        )
    if bot is not None and not isinstance(bot, Bot):
        remedy = f"load_bot({bot!r})" if isinstance(bot, str) else "Bot(build)"
        raise UsageError(f"bot must be a Bot, not {bot!r}; write {remedy}")
    if not isinstance(target, str) and not callable(getattr(target, "open", None)):
        names = ", ".join(map(repr, TARGETS))
        raise UsageError(f"target must be one of {names}, or a Target, not {target!r}")
    if limits is not None and not isinstance(limits, Limits):
        raise UsageError(f"limits must be Limits, not {limits!r}; write Limits(max_steps=1000)")
    if isinstance(laws, str) or not isinstance(laws, Sequence):
        raise UsageError(f'laws must be a tuple of laws, not {laws!r}; write (get_law("LS101"),)')
    for law in laws:
        if not isinstance(law, Law):
            raise UsageError(f'laws has {law!r}, which is no law; write get_law("LS101")')
    return get_target(target) if isinstance(target, str) else cast(Target, target)


def _under_test(target: Target, loop: type[SimLoop | StockLoop]) -> str:
    stock = " on stock asyncio" if issubclass(loop, StockLoop) else ""
    return f"{target.name} {target.version()}{stock}"


def _header(under_test: str, scenario: Scenario, bot: Bot, plan: Schedule, place: str) -> Header:
    return Header(
        under_test,
        scenario.name,
        scenario.mode,
        encode(plan),
        place,
        stubs=(*bot.stubs, *(name for name, tool in scenario.tools.items() if tool.registered)),
        terminal=tuple(bot.terminal),
        mutating=tuple(bot.mutating),
    )


def _check_order(
    plan: Schedule, scheduler: Scheduler | None, loop: type[SimLoop | StockLoop]
) -> None:
    if scheduler is not None and plan.order is not None:
        raise UsageError(
            f"schedule {encode(plan)!r} has an order of its own: give it, or a scheduler, not both"
        )
    if issubclass(loop, StockLoop) and (scheduler is not None or plan.order is not None):
        raise UsageError("asyncio's own loop has one order: give neither a scheduler nor an order")


def _complaint(
    stage: Stage, scenario: Scenario, plan: Schedule, outstanding: tuple[Deviation, ...]
) -> SimulationError | None:
    if stage.held:
        return SimulationError(
            f"{_several(stage.held)} stands at a gate that nothing opened: release it, as with "
            f"`inject: [{{at: Interruption, do: {{release: {stage.held[0]}}}}}]`"
        )
    if stage.missed:
        return SimulationError(
            f"the schedule did not land: {'; '.join(stage.missed)} never came; "
            "the run has no such frame or is over before"
        )
    if outstanding:
        return SimulationError(
            f"the schedule did not land: {'; '.join(one.in_words() for one in outstanding)}: no "
            "such choice came, or fewer were ready at it"
        )
    if stage.unseen and not plan.landings:
        return SimulationError(
            f"the scenario injects {'; '.join(stage.unseen)}: the run has no such frame, or not so "
            "many of them"
        )
    if stage.gates.unreached and not plan.landings:
        return SimulationError(
            f"{_several(tuple(stage.gates.unreached))} never came to the await before which it is "
            "held: its handler has fewer, or was never called"
        )
    if scenario.open_ended:
        return None
    if not plan.landings and (unknown := unknown_tools(scenario, stage.recorder.trace)):
        return SimulationError("; ".join(unknown))
    disturbed = bool(plan.landings) or any(i.do.kind != "say" for i in scenario.inject)
    return stage.player.complaint(disturbed=disturbed)


def _several(tools: tuple[str, ...]) -> str:
    return ", ".join(f"`{tool}`" for tool in tools)
