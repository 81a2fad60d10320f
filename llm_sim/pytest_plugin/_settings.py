"""What holds for a test, from all that say something about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from llm_sim.pytest_plugin._options import TRACE_MODES, in_configuration, on_command_line

if TYPE_CHECKING:
    import pytest

MARKER: Final = "llm_sim"

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
    """

    target: str = "reference"
    sweep: str | None = None
    trace: str = "off"
    disable: tuple[str, ...] = ()
    timeout: str | None = None


def settings_of(item: pytest.Item, fixture: Mapping[str, Any] | None = None) -> Settings:
    """Return what holds for a test: configuration < fixture < marker < command line.

    Args:
        item: The test. Of several markers the nearest one wins.
        fixture: What ``llm_sim_config`` says.

    Raises:
        UsageError: Something that is said cannot be; it tells where.
    """
    return merged(
        [
            *configured(item.config),
            ("llm_sim_config", {} if fixture is None else fixture),
            *marked(item),
            *commanded(item.config),
        ]
    )


def configured(config: pytest.Config) -> Iterator[Layer]:
    """Yield what pytest's configuration says."""
    for name, value in in_configuration(config).items():
        yield f"llm_sim_{name}", {name: value}


def commanded(config: pytest.Config) -> Iterator[Layer]:
    """Yield what the command line says."""
    for name, value in on_command_line(config).items():
        yield f"--llm-sim-{name}", {name: value}


def marked(item: pytest.Item) -> Iterator[Layer]:
    """Yield what the markers of a test say, the nearest one last.

    Raises:
        UsageError: One of them says something without a name.
    """
    for mark in reversed(list(item.iter_markers(MARKER))):
        if mark.args:
            from llm_sim.errors import UsageError

            raise UsageError(
                f"the marker {MARKER} takes names only, not {mark.args[0]!r}: "
                f'@pytest.mark.{MARKER}(target="pipecat")'
            )
        yield f"the marker {MARKER}", mark.kwargs


def merged(layers: Iterable[Layer]) -> Settings:
    """Return what several say, the last one to say something of a setting first.

    Raises:
        UsageError: Something that is said cannot be; it tells where.
    """
    from llm_sim.errors import UsageError, did_you_mean

    found: dict[str, Any] = {}
    for where, given in layers:
        if not isinstance(given, Mapping):
            raise UsageError(f'{where} must give a mapping like {{"trace": "on"}}, not {given!r}')
        for name, value in given.items():
            if name not in _READERS:
                raise UsageError(
                    f"{where} has {name!r}, which is no setting{did_you_mean(str(name), _NAMES)}; "
                    f"the settings are {', '.join(_NAMES)}"
                )
            try:
                found[name] = _READERS[name](value)
            except UsageError as error:
                raise UsageError(f"{where}: {error}") from None
    return Settings(**found)


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
