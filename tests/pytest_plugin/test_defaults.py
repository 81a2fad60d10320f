"""What holds for a test holds for ``run()``, ``sweep()`` and ``smoke()`` in it as well."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from llm_sim.simulation import DEFAULTS
from tests.pytest_plugin.conftest import INI, Inner
from tests.support.command import environment

NAIVE = ("--llm-sim-target", "naive")
CALLS = """
from llm_sim import run, smoke, sweep

IN_A_ROW = Scenario(script=RACE[:2], tools=TOOLS, mode="sequential", inject=RACE[2:])
HELLO = Scenario(script=[turn(say("Hello."))])

def target(done):
    return done.setup.target.name
"""
EACH = """
def test_run():
    assert target(run(HELLO)) == "{0}"

def test_sweep():
    assert target(sweep(HELLO)) == "{0}"

def test_smoke():
    assert target(smoke(Bot(build))) == "{0}"

async def test_async():
    assert target(run(HELLO)) == "{0}"

@pytest.fixture
def around():
    assert target(run(HELLO)) == "{0}"
    yield
    assert target(run(HELLO)) == "{0}"

def test_fixture(around): ...
"""
NAMES_ITS_TARGET = """\
version: 1
scenarios:
  - name: race
    target: naive
    mode: sequential
    script:
      - [{call: check, as: c1}, {call: hang_up, as: c2}]
      - [{say: Done.}]
    tools: {check: {latency: 100ms}, hang_up: {latency: 50ms}}
    inject: [{after: 50ms, do: interrupt}]
"""


def test_calls_follow_the_target_of_the_session(inner: Inner) -> None:
    assert inner.run(CALLS + EACH.format("naive"), *NAIVE).text == ""


def test_a_state_machine_follows_the_target_of_the_session(inner: Inner) -> None:
    body = """
from hypothesis import settings
from llm_sim.testing import state_machine

class Steps(state_machine()):
    def judge(self, run):
        assert target(run) == "naive"

TestSteps = Steps.TestCase
TestSteps.settings = settings(max_examples=2, stateful_step_count=1, database=None)
"""
    result = inner.run(CALLS + body, *NAIVE)
    assert (result.outcomes, result.text) == (["passed"], "")


def test_calls_follow_the_configuration(inner: Inner) -> None:
    assert inner.run(CALLS + EACH.format("naive"), ini="llm_sim_target = naive").text == ""


def test_calls_follow_the_fixture(inner: Inner) -> None:
    body = """
@pytest.fixture
def llm_sim_config():
    return {"target": "naive"}

def test_run():
    assert target(run(HELLO)) == "naive"

@pytest.mark.parametrize("word", ["One.", "Two."])
def test_words(word):
    assert target(run(Scenario(script=[turn(say(word))]))) == "naive"

class TestMethods:
    def test_sweep(self):
        assert target(sweep(HELLO)) == "naive"
"""
    result = inner.run(CALLS + body)
    assert (result.outcomes, result.text) == (["passed"] * 4, "")


def test_calls_without_a_word_run_on_the_embedded_core(inner: Inner) -> None:
    assert inner.run(CALLS + EACH.format("reference")).text == ""


def test_a_call_that_names_its_target_has_the_last_word(inner: Inner) -> None:
    body = 'def test_run():\n    assert target(run(HELLO, target="reference")) == "reference"\n'
    assert inner.run(CALLS + body, *NAIVE).text == ""


def test_calls_follow_the_disabled_laws_and_the_timeout(inner: Inner) -> None:
    result = inner.run(
        CALLS
        + """
def test_laws():
    assert run(IN_A_ROW).laws == ("LS111",)

def test_timeout():
    slow = Scenario(script=[turn(call("f")), turn(say("Done."))], tools={"f": Tool(latency="9s")})
    assert "LS304" in run(slow).laws
""",
        *NAIVE,
        "--llm-sim-disable=LS101,LS103,LS106,LS107",
        "--llm-sim-timeout=5s",
    )
    assert result.text == ""


def test_nothing_holds_any_more_when_a_test_is_over(inner: Inner) -> None:
    before = DEFAULTS.get()
    inner.run(CALLS + EACH.format("naive") + "\ndef test_fails():\n    assert False\n", *NAIVE)
    assert DEFAULTS.get() is before


def test_a_configuration_that_cannot_be_fails_a_test_that_could_follow_it(inner: Inner) -> None:
    body = "def test_run():\n    run(HELLO)\n"
    result = inner.run(CALLS + body, ini="llm_sim_target = piecat")
    assert result.text.startswith("test_bot.py::test_run: llm_sim_target: there is no target")


@pytest.mark.slow
def test_a_test_that_imports_the_simulator_in_its_body_follows_as_well(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        """
import sys

