"""Golden traces that are written anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from llm_sim.errors import ScenarioError, UsageError
from llm_sim.kept._files import write_text
from llm_sim.simulation import Clean, Run, Unmet, UnmetExpectation, golden_path
from llm_sim.trace import golden_merged, golden_text, is_golden


class GoldenTraces:
    """The golden traces that are to be written, from the runs of this process or of several.

    They are written once, by one process: two that read a file, add to it and write it lose what
    the other one has added.
    """

    def __init__(self) -> None:
        self._texts: dict[Path, str] = {}

    def take(self, run: Run) -> tuple[Run, tuple[Path, ...]]:
        """Note the golden traces that a run does not meet.

        A run that breaks a law or gives no verdict is no model for others: nothing is noted then.

        Args:
            run: A run of a scenario as it is scripted.

        Returns:
            The run with these expectations met, and the files that are to be written.

        Raises:
            ScenarioError: An expectation names a file that is no golden trace, or a place where
                none can be written; it tells where.
        """
        if not isinstance(run.verdict, Unmet) or run.verdict.reason is not None:
            return run, ()
        golden = {each.path: each for each in run.unmet if each.path[-1] == "trace"}
        files: list[Path] = []
        for each in golden.values():
            file = golden_path(run.trace, str(run.scenario.expect[int(each.path[1])].trace))
            try:
                _before(file)
            except UsageError as error:
                raise _error(run, each, str(error)) from None
            except OSError as error:
                why = f"{file} can be no golden trace: {error.strerror}; name another file"
                raise _error(run, each, why) from None
            files.append(file)
        for file in files:
            # A test may change the directory in which the session goes on.
            self._add(file.absolute(), golden_text(run.trace))
        met = tuple(each for each in run.unmet if each.path not in golden)
        return run.judged(Unmet(met) if met else Clean()), tuple(sorted(set(files)))

    def noted(self) -> dict[str, str]:
        """Return all that was noted, as plain data for another process."""
        return {str(file): self._texts[file] for file in sorted(self._texts)}

    def take_over(self, noted: Mapping[str, str]) -> None:
        """Note what another process has noted.

        Args:
            noted: What :meth:`noted` returned there.
        """
        for file, text in noted.items():
            self._add(Path(file), text)

    def write(self) -> list[str]:
        """Write the files, each whole or as it was, and return why some are not, a line each."""
        lost: list[str] = []
        for file, text in sorted(self._texts.items()):
            try:
                write_text(file, golden_merged(_before(file), text))
            except UsageError as error:
                lost.append(str(error))
            except OSError as error:
                lost.append(f"{file} is not written: {error.strerror}")
        self._texts.clear()
        return lost

    def _add(self, file: Path, text: str) -> None:
        self._texts[file] = golden_merged(self._texts.get(file, ""), text)


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


def _error(run: Run, unmet: UnmetExpectation, message: str) -> ScenarioError:
    return ScenarioError(run.scenario.place.problem(message, unmet.path))
