"""The installed Pipecat behind the port.

``pipecat`` itself is imported when a run is opened: importing it takes seconds, and a machine
without it can use everything else.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from llm_sim.errors import TargetError
from llm_sim.targets._releases import installed_release

if TYPE_CHECKING:
    from llm_sim.targets._port import Plan, Session
    from llm_sim.targets._rig import Rig, RigOptions

_DISTRIBUTION: Final = "pipecat-ai"
_GENERATIONS: Final = (((1, 3), "llm_sim.targets.pipecat._worker_generation"),)
"""First release of each generation that has an adapter, newest first."""
_FIRST_WITHOUT_DOWNLOADS: Final = (1, 12)


class PipecatTarget:
    """Runs bots on the user's own Pipecat."""

    name: Final = "pipecat"

    def version(self) -> str:
        """Return the installed release, e.g. ``"1.14.0"``.

        Raises:
            TargetError: No Pipecat is installed, or one that no adapter drives.
        """
        self._adapter_name()
        return _installed()

    @contextmanager
    def surroundings(self, report: Callable[[str], None]) -> Iterator[None]:
        """Keep Pipecat's log quiet for one run, and its downloads; report what it logs at ERROR."""
        self._adapter_name()
        from llm_sim.targets.pipecat._logs import errors_reported

        with errors_reported(report), _no_downloads():
            # Imported before the run: what is imported in it may keep clocks that are the run's.
            self._adapter()
            yield

    async def open(self, plan: Plan) -> Session:
        """Build a fresh pipeline of Pipecat's own parts."""
        session: Session = self._adapter().open_session(plan)
        return session

    def rig(self, processor: Any, options: RigOptions) -> Rig:
        """Build a pipeline of one processor, of Pipecat's own parts."""
        rig: Rig = self._adapter().WorkerRig(processor, options)
        return rig

    def _adapter_name(self) -> str:
        release, installed = _installed(), _installed_numbers()
        for first, module in _GENERATIONS:
            if installed >= first:
                return module
        oldest = ".".join(str(number) for number in _GENERATIONS[-1][0])
        raise TargetError(
            f"{_DISTRIBUTION} {release} is older than {oldest}, the first release that this "
            f"llm_sim drives; upgrade it: python -m pip install -U {_DISTRIBUTION}"
        )

    def _adapter(self) -> ModuleType:
        name = self._adapter_name()
        try:
            with _harmless_import():
                return importlib.import_module(name)
        except ImportError as error:
            raise TargetError(_cannot_import(error)) from error


def _installed_numbers() -> tuple[int, int]:
    numbers = re.match(r"(\d+)\.(\d+)", _installed())
    if numbers is None:
        raise TargetError(f"{_DISTRIBUTION} {_installed()!r}: not a release number")
    return int(numbers[1]), int(numbers[2])


def _cannot_import(error: ImportError) -> str:
    release = f"{_DISTRIBUTION} {_installed()}"
    missing = error.name or ""
    if isinstance(error, ModuleNotFoundError) and missing.partition(".")[0] != "pipecat":
        return f"{release} needs the module {missing!r}: python -m pip install {missing}"
    return (
        f"{release} no longer has the shape that llm_sim relies on: {error}; "
        "it needs a newer llm_sim"
    )


@contextmanager
def _harmless_import() -> Iterator[None]:
    """Keep what happens while Pipecat is imported to itself.

    Some of what it imports warns of its own deprecation, which would fail a test suite that runs
    with warnings as errors.
    """
    with warnings.catch_warnings(), _no_downloads():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _no_downloads() -> Iterator[None]:
    """Keep releases up to 1.11 from fetching language data, at import or at first use."""
    if _installed_numbers() >= _FIRST_WITHOUT_DOWNLOADS:
        yield
        return
    nltk: Any = importlib.import_module("nltk")
    download = nltk.download
    nltk.download = lambda *_, **__: True
    try:
        yield
    finally:
        nltk.download = download


def _installed() -> str:
    release = installed_release(_DISTRIBUTION)
    if release is None:
        raise TargetError(
            f"{_DISTRIBUTION} is not installed here; python -m pip install {_DISTRIBUTION}, "
            "or use --target reference"
        )
    return release


pipecat: Final = PipecatTarget()
