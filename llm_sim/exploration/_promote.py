"""A failure becomes a scenario that anybody can run."""

from __future__ import annotations

from dataclasses import dataclass

from llm_sim.errors import UsageError
from llm_sim.exploration._again import Replayed, Verdict, replay_found
from llm_sim.exploration._found import Found, one_line
from llm_sim.exploration._points import nearest
from llm_sim.invariants import get_law
from llm_sim.scenario import Injection, Scenario, Stimulus, dump_scenarios
from llm_sim.schedule import START, THEN, Landing, Schedule
from llm_sim.simulation import Run
from llm_sim.targets import Bot, Target


@dataclass(frozen=True, slots=True)
class Promoted:
    """A failure as a scenario whose own injections break the law.

    Parameters:
        found: The failure.
        scenario: The scenario.
        run: Its run, which fails as the failure does.
    """

    found: Found
    scenario: Scenario
    run: Run

    @property
    def text(self) -> str:
        """The text of a scenario file that says where the scenario comes from."""
        found = self.found
        told = [
            f"Broke {found.law} on {found.version}: {found.message}",
            f"Found by {found.place or found.scenario.name} with {found.token}",
        ]
        return "".join(f"# {one_line(line)}\n" for line in told) + dump_scenarios([self.scenario])


def promote(
    found: Found, name: str, *, bot: Bot | None = None, target: Target | None = None
) -> Promoted:
    """Turn a failure's schedule into injections of its scenario, and see it fail.

    Args:
        found: The failure.
        name: The name of the scenario.
        bot: What is under test, where the scenario's own bot cannot be imported.
        target: What it runs on, where it is none of those that have a name.

    Raises:
        ScenarioError: The name cannot be one.
        UsageError: The failure, or the scenario that was made of it, does not break the same law on
            the same call.
    """
    law = get_law(found.law)
    failing = _same(replay_found(found, bot=bot, target=target), "the failure")
    scenario = found.scenario.replace(
        name=name,
        about=law.sentence,
        inject=[*found.scenario.inject, *_injections(failing)],
        expect=(),  # it was expected where nothing else lands
        marks=(),
    )
    again = found.model_copy(update={"scenario": scenario, "schedule": Schedule()})
    run = _same(replay_found(again, bot=bot, target=target), f"the scenario {name!r} made of it")
    return Promoted(found, scenario, run)


def _same(told: Replayed, what: str) -> Run:
    found, run = told.found, told.run
    if told.verdict is Verdict.FAILED and run is not None and any(map(found.is_of, run.violations)):
        return run
    about = f" on {found.call}" if found.call else ""
    instead = f": {told.told}" if told.told else ": every law holds"
    raise UsageError(
        f"{what} does not break {found.law}{about}{instead}; a regression test must fail before "
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
        if landing.anchor == THEN:
            injections.append(_at_step(landing, landed[before] + landing.offset, failing))
        else:
            injections.append(_counted(landing, landing.anchor, landing.nth, landing.offset))
    return injections


def _at_step(landing: Landing, step: int, failing: Run) -> Injection:
    anchor, nth, offset = nearest(failing, step) or (START, 1, step - failing.opened)
    return _counted(landing, anchor, nth, offset)


def _counted(landing: Landing, anchor: str, nth: int, offset: int) -> Injection:
    do = Stimulus(kind=landing.kind)
    if anchor == START:
        return Injection(do=do, step=offset)
    return Injection(do=do, at=anchor, nth=nth, offset=offset)
