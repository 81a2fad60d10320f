"""A pytest run that does not simulate does not notice the plugin."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.pytest_plugin.conftest import Inner
from tests.support.command import environment


@pytest.mark.slow
def test_loading_the_plugin_imports_nothing_heavy() -> None:
    source = (
        "import pytest, sys; before = set(sys.modules); import llm_sim.pytest_plugin; "
        "list(map(__import__, llm_sim.pytest_plugin.pytest_plugins)); "
        "print(*sorted(set(sys.modules) - before), sep='\\n')"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", source],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert loaded.stdout.split() == [
        "llm_sim",
        "llm_sim.pytest_plugin",
        "llm_sim.pytest_plugin._outcomes",
        "llm_sim.pytest_plugin._scenario_files",
        "llm_sim.pytest_plugin._session",
        "llm_sim.pytest_plugin._settings",
        "llm_sim.pytest_plugin._tests",
    ]


CONFIGURED = """
[pytest]
llm_sim_target = pipecat
llm_sim_sweep = interrupt
llm_sim_trace = on
llm_sim_disable = LS204
llm_sim_timeout = 30s
llm_sim_output = traces
llm_sim_baseline = known.yaml
llm_sim_scenarios = talks
"""


@pytest.mark.slow
@pytest.mark.parametrize("ini", ["[pytest]\n", CONFIGURED], ids=["plain", "configured"])
def test_a_session_without_a_simulation_imports_nothing_heavy(
    pytester: pytest.Pytester, ini: str
) -> None:
    pytester.makeini(ini)
    pytester.makeconftest("""
import sys

HEAVY = {"hypothesis", "pipecat", "pydantic", "yaml", "asyncio"}

def pytest_unconfigure(config):
    ours = {name for name in sys.modules if name.startswith("llm_sim.")}
    strangers = {name for name in ours if not name.startswith("llm_sim.pytest_plugin")}
    assert not HEAVY.intersection(sys.modules) and not strangers
""")
    pytester.makepyfile("def test_plain(): pass")
    source = "import pytest, sys; sys.exit(pytest.main(['-q', *sys.argv[1:]]))"
    session = subprocess.run(
        [sys.executable, "-c", source, "-p", "llm_sim.pytest_plugin"],
        cwd=pytester.path,
        env=environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert session.returncode == 0, session.stdout


def test_a_test_without_the_fixture_runs_as_ever(inner: Inner) -> None:
    result = inner.run(
        """
def test_plain(request):
    assert "llm_sim" not in request.fixturenames
""",
        head="",
    )
    assert result.phases == [("setup", "passed"), ("call", "passed"), ("teardown", "passed")]


def test_a_test_that_asks_for_the_fixture_and_runs_nothing_passes(inner: Inner) -> None:
    result = inner.run("""
def test_plain(llm_sim):
    assert llm_sim.runs == []
""")
    assert result.outcomes == ["passed"]


def test_the_option_is_listed(inner: Inner, capsys: pytest.CaptureFixture[str]) -> None:
    inner.run("", "--help", head="")
    out = capsys.readouterr().out
    assert "--llm-sim-target" in out
    assert "--llm-sim-baseline-prune" in out
    assert "llm_sim_disable (args)" in out
