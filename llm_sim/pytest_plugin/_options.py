"""What can be said on the command line and in pytest's configuration."""

from __future__ import annotations

from typing import Any, Final

import pytest

TRACE_MODES: Final = ("off", "on", "retain-on-failure", "retain-all-failures")
DEFAULT_OUTPUT: Final = ".llm_sim/traces"

_SETTINGS: Final = {
    "target": (
        "TARGET",
        "what bots run on: reference (embedded, default), pipecat (installed) or naive",
    ),
    "sweep": (
        "STIMULI",
        "what is injected at every point of a test's scenarios, when the test has passed: "
        "interrupt, end, cancel, ..., or two of them like interrupt+end; off: nothing (default)",
    ),
    "trace": (
        "MODE",
        f"which runs leave a trace: {', '.join(TRACE_MODES)}; off is the default",
    ),
    "disable": ("LAWS", "laws that are not judged, such as LS204,LS302"),
    "timeout": ("DURATION", "bound of virtual time of each run, such as 30s (default: 300s)"),
}
_FILES: Final = {
    "output": ("DIR", f"where traces are written (default: {DEFAULT_OUTPUT})"),
    "baseline": ("FILE", "what is known to be broken: a test that breaks nothing else passes"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the values of the configuration."""
    group = parser.getgroup("llm_sim", "simulation of LLM function calling")
    for name, (metavar, help) in {**_SETTINGS, **_FILES}.items():
        group.addoption(f"--llm-sim-{name}", metavar=metavar, help=help)
        kind: Any = "args" if name == "disable" else "string"
        parser.addini(f"llm_sim_{name}", help, type=kind, default=None)
    group.addoption(
        "--llm-sim-baseline-update",
        action="store_true",
        help="add what is new to the baseline",
    )
    group.addoption(
        "--llm-sim-baseline-prune",
        action="store_true",
        help="remove from it what the tests that ran do not break any more",
    )
    group.addoption(
        "--llm-sim-replay",
        metavar="TOKEN",
        help="replay a schedule on the scenarios of the test, instead of sweeping them",
    )
    group.addoption(
        "--llm-sim-update",
        action="store_true",
        help="write the golden traces that are not met",
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

    What the configuration says is told from the root directory, what the command line says from
    the directory in which it was typed.
    """
    if given := config.getoption(f"llm_sim_{name}"):
        return str(given)
    if given := config.getini(f"llm_sim_{name}"):
        return str(config.rootpath / str(given))
    return ""


def is_configured(config: pytest.Config) -> bool:
    """Return whether anything is said about simulations."""
    switches = ("baseline_update", "baseline_prune", "replay", "update")
    return bool(
        on_command_line(config)
        or in_configuration(config)
        or any(path_of(config, name) for name in _FILES)
        or any(config.getoption(f"llm_sim_{name}") for name in switches)
    )
