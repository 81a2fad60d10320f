"""Whether a change of the code changes what is recorded, event by event.

``python benchmarks/event_lines.py write FILE [TARGET …]`` runs every scenario of ``scenarios/``
undisturbed and with an interruption, an end and a cancel after each of its steps, and writes a
checksum of the event lines (all but the header) of each trace.
``python benchmarks/event_lines.py compare BEFORE AFTER`` names the runs that differ, and exits with
1 if there is one. Write one file before a change and one after it, on the same Python and the same
Pipecat.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from llm_sim.scenario import load_scenarios
from llm_sim.schedule import START, Landing, Schedule, encode
from llm_sim.simulation import Run, run, steady
from llm_sim.trace import dumps

SCENARIOS = Path(__file__).parents[1] / "scenarios"
TARGETS = ("reference", "pipecat")


def _checksum(one: Run) -> str:
    _, _, events = dumps(one.trace).partition("\n")
    return sha256(events.encode()).hexdigest()[:16]


def _checksums(target: str) -> Iterator[tuple[str, str]]:
    for file in sorted(SCENARIOS.glob("**/*.sim.yaml")):
        for scenario in load_scenarios(file):
            name = f"{target} {file.relative_to(SCENARIOS)} {scenario.name}"
            undisturbed = run(scenario, target=target)
            yield f"{name} {encode(Schedule())}", _checksum(undisturbed)
            with steady() as after_run:
                for kind in ("interrupt", "end", "cancel"):
                    for step in range(undisturbed.steps + 1):
                        schedule = Schedule((Landing(kind, START, 1, step),))
                        checksum = _checksum(run(scenario, target=target, schedule=schedule))
                        yield f"{name} {encode(schedule)}", checksum
                        after_run()


def write(file: Path, targets: tuple[str, ...]) -> None:
    """Write the checksums of all runs on some targets."""
    found = {name: checksum for target in targets for name, checksum in _checksums(target)}
    file.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")
    print(f"{file}: {len(found)} runs")


def compare(before: Path, after: Path) -> int:
    """Name the runs that differ, and return how many they are."""
    one, other = (json.loads(file.read_text(encoding="utf-8")) for file in (before, after))
    differ = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    for name in differ:
        print(f"{one.get(name, 'not run')} {other.get(name, 'not run')} {name}")
    print(f"{len(one)} and {len(other)} runs, {len(differ)} differ")
    return len(differ)


def main() -> int:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["write", file, *targets]:
            write(Path(file), tuple(targets) or TARGETS)
            return 0
        case ["compare", before, after]:
            return int(compare(Path(before), Path(after)) > 0)
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
