"""``llm-sim fuzz``: drawn conversations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Optional

import typer

from llm_sim.cli import _completion as complete
from llm_sim.cli._app import command
from llm_sim.cli._console import err, out
from llm_sim.cli._options import JSON, TARGET
from llm_sim.cli._output import Output
from llm_sim.cli._progress import progress
from llm_sim.cli._subjects import Subjects
from llm_sim.errors import UsageError, did_you_mean
from llm_sim.exploration import (
    SILENCE,
    Drawn,
    draw_conversations,
    draw_variations,
    search_drawn,
)
from llm_sim.kept import FailureStore
from llm_sim.reports import ExitCode, not_kept_lines
from llm_sim.scenario import STIMULI, Place
from llm_sim.simulation import Setup
from llm_sim.targets import load_bot

if TYPE_CHECKING:
    import hypothesis

_PREFIX: Final = "llm-sim-"
_PYTHON: Final = ".py"
_ALL_STIMULI: Final = ",".join(STIMULI)
_BOT: Final = re.compile(r"[\w./-]+:[A-Za-z_][\w.]*")

_SUBJECTS = Annotated[
    list[str],
    typer.Argument(
        metavar="BOT|FILE",
        help=(
            "Bots, module:attribute or path/to/bot.py:attribute; or scenario files, directories "
            "or globs, whose scripts are kept."
        ),
        autocompletion=complete.scenarios,
    ),
]
_INJECT = Annotated[
    str,
    typer.Option(
        metavar="STIMULI",
        help="The stimuli, separated by commas.",
        autocompletion=complete.fuzzed,
    ),
]


@command(
    "Search", "llm-sim fuzz bot:build", "llm-sim fuzz bot:build --inject interrupt,end", rank=2
)
def fuzz(
    subjects: _SUBJECTS,
    inject: _INJECT = _ALL_STIMULI,
    most: Annotated[
        int,
        typer.Option("--max-injections", metavar="N", help="At most N stimuli land in a run."),
    ] = 2,
    target: TARGET = None,
    profile: Annotated[
        str,
        typer.Option(metavar="NAME", help="fast (200 examples), ci (5000) or nightly (50000)."),
    ] = "ci",
    examples: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(metavar="N", help="Draw N examples, instead of the profile's."),
    ] = None,
    seed: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(metavar="N", help="Hypothesis's seed."),
    ] = None,
    own_handlers: Annotated[
        bool,
        typer.Option("--own-handlers", help="Let no drawn stub stand in for a handler of the bot."),
    ] = False,
    json: JSON = None,
) -> ExitCode:
    """Draw conversations, run them, and shrink every failure.

    Drawn are what the model says and calls, what tools do, how long things take, and where stimuli
    land. The ready queue keeps asyncio's order, so every failure can happen in production.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    if "+" in inject:
        raise UsageError(f"--inject {inject}: separate stimuli by commas; each may land alone")
    kinds = [kind.strip() for kind in inject.split(",")]
    settings = _settings(profile, examples)
    store = FailureStore()
    with Output("fuzz", json, store=store) as output:
        for name, setups in list(_subjects(subjects, target)):
            drawn = _drawn(setups, kinds, most, stand_ins=not own_handlers)
            out(
                f"{setups[0].under_test} · {name} · {settings.max_examples} examples, at most "
                f"{most} of {', '.join(kinds)} in each"
            )
            with progress("fuzz", of="examples") as advance:
                search = search_drawn(
                    drawn,
                    settings=settings,
                    seed=seed,
                    store=store,
                    damaged=lambda error: err(f"llm-sim: {error}"),
                    progress=advance,
                )
                result = output.take(search)
            output.show_line(result)
            for line in not_kept_lines(result):
                err(f"llm-sim: {line}")
            out(f"\nwhat the calls were doing when a stimulus landed\n{result.coverage.in_short()}")
            if result.stopped:
                break
    return output.code


def _drawn(setups: list[Setup], kinds: list[str], most: int, *, stand_ins: bool) -> Drawn:
    if setups[0].place.file:
        return draw_variations(setups, inject=kinds, max_injections=most)
    return draw_conversations(setups[0], inject=kinds, max_injections=most, stand_ins=stand_ins)


def _subjects(subjects: list[str], target: str | None) -> Iterator[tuple[str, list[Setup]]]:
    """Yield what is fuzzed, each with its name: each bot alone, the scenario files together."""
    files: list[str] = []
    for subject in subjects:
        _refuse_module_path(subject)
        if _BOT.fullmatch(subject) and not Path(subject).exists():
            place = Place(test=subject)
            yield subject, [Setup.of(SILENCE, bot=load_bot(subject), target=target, place=place)]
        else:
            files.append(subject)
    if files:
        yield " ".join(files), Subjects(files, target).setups()


def _refuse_module_path(subject: str) -> None:
    """Refuse a path that leads to a module; a bot is an attribute of it."""
    path, _, attribute = subject.partition(":")
    file = Path(path if path.endswith(_PYTHON) else path.replace(".", "/") + _PYTHON)
    if not attribute and file.is_file():
        raise UsageError(f"{subject}: {file} is Python; name the bot in it: {file}:build")


def _settings(profile: str, examples: int | None) -> hypothesis.settings:
    import hypothesis

    from llm_sim.strategies import PROFILES

    name = profile if profile.startswith(_PREFIX) else f"{_PREFIX}{profile}"
    if name not in PROFILES:
        known = [each.removeprefix(_PREFIX) for each in PROFILES]
        raise UsageError(
            f"there is no profile {profile!r}{did_you_mean(profile, known)}; the profiles are "
            f"{', '.join(known)}"
        )
    if examples is None:
        return PROFILES[name]
    if examples < 1:
        raise UsageError(f"--examples {examples}: try at least one")
    return hypothesis.settings(PROFILES[name], max_examples=examples)
