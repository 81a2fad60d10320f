"""A campaign's failures, for people."""

from __future__ import annotations

from typing import Final

from llm_sim.exploration import OWN_LAW, Campaign, Failure, FailureStore, Found
from llm_sim.report import Failure as Shown
from llm_sim.report import render_failure
from llm_sim.scenario import dump_scenarios
from llm_sim.testing._sweeps import pasted, promote_line

_UNSAVED: Final = "found.sim.yaml"


def tell_campaign(campaign: Campaign, store: FailureStore) -> str:
    """Return a campaign's failures: all in a line each, then one by one.

    Args:
        campaign: What came of it, at least one failure.
        store: Where the failures are kept.
    """
    count = len(campaign.failures)
    failures = f"{count} failure{'' if count == 1 else 's'}"
    lines = [f"{failures} in {campaign.examples} examples on {campaign.target}"]
    lines += [f"  {tell_line(failure)}" for failure in campaign.failures]
    return "\n".join([*lines, *tell_not_kept(campaign), tell_each(campaign, store)])


def tell_not_kept(campaign: Campaign) -> list[str]:
    """Return why failures of a campaign could not be kept, a line each."""
    return [
        f"{times} failure{' is' if times == 1 else 's are'} not kept: {why}"
        for why, times in campaign.not_kept.items()
    ]


def tell_each(campaign: Campaign, store: FailureStore) -> str:
    """Return the failures of a campaign one by one, the first with its timeline."""
    return "\n".join(
        f"\n{tell(failure, store, whole=number == 0)}"
        for number, failure in enumerate(campaign.failures)
    )


def tell_line(failure: Failure) -> str:
    """Return a failure in a line: laws, schedule, when it was found."""
    found = f"example {failure.example}" if failure.example else "found before"
    laws = " ".join(failure.run.laws) or failure.violation.law
    return f"{laws:30} {failure.run.schedule.in_words():52} {found}".rstrip()


def tell(failure: Failure, store: FailureStore, *, whole: bool = True) -> str:
    """Return what broke, the smallest scenario in which it does, and how to see and keep it.

    Args:
        failure: The failure.
        store: Where it is kept.
        whole: Whether the timeline is shown; the line to replay it shows it as well.
    """
    run, violation = failure.run, failure.violation
    found = Found.of(run, violation, run.trace.header.target.partition(" ")[0])
    first = [violation, *(each for each in run.violations if each is not violation)]
    notes = [] if failure.stock is None else [("stock", failure.stock.note)]
    notes.append(("token", run.token))
    if found.law == OWN_LAW:
        # Kept by the test alone, which replays it first.
        replay = f'pytest "{found.place}" --llm-sim-target {found.target}'
    elif store.path_of(found).is_file():
        replay = pasted("llm-sim", "replay", str(store.path_of(found)))
        notes.append(("keep", promote_line(found)))
    else:
        how = ("--schedule", run.token, "--target", found.target)
        line = pasted("llm-sim", "replay", _UNSAVED, *how)
        replay = f"save the scenario below as {_UNSAVED}, then {line}"
    shown = Shown(
        f"FAILED {run.trace.header.place or run.scenario.name}",
        run.schedule.in_words(),
        replay,
        notes=notes,
    )
    scenario = "\n".join(f"    {line}" for line in dump_scenarios([run.scenario]).splitlines())
    return f"{render_failure(run.trace, first, shown, whole=whole)}\n  scenario\n{scenario}"
