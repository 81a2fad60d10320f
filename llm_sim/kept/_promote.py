"""A failure becomes a scenario that anybody can run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from llm_sim.errors import UsageError
from llm_sim.kept._saved import SavedFailure, one_line
from llm_sim.kept._saved_replays import ReplayedFailure, replay_failure, setup_of
from llm_sim.scenario import Injection, Place, Scenario, Stimulus, dump_scenarios
from llm_sim.schedule import START, THEN, Schedule
from llm_sim.simulation import Run, Setup, nearest_frame
from llm_sim.targets import reference_from


@dataclass(frozen=True, slots=True)
class Promoted:
    """A failure as a scenario whose own injections break the law.

    Parameters:
        saved: The failure.
        scenario: The scenario.
        run: Its run, which fails as the failure does.
    """

    saved: SavedFailure
    scenario: Scenario
    run: Run

    @property
    def text(self) -> str:
        """The text of a scenario file that says where the scenario comes from."""
        saved = self.saved
        origin = [
            f"Broke {saved.law} on {saved.version}: {saved.message}",
            f"Found by {saved.place or saved.scenario.name} with {saved.token}",
        ]
        return "".join(f"# {one_line(line)}\n" for line in origin) + dump_scenarios([self.scenario])


def promote(
    saved: SavedFailure,
    name: str,
    file: str | Path | None = None,
    *,
    setup: Callable[[SavedFailure], Setup] = setup_of,
) -> Promoted:
    """Turn a failure's schedule into injections of its scenario, and see it fail.

    The scenario names the target on which the failure was found, so it fails there until the
    repair, whatever the session's target is.

    Args:
        saved: The failure.
        name: The name of the scenario.
        file: Where it is to stand: its bot is then named as it is found from there.
        setup: Makes of the failure what is run; one that knows the law, where it is the user's own.

    Raises:
        ScenarioError: The name cannot be one.
        UsageError: The failure, or the scenario that was made of it, does not break the same law on
            the same call.
    """
    law = saved.law_of(setup(saved))
    if law is None:
        raise UsageError(
            f"{saved.name} breaks {saved.law}, a law of your own that is not known here: promote "
            "it where the law is, with promote(saved, name, setup=...)"
        )
    failing = _same(replay_failure(saved, setup), "the failure")
    bot = saved.scenario.bot
    if file is not None and bot is not None:
        bot = reference_from(failing.setup.bot, Path(file).parent)
    scenario = saved.scenario.replace(
        name=name,
        about=law.sentence,
        bot=bot,
        target=saved.target,
        inject=[*saved.scenario.inject, *_injections(failing)],
        expect=(),  # it was expected where nothing else lands
        marks=(),
    )
    place = saved.place if file is None else str(Place(str(file), name))
    update = {"scenario": scenario, "schedule": Schedule(), "place": place}
    again = saved.model_copy(update=update)
    run = _same(replay_failure(again, setup), f"the scenario {name!r} made of it")
    return Promoted(saved, scenario, run)


def _same(replayed: ReplayedFailure, what: str) -> Run:
    saved, run = replayed.saved, replayed.run
    if run is not None and replayed.is_same:
        return run
    about = f" on {saved.call}" if saved.call else ""
    instead = f": {replayed.message}" if replayed.message else ": every law holds"
    raise UsageError(
        f"{what} does not break {saved.law}{about}{instead}; a regression test must fail before "
        "the repair, so nothing is written"
    )


def _injections(failing: Run) -> list[Injection]:
    """Return the landings of a failing run as injections of its scenario.

    An injection has none before it to count from, so a landing that is counted from the one before
    it is counted from the frame that was new last: the trace says in which step that one landed.
    """
    landed = {event.data.get("swept"): event.step for event in failing.trace.of("stimulus")}
    injections: list[Injection] = []
    for before, landing in enumerate(failing.schedule.landings):
        anchor, nth, offset = landing.anchor, landing.nth, landing.offset
        if anchor == THEN:
            step = landed[before] + offset
            anchor, nth, offset = nearest_frame(failing, step) or (START, 1, step - failing.opened)
        do = Stimulus(kind=landing.kind)
        if anchor == START:
            injections.append(Injection(do=do, step=offset))
        else:
            injections.append(Injection(do=do, at=anchor, nth=nth, offset=offset))
    return injections
