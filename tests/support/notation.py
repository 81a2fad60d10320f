"""A scenario and what lands in it, in one line: for tables that people compare.

``interrupt@start+1 | f 'Hm.' / - | sequential, f: latency 10ms``: the landings; the turns, with a
dash for an empty one; whatever is not at its default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from llm_sim.scenario import Scenario
from llm_sim.simulation import Run


def noted(run: Run) -> str:
    """Return the line of a run."""
    landings = ", ".join(str(landing) for landing in run.schedule.landings) or "undisturbed"
    plain = run.scenario.to_plain()
    script = " / ".join(" ".join(map(_step, turn)) or "-" for turn in plain["script"])
    return " | ".join(part for part in (landings, script, ", ".join(_rest(run.scenario))) if part)


def _step(step: Mapping[str, Any]) -> str:
    if "call" in step:
        args = ", ".join(f"{key}={value!r}" for key, value in step.get("args", {}).items())
        return f"{step['call']}({args})" if args else str(step["call"])
    return repr(step["say"]) if "say" in step else " ".join(*step.items())


def _rest(scenario: Scenario) -> Iterator[str]:
    plain = scenario.to_plain()
    if "mode" in plain:
        yield str(plain["mode"])
    for key in ("about", "user"):
        if key in plain:
            yield f"{key} {plain[key]!r}"
    for name, tool in plain.get("tools", {}).items():
        if tool:
            yield f"{name}: " + " and ".join(_pair(key, value) for key, value in tool.items())
    for key, duration in plain.get("latency", {}).items():
        yield f"{key} {duration}"
    for injection in plain.get("inject", ()):
        do = injection.pop("do")
        what = do if isinstance(do, str) else " ".join(_pair(*item) for item in do.items())
        yield f"{what} " + " ".join(f"{key} {value}" for key, value in injection.items())


def _pair(key: str, value: Any) -> str:
    return f"{key} {value if key in ('does', 'latency', 'timeout') else repr(value)}"
