"""What is said about simulations, where, and what of it holds for a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

if TYPE_CHECKING:
    from llm_sim.simulation import Defaults

MARKER: Final = "llm_sim"
TRACE_MODES: Final = ("off", "on", "retain-on-failure", "retain-all-failures")
DEFAULT_OUTPUT: Final = ".llm_sim/traces"

_SETTINGS: Final = {
    "target": (
        "TARGET",
        "what bots run on: reference (embedded, default), pipecat (installed), naive, or auto "
        "(pipecat if it is installed, else reference)",
    ),
    "sweep": (
        "STIMULI",
        "inject this at every point of the scenarios of each test that passes: interrupt, end, "
        "cancel, ..., or two of them like interrupt+end; off: no sweep (default)",
    ),
    "trace": ("MODE", f"which runs leave a trace: {', '.join(TRACE_MODES)} (default: off)"),
    "disable": ("LAWS", "laws that are not judged, such as LS204,LS302"),
    "timeout": ("DURATION", "bound of virtual time of each run, such as 30s (default: 300s)"),
}
_FILES: Final = {
    "output": ("DIR", f"where traces are written (default: {DEFAULT_OUTPUT})"),
    "baseline": ("FILE", "what is known to be broken: a test that breaks nothing else passes"),
}
_SWITCHES: Final = {
    "baseline-update": "add what is new to the baseline",
    "baseline-prune": "remove from the baseline what the tests that ran no longer break",
    "update": "write the golden traces that are not met",
}

Layer = tuple[str, Mapping[str, Any]]
"""Who says something, in words, and what."""


class Settings(NamedTuple):
    """What holds for a test.

    Parameters:
        target: Which service core bots run on.
        sweep: What is injected at every point, or None.
        trace: Which runs leave a trace.
        disable: The codes of laws that are not judged.
        timeout: The bound of virtual time of a run, as text with a unit, or None.
        override: The target that the marker or the command line names, which stands above a
            scenario's own; or None.
    """

    target: str = "reference"
    sweep: str | None = None
    trace: str = "off"
    disable: tuple[str, ...] = ()
    timeout: str | None = None
    override: str | None = None

    def defaults(self, test: str) -> Defaults:
        """Return what holds in a test for calls that do not say.

        Args:
            test: The test's node id.
        """
        from llm_sim.invariants import LAWS
        from llm_sim.scenario import parse_duration
        from llm_sim.simulation import Defaults, Limits

        return Defaults(
            self.target,
            tuple(law for law in LAWS if law.code not in self.disable),
            None if self.timeout is None else Limits(max_time_ns=parse_duration(self.timeout)),
            test,
            self.override,
        )


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the values of the configuration."""
    group = parser.getgroup("llm_sim", "simulation of LLM function calling")
    for name, (metavar, help) in {**_SETTINGS, **_FILES}.items():
        group.addoption(f"--llm-sim-{name}", metavar=metavar, help=help)
        kind: Any = "args" if name == "disable" else "string"
        parser.addini(f"llm_sim_{name}", help, type=kind, default=None)
    for name, help in _SWITCHES.items():
        group.addoption(f"--llm-sim-{name}", action="store_true", help=help)
    group.addoption(
        "--llm-sim-replay",
        metavar="TOKEN",
        help="replay a schedule on the scenarios of the test, instead of sweeping them",
    )
    parser.addini(
        "llm_sim_scenarios",
        "directories whose *.sim.yaml files are tests, as test_*.sim.yaml is everywhere "
        "(default: scenarios)",
        type="args",
        default=["scenarios"],
    )


def on_command_line(config: pytest.Config) -> dict[str, Any]:
    """Return the settings that the command line gives, by name."""
    given = {name: config.getoption(f"llm_sim_{name}") for name in _SETTINGS}
    return {name: value for name, value in given.items() if value is not None}


def in_configuration(config: pytest.Config) -> dict[str, Any]:
    """Return the settings that pytest's configuration gives, by name."""
    given = {name: config.getini(f"llm_sim_{name}") for name in _SETTINGS}
    return {name: value for name, value in given.items() if value}


def path_of(config: pytest.Config, name: str) -> str:
    """Return ``output`` or ``baseline``, or an empty string where it is not given.

    A path in the configuration starts at the root directory; one on the command line starts where
    it was typed.
    """
    if given := config.getoption(f"llm_sim_{name}"):
        return str(given)
    if given := config.getini(f"llm_sim_{name}"):
        return str(config.rootpath / str(given))
    return ""


