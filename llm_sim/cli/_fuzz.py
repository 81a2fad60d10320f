"""``llm-sim fuzz``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm_sim.cli._console import err, out
from llm_sim.cli._exits import ExitCode
from llm_sim.cli._files import check_writable, write_json
from llm_sim.cli._progress import progress
from llm_sim.errors import UsageError, did_you_mean
from llm_sim.exploration import Campaign, FailureStore, cases_of, explore
from llm_sim.scenario import STIMULI, Scenario, load_scenarios
from llm_sim.targets import Bot, get_target, load_bot
from llm_sim.testing import check_names, tell_each, tell_line, tell_not_kept

if TYPE_CHECKING:
    import hypothesis

DEFAULT_PROFILE: Final = "ci"
_PREFIX: Final = "llm-sim-"
_PYTHON: Final = ".py"
_BOT: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def fuzz_command(
    subject: str,
    inject: str,
    most: int,
    target: str,
    profile: str,
    examples: int | None,
    seed: int | None,
    own_handlers: bool,
    json: Path | None,
) -> ExitCode:
    """Fuzz a bot, or vary the scenarios of a file."""
    check_writable(json)
    if "+" in inject:
        raise UsageError(f"--inject {inject}: separate stimuli by commas; each may land alone")
    kinds = [kind.strip() for kind in inject.split(",")]
    settings = _settings(profile, examples)
    scenarios, bot = _subject(subject)
    drawn = cases_of(
        *scenarios,
        bot=bot,
        inject=kinds,
        max_injections=most,
        stand_ins=not own_handlers,
        target=target,
    )
    under = f"{target} {get_target(target).version()}"
    out(
        f"{under} · {subject} · {settings.max_examples} examples, at most {most} of "
        f"{', '.join(kinds)} in each"
    )
    store = FailureStore()
    with progress("fuzz", of="examples") as advance:
        result = explore(
            drawn,
            bot=bot,
            target=target,
            settings=settings,
            seed=seed,
            place=subject,
            store=store,
            damaged=lambda error: err(f"llm-sim: {error}"),
            progress=advance,
        )
    if json is not None:
        write_json(json, result.to_plain())
    _show(result, store)
    if result.failures:
        return ExitCode.VIOLATION
    return ExitCode.CLEAN if result.clean else ExitCode.NO_VERDICT


def _subject(subject: str) -> tuple[Sequence[Scenario], Bot | None]:
    path = subject.partition("::")[0]
    if _BOT.fullmatch(subject) and not Path(path).exists():
        file, _, attribute = subject.partition(":")
        if file.endswith(_PYTHON):
            _refuse_python(subject, file, attribute)
        return (), load_bot(subject)
    if path.endswith(_PYTHON) or not Path(path).exists():
        _refuse_python(subject, path, "build")
    scenarios = load_scenarios(subject)
    check_names(scenarios)
    return scenarios, None


def _refuse_python(subject: str, path: str, attribute: str) -> None:
    """Refuse a path that leads to a module; a bot is a part of one."""
    dotted = path.removesuffix(_PYTHON).replace("/", ".")
    file = Path(dotted.replace(".", "/") + _PYTHON)
    if file.is_file():
        raise UsageError(f"{subject}: {file} is Python; name the bot in it: {dotted}:{attribute}")


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


def _show(result: Campaign, store: FailureStore) -> None:
    for failure in result.failures:
        out(f"  {tell_line(failure)}")
    count = len(result.failures)
    verdict = f"{count} failure{'' if count == 1 else 's'}" if count else "clean"
    stopped = "stopped: " if result.stopped else ""
    out(
        f"  {stopped}{result.examples} examples, {result.runs} runs: {verdict}"
        f"{result.seconds:30.1f} s"
    )
    for message, times in result.no_verdict.items():
        out(f"  no verdict in {times} examples: {message}")
    for line in tell_not_kept(result):
        err(f"llm-sim: {line}")
    out(f"\nwhat the calls were doing when a stimulus landed\n{result.coverage.in_short()}")
    if result.failures:
        out(tell_each(result, store))


DEFAULT_INJECT: Final = ",".join(STIMULI)
