"""Stimuli on their way into a run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from llm_sim.loop import SimLoop, StockLoop
from llm_sim.recorder import Recorder
from llm_sim.scenario import Injection, Stimulus
from llm_sim.schedule import START, THEN, Landing, Schedule
from llm_sim.scripted import Gates
from llm_sim.stimuli import STIMULUS_KINDS
from llm_sim.targets import Session


@dataclass(slots=True)
class Stimuli:
    """Lets each stimulus join the end of the ready queue where it was said to.

    Parameters:
        loop: The loop of the run.
        recorder: Tells of new frames, and is told of each stimulus.
        session: Where stimuli go in.
        gates: What a release opens.
        seen: How often each type of frame was seen.
        ending: Whether an end or a cancel has been injected.
        timers: Timers of the loop that are ours: stimuli whose moment has not come.
    """

    loop: SimLoop | StockLoop
    recorder: Recorder
    session: Session
    gates: Gates
    seen: dict[str, int] = field(default_factory=dict)
    ending: bool = False
    timers: int = 0
    _awaited: dict[tuple[str, int], list[tuple[int, Stimulus, Landing | None]]] = field(
        default_factory=dict
    )
    _armed: list[asyncio.Handle] = field(default_factory=list)
    _outstanding: dict[int, Landing] = field(default_factory=dict)

    def open(self, opening: Stimulus, injections: tuple[Injection, ...], plan: Schedule) -> None:
        """Open the conversation and arm everything that is to happen in it.

        Occurrences of frames are counted from here, so that neither the target's way of starting
        up nor its version shifts them.
        """
        self.recorder.on_new_frame(self._on_new_frame)
        self.loop.call_soon(self._fire, opening, None)
        opened = self.loop.steps
        for injection in injections:
            if injection.at is not None:
                self._await(injection.at, injection.nth, injection.offset, injection.do, None)
            elif injection.after is not None:
                self.timers += 1
                when = (self.loop.time_ns + injection.after) / 1e9
                self.loop.call_at(when, self._fire_timer, injection.do)
            else:
                step = opened + (injection.step or 0) + injection.offset
                self._arm(step, injection.do, None)
        self._outstanding.update(enumerate(plan.landings, 1))
        for landing in plan.landings:
            stimulus = Stimulus(kind=landing.kind)
            if landing.anchor == START:
                self._arm(opened + landing.offset, stimulus, landing)
            elif landing.anchor != THEN:
                self._await(landing.anchor, landing.nth, landing.offset, stimulus, landing)

    @property
    def outstanding(self) -> list[Landing]:
        """Landings of the schedule that have not joined, in its order."""
        return list(self._outstanding.values())

    def close(self) -> None:
        """Let nothing land any more: the conversation is over."""
        self._awaited.clear()
        for handle in self._armed:
            handle.cancel()

    def _arm(self, step: int, stimulus: Stimulus, landing: Landing | None) -> None:
        self._armed.append(self.loop.call_at_step(step, self._fire, stimulus, landing))

    def _await(
        self, frame: str, nth: int, offset: int, stimulus: Stimulus, landing: Landing | None
    ) -> None:
        self._awaited.setdefault((frame, nth), []).append((offset, stimulus, landing))

    def _on_new_frame(self, frame: str) -> None:
        count = self.seen[frame] = self.seen.get(frame, 0) + 1
        for offset, stimulus, landing in self._awaited.pop((frame, count), ()):
            self._arm(self.loop.steps + offset, stimulus, landing)

    def _fire_timer(self, stimulus: Stimulus) -> None:
        self.timers -= 1
        self._fire(stimulus, None)

    def _landed(self, landing: Landing) -> int:
        """Arm the landing that is counted from this one; return this one's number."""
        number = next(number for number, one in self._outstanding.items() if one == landing)
        del self._outstanding[number]
        after = self._outstanding.get(number + 1)
        if after is not None and after.anchor == THEN:
            self._arm(self.loop.steps + after.offset, Stimulus(kind=after.kind), after)
        return number

    def _fire(self, stimulus: Stimulus, landing: Landing | None) -> None:
        data: dict[str, Any] = {"do": stimulus.kind}
        if landing is not None:
            data["swept"] = self._landed(landing)
        if stimulus.text:
            data["text"] = stimulus.text
        self.recorder.begin(self.recorder.record("stimulus", data=data))
        row = STIMULUS_KINDS.get(stimulus.kind)
        self.ending = self.ending or (row is not None and row.ends)
        if row is not None and row.does == "release":
            self.gates.release(stimulus.text)
            return
        self.loop.create_task(self.session.inject(stimulus), name=f"stimulus {stimulus.kind}")