def is_switched_on(config: pytest.Config, name: str) -> bool:
    """Return whether a switch is on, such as ``baseline-update``."""
    return bool(config.getoption(f"llm_sim_{name.replace('-', '_')}"))


def is_configured(config: pytest.Config) -> bool:
    """Return whether anything is said about simulations."""
    return bool(
        on_command_line(config)
        or in_configuration(config)
        or any(path_of(config, name) for name in _FILES)
        or any(is_switched_on(config, name) for name in (*_SWITCHES, "replay"))
    )


def settings_of(item: pytest.Item, fixture: Mapping[str, Any] | None = None) -> Settings:
    """Return what holds for a test: configuration < fixture < marker < command line.

    Args:
        item: The test. Of several markers the nearest one wins.
        fixture: What ``llm_sim_config`` says.

    Raises:
        UsageError: Something that is said cannot be; it tells where.
    """
    said = {} if fixture is None else fixture
    below = merged([*_configured(item.config), ("llm_sim_config", said)])
    above = merged([*marked(item), *commanded(item.config)])
    return Settings(**{**below, **above}, override=above.get("target"))


def _configured(config: pytest.Config) -> Iterator[Layer]:
    for name, value in in_configuration(config).items():
        yield f"llm_sim_{name}", {name: value}


def commanded(config: pytest.Config) -> Iterator[Layer]:
    """Yield what the command line says."""
    for name, value in on_command_line(config).items():
        yield f"--llm-sim-{name}", {name: value}


def marked(item: pytest.Item) -> Iterator[Layer]:
    """Yield what the markers of a test say, the nearest one last.

    Raises:
        UsageError: One says something without a name.
    """
    for mark in reversed(list(item.iter_markers(MARKER))):
        if mark.args:
            from llm_sim.errors import UsageError

            raise UsageError(
                f"the marker {MARKER} takes names only, not {mark.args[0]!r}: "
                f'@pytest.mark.{MARKER}(target="pipecat")'
            )
        yield f"the marker {MARKER}", mark.kwargs


def merged(layers: Iterable[Layer]) -> dict[str, Any]:
    """Return the settings that several give, by name; the last one to give one wins.

    Raises:
        UsageError: Something that is said cannot be; it tells where.
    """
    found: dict[str, Any] = {}
    for where, given in layers:
        from llm_sim.errors import UsageError, did_you_mean

        if not isinstance(given, Mapping):
            raise UsageError(f'{where} must give a mapping like {{"trace": "on"}}, not {given!r}')
        for name, value in given.items():
            if name not in _READERS:
                raise UsageError(
                    f"{where}: there is no setting {name!r}{did_you_mean(str(name), _NAMES)}; "
                    f"the settings are {', '.join(_NAMES)}"
                )
            try:
                found[name] = _READERS[name](value)
            except UsageError as error:
                raise UsageError(f"{where}: {error}") from None
    return found


def _target(value: Any) -> str:
    from llm_sim.targets import get_target

    get_target(_text("target", value))
    return str(value)


def _sweep(value: Any) -> str | None:
    if value in (None, "", "off"):
        return None
    from llm_sim.exploration import stimulus_kinds

    return "+".join(stimulus_kinds(value))


def _trace(value: Any) -> str:
    from llm_sim.errors import UsageError, did_you_mean

    if value not in TRACE_MODES:
        hint = did_you_mean(str(value), TRACE_MODES)
        raise UsageError(f"trace is one of {', '.join(TRACE_MODES)}, not {value!r}{hint}")
    return str(value)


def _disable(value: Any) -> tuple[str, ...]:
    from llm_sim.errors import UsageError
    from llm_sim.invariants import get_law

    codes = [value] if isinstance(value, str) else value
    if not isinstance(codes, Sequence):
        raise UsageError(f'disable must be a list of laws like ["LS204"], not {value!r}')
    words = [word for code in codes for word in _text("disable", code).replace(",", " ").split()]
    return tuple(get_law(word).code for word in words)


def _timeout(value: Any) -> str | None:
    if value in (None, "", "off"):
        return None
    from llm_sim.errors import UsageError
    from llm_sim.scenario import parse_duration

    if parse_duration(_text("timeout", value)) == 0:
        raise UsageError(f"timeout {value!r} leaves a run no time; write one like 30s")
    return str(value)


def _text(name: str, value: Any) -> str:
    from llm_sim.errors import UsageError

    if not isinstance(value, str):
        raise UsageError(f"{name} must be text, not {value!r}")
    return value


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "target": _target,
    "sweep": _sweep,
    "trace": _trace,
    "disable": _disable,
    "timeout": _timeout,
}
_NAMES: Final = tuple(_READERS)
