"""One run of one Setup."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Any

from llm_sim.errors import SimulationError, UsageError, did_you_mean
from llm_sim.invariants import LAWS, Law, Violation, judge
from llm_sim.loop import Instrument, SimLoop, StockLoop
from llm_sim.network import Network
from llm_sim.scenario import Place, Scenario
from llm_sim.schedule import Deviation, Schedule, encode
from llm_sim.schedulers import Recording, Replaying, Scheduler
from llm_sim.simulation._expectations import UnmetExpectation, unmet
from llm_sim.simulation._frame_log import FrameLog, FrameLogs
from llm_sim.simulation._limits import Limits
from llm_sim.simulation._names import unknown_tools
from llm_sim.simulation._setup import Setup
from llm_sim.simulation._stage import Stage
from llm_sim.simulation._verdict import Broken, NoVerdict, Unmet, Verdict, verdict_of
from llm_sim.simulation._world import exits_told, free_earlier_worlds
from llm_sim.targets import Bot, Target
from llm_sim.trace import DOWN, UP, CallLife, Trace, calls_at_rest, effects, passed


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
        setup: What was run.
        schedule: What landed where, and who went first if it was not asyncio's order.
        trace: The record.
        verdict: What the run comes to.
        warnings: The laws of level ``warn`` that were broken: shown, and no failure.
        opened: Steps done when the conversation opened.
        rested: Steps done when it was at rest.
        landed: Whether every stimulus of the schedule came to its place, and its order could be
            followed.
    """

    setup: Setup = field(repr=False)
    schedule: Schedule
    trace: Trace = field(repr=False)
    verdict: Verdict
    warnings: tuple[Violation, ...] = ()
    opened: int = 0
    rested: int = 0
    landed: bool = True

    @property
    def scenario(self) -> Scenario:
        """What happened."""
        return self.setup.scenario

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Where laws of level ``error`` did not hold."""
        return self.verdict.violations if isinstance(self.verdict, Broken) else ()

    @property
    def unmet(self) -> tuple[UnmetExpectation, ...]:
        """The scenario's expectations that were not met.

        They say what comes of it as it is scripted, so they are asked for only where nothing lands
        besides its own injections, in asyncio's order.
        """
        match self.verdict:
            case Broken(unmet=missed) | Unmet(expectations=missed):
                return missed
        return ()

    @property
    def complaint(self) -> SimulationError | None:
        """Why the run does not fit its script or its schedule, or None."""
        return self.verdict.reason if isinstance(self.verdict, NoVerdict | Unmet) else None

    @property
    def laws(self) -> tuple[str, ...]:
        """The codes of the broken laws, sorted, each once."""
        return self.verdict.laws if isinstance(self.verdict, Broken) else ()

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

    def judged(self, verdict: Verdict) -> Run:
        """Return the run with another verdict, which its trace then tells too."""
        # With a head of its own: that of this run goes on telling this run's verdict.
        return _told(replace(self, verdict=verdict, trace=replace(self.trace)))


def run(
    scenario: Scenario,
    *,
    bot: Bot | None = None,
    target: str | Target | None = None,
    schedule: Schedule | None = None,
    limits: Limits | None = None,
    laws: Sequence[Law] | None = None,
    network: Network | None = None,
    place: Place | None = None,
) -> Run:
    """Run a scenario once and judge it.

    Args:
        scenario: What happens.
        bot: What is under test; by default the scenario's own bot.
        target: Which service core it runs on: ``reference`` (embedded), ``pipecat`` (installed),
            ``naive`` (with two planted races) or ``auto`` (Pipecat if there is one); or a target of
            your own. By default that of the test session, or ``reference``.
        schedule: What lands where, besides the scenario's own injections, and who goes first.
        limits: Where a run that does not come to rest is stopped; by default after 300 virtual
            seconds, or later where the scenario says that it takes longer.
        laws: What must hold.
        network: The servers that can be reached; by default the bot's.
        place: Where the scenario stands, for messages; by default where it was loaded from.

    Raises:
        UsageError: The scenario, the bot or the target cannot be used.
        SimulationError: The pipeline did not start, or code asked for the real world.
    """
    setup = Setup.of(
        scenario,
        bot=bot,
        target=target,
        limits=limits,
        laws=laws,
        network=network,
        place=place,
    )
    return simulate(setup, schedule)


def simulate(
    setup: Setup,
    schedule: Schedule | None = None,
    *,
    loop: type[SimLoop | StockLoop] = SimLoop,
    record: bool = True,
    instrument: Instrument | None = None,
    scheduler: Scheduler | None = None,
) -> Run:
    """Run a Setup once and judge it.

    Args:
        setup: What is run.
        schedule: What lands where, and who goes first.
        loop: What it runs on: the simulated loop, or asyncio's own in virtual time.
        record: Whether frames are recorded; without, there is no verdict and only the steps can
            be compared.
        instrument: Watches the loop's steps.
        scheduler: Chooses who goes first, from the opening of the conversation to rest; its next
            run has begun. What it chose is in the schedule of the `Run`.

    Raises:
        UsageError: Both a scheduler and a schedule with an order are given.
        SimulationError: The pipeline did not start, or code asked for the real world.
    """
    plan = Schedule() if schedule is None else schedule
    _check_order(plan, scheduler, loop)
    replay = None if plan.order is None else Replaying(plan.order)
    recording = None if scheduler is None else Recording(scheduler)
    chooser = replay or recording
    header = setup.header(plan, loop)
    free_earlier_worlds()
    picker = None if chooser is None else chooser.choose
    stage = Stage(setup, header, loop=loop, record=record, picker=picker)
    if instrument is not None:
        stage.loop.add_instrument(instrument)
    with setup.bot.at_home(), stage, exits_told():
        # In a context of its own, which keeps what causes what; the caller's goes on after the run.
        copy_context().run(stage.play, plan)
    trace = stage.recorder.trace
    if recording is not None:
        plan = replace(plan, order=recording.order)
        trace.header = replace(header, schedule=encode(plan))
    outstanding = () if replay is None else replay.outstanding
    if stage.held:
        # A conversation that stands still at a gate tells nothing of any law.
        trace.header = replace(trace.header, disabled=tuple(law.code for law in LAWS))
    found = judge(trace, setup.judged) if record and not stage.held else ()
    verdict = verdict_of(
        tuple(each for each in found if each.level == "error"),
        unmet(setup.scenario, trace) if record and plan == Schedule() else (),
        _why_unjudged(stage, setup.scenario, plan, outstanding),
    )
    return _told(
        Run(
            setup,
            plan,
            trace,
            verdict,
            tuple(each for each in found if each.level == "warn"),
            stage.opened,
            stage.rested,
            not (stage.missed or outstanding),
        )
    )


def _told(one: Run) -> Run:
    """Let the head of the trace tell what of the verdict no law can find in its events.

    Whether the scenario's expectations were met and its script fitted is a matter between the trace
    and the scenario, and a law of the user's own is code that the file does not hold.
    """
    ours = {law.code for law in LAWS}
    one.trace.header = replace(
        one.trace.header,
        own_laws=tuple(f"{v.law} {v.message}" for v in one.violations if v.law not in ours),
        unmet=tuple(each.message for each in one.unmet),
        no_verdict="" if one.complaint is None else str(one.complaint),
    )
    return one


def _check_order(
    plan: Schedule, scheduler: Scheduler | None, loop: type[SimLoop | StockLoop]
) -> None:
    if scheduler is not None and plan.order is not None:
        raise UsageError(
            f"schedule {encode(plan)!r} has an order of its own: give it, or a scheduler, not both"
        )
    if issubclass(loop, StockLoop) and (scheduler is not None or plan.order is not None):
        raise UsageError("asyncio's own loop has one order: give neither a scheduler nor an order")


def _why_unjudged(
    stage: Stage, scenario: Scenario, plan: Schedule, outstanding: tuple[Deviation, ...]
) -> SimulationError | None:
    """Return why a run cannot be judged, or None: the first reason that explains the others."""
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
        message = f"the scenario injects {'; '.join(missed for _, missed in stage.unseen)}"
        place = scenario.place.problem(message, ("inject", stage.unseen[0][0], "at"))
        return SimulationError(str(place) if scenario.place.file else message)
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
