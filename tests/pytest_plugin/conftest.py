"""What the tests of the plugin share."""

from __future__ import annotations

from importlib.metadata import entry_points

# Inner runs forget the modules that they import; what is imported lazily would be there twice.
import hypothesis.strategies  # noqa: F401
import pytest

import llm_sim.exploration
import llm_sim.pytest_plugin._simulator
import llm_sim.simulation
import llm_sim.strategies
import llm_sim.targets.reference
import llm_sim.testing  # noqa: F401

HEAD = """
import pytest
from llm_sim import Bot, Scenario, Tool, after, at, call, interrupt, say, turn

async def lookup_order(params):
    await params.result_callback({"status": "shipped"})

def build(llm):
    llm.register_function("lookup_order", lookup_order)

ORDER = (
    turn(say("Let me check."), call("lookup_order", {"id": "A1"}, as_="c1")),
    turn(say("It has shipped.")),
)
RACE = (
    turn(call("check", as_="c1"), call("hang_up", as_="c2")),
    turn(say("Done.")),
    after("50ms", interrupt()),
)
TOOLS = {"check": Tool(latency="100ms"), "hang_up": Tool(latency="50ms")}
"""
INI = """
[pytest]
asyncio_mode = {mode}
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
INSTALLED = any(entry.name == "llm_sim" for entry in entry_points(group="pytest11"))


class Inner:
    """Runs a test file of a user in this process."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def run(
        self, body: str, *options: str, mode: str = "auto", head: str = HEAD, ini: str = ""
    ) -> Result:
        """Run one test file and return what came of it."""
        self._pytester.makeini(INI.format(mode=mode) + ini)
        self._pytester.makepyfile(test_bot=head + body)
        return self.again(*options)

    def again(self, *options: str) -> Result:
        """Run the same file once more."""
        ours = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")
        # Hypothesis would be imported, and rewritten by pytest, in each inner run.
        others = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
        return Result(self._pytester.inline_run(*ours, *others, *options))


class Result:
    """The reports of an inner run."""

    def __init__(self, recorded: pytest.HookRecorder) -> None:
        self.reports = [
            report
            for report in recorded.getreports("pytest_runtest_logreport")
            if isinstance(report, pytest.TestReport)
        ]
        self.exit_code = recorded.ret

    @property
    def phases(self) -> list[tuple[str, str]]:
        """Each phase of each test with its outcome."""
        return [(report.when or "", report.outcome) for report in self.reports]

    @property
    def outcomes(self) -> list[str]:
        """The outcome of each test's call."""
        return [report.outcome for report in self.reports if report.when == "call"]

    @property
    def text(self) -> str:
        """What the failed phases say."""
        return "\n".join(report.longreprtext for report in self.reports if report.failed)


@pytest.fixture
def inner(pytester: pytest.Pytester) -> Inner:
    """Run test files of a user."""
    return Inner(pytester)
