"""Golden traces that are written anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from llm_sim.errors import Problem, ScenarioError, UsageError
from llm_sim.exploration._files import write_text
from llm_sim.scenario import place_of, spell
from llm_sim.simulation import Run, Unmet, golden_path
from llm_sim.trace import golden_text, is_golden


def update_golden(run: Run, reference: str = "") -> tuple[Run, tuple[Path, ...]]:
    """Write the golden traces that a run does not meet.

    A run that breaks a law or gives no verdict is no model for others: nothing is written then. The
    files are whole or as they were, and a file that is something else stays as it is.

    Args:
        run: A run of a scenario as it is scripted.
        reference: ``FILE::NAME`` where its scenario stands in a file; empty for one that was built
            in Python.

    Returns:
        The run with these expectations met, and the files that were written.

    Raises:
        ScenarioError: An expectation names a file that is no golden trace, or a place where none
            can be written; it tells where.
    """
    if run.violations or run.complaint is not None:
        return run, ()
    golden = {each.path: each for each in run.unmet if each.path[-1] == "trace"}
    files: dict[Path, str] = {}
    for each in golden.values():
        file = golden_path(run.trace, str(run.scenario.expect[int(each.path[1])].trace))
        try:
            files[file] = _before(file)
        except UsageError as error:
            raise _problem(each, reference, str(error)) from None
        except OSError as error:
            why = f"{file} can be no golden trace: {error.strerror}; name another file"
            raise _problem(each, reference, why) from None
    for file in sorted(files):
        write_text(file, golden_text(run.trace, files[file]))
    met = tuple(each for each in run.unmet if each.path not in golden)
    return replace(run, unmet=met), tuple(sorted(files))


def _before(file: Path) -> str:
    """Return the text of a golden file, whose directory is there then; empty for a new one."""
    try:
        text = file.read_text(encoding="utf-8")
        fits = is_golden(text)
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
        return ""
    except UnicodeDecodeError:
        fits = False
    if not fits:
        raise UsageError(f"{file} is no golden trace; name another file or delete it")
    return text


def _problem(unmet: Unmet, reference: str, message: str) -> ScenarioError:
    if not reference:
        return ScenarioError(Problem(f"{spell(unmet.path)}: {message}"))
    line, column = place_of(reference, unmet.path)
    return ScenarioError(Problem(message, reference.partition("::")[0], line, column))