def test_it():
    assert "llm_sim.simulation" in sys.modules
    from llm_sim import Scenario, run, say, turn

    assert run(Scenario(script=[turn(say("Hello."))])).setup.target.name == "naive"
""",
        encoding="utf-8",
    )
    plugin = ["-p", "llm_sim.pytest_plugin", "-p", "no:hypothesispytest"]
    session = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugin, "-o", "llm_sim_target=naive"],
        cwd=tmp_path,
        env=environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert session.returncode == 0, session.stdout


@pytest.mark.parametrize(
    ("ini", "options", "outcome"),
    [
        ("llm_sim_target = reference", (), "failed"),
        ("", (), "failed"),
        ("", ("--llm-sim-target=reference",), "passed"),
        ("llm_sim_target = naive", ("--llm-sim-target=reference",), "passed"),
    ],
    ids=["over_configuration", "alone", "below_command_line", "below_and_over"],
)
def test_the_target_of_a_scenario_stands_between_the_configuration_and_the_command_line(
    inner: Inner, pytester: pytest.Pytester, ini: str, options: tuple[str, ...], outcome: str
) -> None:
    pytester.makeini(INI.format(mode="strict") + ini)
    (pytester.path / "test_a.sim.yaml").write_text(NAMES_ITS_TARGET, encoding="utf-8")
    assert inner.again(*options).outcomes == [outcome]


def test_the_target_of_a_scenario_stands_between_the_fixture_and_the_marker(
    inner: Inner,
) -> None:
    result = inner.run("""
HELLO = Scenario(script=[turn(say("Hello."))], target="naive")

@pytest.fixture
def llm_sim_config():
    return {"target": "reference"}

def test_fixture(llm_sim):
    assert llm_sim.run(HELLO).setup.target.name == "naive"

@pytest.mark.llm_sim(target="reference")
def test_marker(llm_sim):
    assert llm_sim.run(HELLO).setup.target.name == "reference"

@pytest.mark.llm_sim(target="reference")
def test_call(llm_sim):
    assert llm_sim.run(HELLO, target="naive").setup.target.name == "naive"
""")
    assert result.text == ""


def test_the_header_names_the_target_that_auto_is(
    inner: Inner, capsys: pytest.CaptureFixture[str]
) -> None:
    inner.run("def test_plain(): pass\n", "--llm-sim-target=auto", head="")
    out = capsys.readouterr().out
    try:
        release = f"pipecat {version('pipecat-ai')}"
    except ModuleNotFoundError:
        release = "reference"
    assert f"\nllm_sim: {version('llm_sim')} on {release} (auto), trace off\n" in out


def test_a_scenario_file_is_read_once(inner: Inner, pytester: pytest.Pytester) -> None:
    pytester.makeini(INI.format(mode="strict"))
    (pytester.path / "test_a.sim.yaml").write_text(
        """\
version: 1
scenarios:
  - name: one
    script: [[{say: Hello.}]]
  - name: two
    script: [[{say: Hello.}], [{say: Hello.}]]
""",
        encoding="utf-8",
    )
    pytester.makeconftest("""
from pathlib import Path

read, read_bytes = [], Path.read_bytes

def counted(path):
    read.append(path.name)
    return read_bytes(path)

def pytest_configure():
    Path.read_bytes = counted

def pytest_unconfigure():
    Path.read_bytes = read_bytes
    Path("read.txt").write_text(" ".join(name for name in read if name.endswith(".yaml")))
""")
    result = inner.again("--llm-sim-sweep=interrupt", "--llm-sim-trace=on")
    assert result.outcomes == ["passed", "failed"]
    assert (pytester.path / "read.txt").read_text(encoding="utf-8") == "test_a.sim.yaml"


def test_a_bot_beside_a_scenario_that_names_one_is_used(inner: Inner) -> None:
    result = inner.run("""
def other(llm):
    llm.register_function("lookup_order", lookup_order)

def test_bot(llm_sim):
    run = llm_sim.run(Scenario(bot="test_bot:build", script=ORDER), bot=Bot(other))
    assert run.setup.bot.name == "other"
""")
    assert result.text == ""
