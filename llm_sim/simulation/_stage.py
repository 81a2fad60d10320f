"""The world of one run: a loop, a recorder, a scripted model and a live pipeline.

Nothing in it outlives the run. The phases follow each other on one loop: start the pipeline and
let it settle, open the conversation, run to rest, take the three views, end the pipeline if it has
not ended itself, and look at what is left.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from llm_sim.errors import SimulationError, TargetError, did_you_mean
from llm_sim.loop import Picker, SimLoop, StockLoop, name_of, outside_refused
from llm_sim.network import Network, Servers, names_found_by_the_loop
from llm_sim.recorder import Recorder, plain, renumbered, tap, tap_events
from llm_sim.scenario import Stimulus
from llm_sim.schedule import Schedule
from llm_sim.scripted import PROBE_TOOL, SECOND_NS, Gates, Player
from llm_sim.simulation._stimuli import Stimuli
from llm_sim.simulation._tasks import Born
from llm_sim.simulation._wall_clock import wall_clock_of
from llm_sim.simulation._world import lost_coroutines, seeded, without_collector
from llm_sim.targets import Plan, Session
from llm_sim.trace import SERVICE, Header

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping
    from types import TracebackType

    from llm_sim.simulation._setup import Setup

_SEED: Final = 0
_START_STEPS: Final = 20_000
_TEARDOWN_STEPS: Final = 20_000
_TEARDOWN_NS: Final = 60 * SECOND_NS


class Stage:
    """One world, used once, inside ``with``.

    Args:
        setup: What is run.
        header: The head of the trace.
        loop: What it runs on.
        record: Whether processors are tapped.
        picker: Chooses who goes on next, from the opening of the conversation to rest; None for
            asyncio's order, which startup and teardown always keep.
    """

    def __init__(
        self,
        setup: Setup,
        header: Header,
        *,
        loop: type[SimLoop | StockLoop] = SimLoop,
        record: bool = True,
        picker: Picker | None = None,
    ) -> None:
        scenario = self._scenario = setup.scenario
        self._target = setup.target
        self._limits = setup.limits
        self._record = record
        self._picker = picker
        self._surroundings = ExitStack()
        self._session: Session | None = None
        self._main: asyncio.Task[None] | None = None
        self._stimuli: Stimuli | None = None
        self.loop = loop()
        self.loop.executor_delay_ns = scenario.latency.get("executor", 0)
        self.recorder = Recorder(header, self.loop)
        network = setup.network or setup.bot.network or Network()
        self._servers = Servers(network, self.loop, self._exchanged)
        self.player = Player(
            scenario.script,
            before_first_token_ns=scenario.latency.get("llm", 0),
            on_asked=self._asked,
        )
        self.gates = Gates(scenario.hold)
        self._plan = Plan(scenario, setup.bot, self.player, self.recorder, self.gates)
        # The probe waits for the model and for playout twice, whatever they take.
        self._afterwards_ns = _TEARDOWN_NS + 4 * sum(scenario.latency.values())
        self._born = Born()
        self.opened = self.rested = self._timers_left = 0
        self._misfits: list[TargetError] = []
        self.missed: tuple[str, ...] = ()
        """Landings of the schedule whose place never came, in words."""
        self.unseen: tuple[tuple[int, str], ...] = ()
        """Injections of the scenario whose frame was never seen, by index and in words."""
        self.held: tuple[str, ...] = ()
        """Tools of which a call stood at its gate when the conversation was at rest."""

    def __enter__(self) -> Stage:
        with ExitStack() as stack:
            stack.enter_context(without_collector())
            stack.enter_context(outside_refused(self.loop))
            stack.enter_context(names_found_by_the_loop())
            stack.enter_context(lost_coroutines(lambda text: self._error("warning", text)))
            stack.enter_context(self._target.surroundings(lambda text: self._error("log", text)))
            # Last: by now the target has imported what it needs, and that draws and looks at the
            # clock in the first run of a process only.
            stack.enter_context(seeded(_SEED))
            stack.enter_context(wall_clock_of(self.loop))
            # Whatever of this fails, what was borrowed before it is given back.
            self._surroundings = stack.pop_all()
        self.loop.set_exception_handler(lambda _, context: self._unhandled(context))
        self.loop.add_instrument(self._born)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Inside the surroundings: what the last coroutines say when they are thrown away belongs to
        # this run.
        with self._surroundings:
            try:
                self._cancel_what_is_left()
            finally:
                self._born.close_what_never_ends()
                self.loop.close()

    def play(self, schedule: Schedule) -> None:
        """Run the scenario from the start of the pipeline to its end."""
        self._start()
        session = self._session
        if session is None:  # pragma: no cover - _start raises then
            raise SimulationError("the pipeline was not built")
        self._open(session, schedule)
        self.recorder.record("state", data=plain(session.views()))
        self._probe(session)
        self._end(session)
        self._servers.stop()
        self._run(_TEARDOWN_STEPS, self._afterwards_ns)
        if self._misfits:
            raise self._misfits[0]
        # A service contains the error like any other of a handler; the run is worth nothing.
        if self.loop.refusals:
            raise self.loop.refusals[0]
        if self._servers.failures:
            raise self._servers.failures[0]
        if self.recorder.endless:
            raise self.recorder.endless

    def _start(self) -> None:
        self._main = self.loop.create_task(self._run_pipeline(), name="pipeline")
        self._run(_START_STEPS, _TEARDOWN_NS)
        if self._main.done():
            self._main.result()
            raise TargetError("the pipeline ended before the conversation could open")

    async def _run_pipeline(self) -> None:
        self._session = await self._target.open(self._plan)
        if self._record:
            self._tap(self._session)
        await self._session.run()
        # Counted now: the run goes on until every timer has fired.
        of_others = self._stimuli.timers if self._stimuli else 0
        self._timers_left = self.loop.own_timers - of_others

    def _tap(self, session: Session) -> None:
        labels = ["", *(station.label for station in session.stations), ""]
        neighbours = zip(labels, labels[2:], strict=False)
        for station, (before, after) in zip(session.stations, neighbours, strict=True):
            tap(
                self.recorder,
                station.processor,
                station.label,
                before=before,
                after=after,
                causes=station.causes,
            )
            if station.label == SERVICE:
                tap_events(self.recorder, station.processor, station.label)

    def _open(self, session: Session, schedule: Schedule) -> None:
        self.opened = self.loop.steps
        stimuli = self._stimuli = Stimuli(self.loop, self.recorder, session, self.gates)
        opening = Stimulus(kind="say", text=self._scenario.user)
        stimuli.open(opening, self._scenario.inject, schedule)
        how = self._run(self._limits.max_steps, self._limits.max_time_ns, self._picker)
        stimuli.close()
        self.held = tuple(self.gates.standing)
        self.rested = self.loop.steps
        self.missed = tuple(landing.in_words() for landing in stimuli.outstanding)
        self.unseen = tuple(
            (index, _never_landed(injection.do.kind, injection.at, injection.nth, stimuli.seen))
            for index, injection in enumerate(self._scenario.inject)
            if injection.at is not None and stimuli.seen.get(injection.at, 0) < injection.nth
        )
        data: dict[str, Any] = {"how": how, "waiting": []}
        if how != "idle":
            data["waiting"] = [renumbered(line) for line in self.loop.waiting()]
            data["bound"] = self._limits.in_words(how)
        self.recorder.record("rest", data=data)

    def _probe(self, session: Session) -> None:
        """Send a fresh call through, unless the conversation has ended on purpose."""
        ending = self._stimuli is not None and self._stimuli.ending
        if self._main is None or self._main.done() or ending:
            return
        self.recorder.begin(self.recorder.record("probe", call=PROBE_TOOL))
        self.player.probe()
        say = Stimulus(kind="say", text="Are you still there?")
        self.loop.create_task(session.inject(say), name="probe")
        self._run(_TEARDOWN_STEPS, self._afterwards_ns)

    def _end(self, session: Session) -> None:
        if self._main is not None and not self._main.done():
            self.loop.create_task(session.inject(Stimulus(kind="end")), name="teardown")
        self._run(_TEARDOWN_STEPS, self._afterwards_ns)
        if self._main is not None and self._main.done() and not self._main.cancelled():
            error = self._main.exception()
            if error is not None:
                self._error("pipeline", f"{type(error).__name__}: {error}")
        for task, failure in self._born.failures():
            told = {"message": "Task exception was never retrieved", "exception": failure}
            self._unhandled({**told, "task": task}, source="task")
        left = [task for task in self.loop.tasks() if not self.loop.serves(task)]
        tasks = sorted(renumbered(name_of(task)) for task in left)
        data: dict[str, Any] = {"tasks": tasks, "timers": self._timers_left}
        if tasks:
            data["waiting"] = [renumbered(line) for line in self.loop.waiting()]
        self.recorder.record("close", data=data)

    def _run(self, steps: int, time_ns: int, picker: Picker | None = None) -> str:
        if isinstance(self.loop, SimLoop):
            self.loop.picker = picker
        self.loop.max_steps = self.loop.steps + steps
        self.loop.max_time_ns = self.loop.time_ns + time_ns
        return self.loop.run_until_idle()

    def _cancel_what_is_left(self) -> None:
        self.loop.set_exception_handler(lambda *_: None)
        for task in self.loop.tasks():
            task.cancel()
        self._run(_TEARDOWN_STEPS, self._afterwards_ns)

    def _asked(self, turn: int | None, context: Any) -> None:
        messages = plain(context.get_messages())
        self.recorder.record("inference", SERVICE, data={"turn": turn, "messages": messages})

    def _exchanged(self, host: str, told: dict[str, Any]) -> None:
        self.recorder.record("http", host, call=self.recorder.call_under_way(), data=told)

    def _unhandled(self, context: dict[str, Any], source: str = "loop") -> None:
        task, error = context.get("task") or context.get("future"), context.get("exception")
        if isinstance(error, TargetError):
            self._misfits.append(error)
        elif task is not None and error is not None and self.loop.serves(task):
            self._servers.failed("a task of an application", error)
        else:
            self._error(source, _told(context))

    def _error(self, source: str, message: str) -> None:
        self.recorder.record("error", data={"source": source, "message": renumbered(message)})


def _never_landed(kind: str, frame: str, nth: int, seen: Mapping[str, int]) -> str:
    if frame not in seen:
        near = did_you_mean(frame, list(seen))
        return f"{kind} at {frame}{near}, and the run has no such frame"
    came = seen[frame]
    return f"{kind} at the {_ordinal(nth)} {frame}: there was none, only {came} came"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def _told(context: dict[str, Any]) -> str:
    """Return what asyncio's exception handler was told, without addresses."""
    error = context.get("exception")
    cause = f": {type(error).__name__}: {error}" if error is not None else ""
    return f"{context.get('message', 'unhandled exception')}{cause}"
