"""Settings: the configuration, ``llm_sim_config``, the marker and the command line."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.conftest import HEAD, INI, INSTALLED, Inner

NAIVE = ("--llm-sim-target", "naive")
TOLD = """
def test_settings(llm_sim):
    assert llm_sim.settings[:5] == ("naive", "end", "on", ("LS204",), "7s")
"""
ALL = "target='naive', sweep='end', trace='on', disable=['LS204'], timeout='7s'"
SOME = "target='reference', sweep='cancel', trace='off', disable=[], timeout='1s'"
LINE = (
    "--llm-sim-target=naive",
    "--llm-sim-sweep=end",
    "--llm-sim-trace=on",
    "--llm-sim-disable=ls204",
    "--llm-sim-timeout=7s",
)
CONFIGURED = """
llm_sim_target = {0}
llm_sim_sweep = {1}
llm_sim_trace = {2}
llm_sim_disable = {3}
llm_sim_timeout = {4}
"""
SLOW = """
def test_slow(llm_sim):
    llm_sim.run(turn(call("f")), turn(say("Done.")), tools={"f": Tool(latency="10s")})
"""
RACE = """
def test_race(llm_sim):
    llm_sim.run(*RACE, tools=TOOLS, mode="sequential")
"""
LAWS = "disable=['LS101', 'LS103', 'LS106', 'LS107', 'LS111']"
FUZZED = """
from hypothesis import settings
from llm_sim import fuzz

@pytest.fixture
def llm_sim_config():
    return CONFIG

IN_A_ROW = Scenario(script=RACE[:2], tools=TOOLS, mode="sequential", inject=RACE[2:])

@pytest.mark.llm_sim(target="naive")
@settings(max_examples=3, derandomize=True)
@fuzz(IN_A_ROW, inject=["interrupt"], max_injections=0)
def test_race(run):
    pass
"""


def fixture(settings: str) -> str:
    return f"@pytest.fixture\ndef llm_sim_config():\n    return dict({settings})\n"


def marked(settings: str) -> str:
    return f"@pytest.mark.llm_sim({settings})" + TOLD


def test_a_test_of_which_nothing_is_said_has_the_defaults(inner: Inner) -> None:
    result = inner.run("""
def test_settings(llm_sim):
    assert llm_sim.settings == ("reference", None, "off", (), None, None)
""")
    assert result.text == ""


@pytest.mark.parametrize(
    ("ini", "body", "options"),
    [
        (("naive", "end", "on", "LS204", "7s"), TOLD, ()),
        (("reference", "cancel", "off", "LS302", "1s"), fixture(ALL) + TOLD, ()),
        ((), fixture(SOME) + marked(ALL), ()),
        ((), fixture(SOME) + marked(SOME), LINE),
        (("reference", "cancel", "off", "LS302", "1s"), TOLD, LINE),
    ],
    ids=["configuration", "fixture", "marker", "command_line", "over_configuration"],
)
def test_who_is_nearer_to_the_run_has_the_last_word(
    inner: Inner, ini: tuple[str, ...], body: str, options: tuple[str, ...]
) -> None:
    more = CONFIGURED.format(*ini) if ini else ""
    assert inner.run(body, *options, ini=more).text == ""


def test_the_nearest_of_several_markers_wins(inner: Inner) -> None:
    result = inner.run("""
@pytest.mark.llm_sim(target="naive", trace="on")
class TestBot:
    @pytest.mark.llm_sim(trace="off")
    def test_settings(self, llm_sim):
        assert llm_sim.settings[:3] == ("naive", None, "off")
""")
    assert result.text == ""


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        (
            'tarqet="naive"',
            "the marker llm_sim: there is no setting 'tarqet' (did you mean 'target'?); the "
            "settings are target, sweep, trace, disable, timeout",
        ),
        (
            '"naive"',
            "the marker llm_sim takes names only, not 'naive': "
            '@pytest.mark.llm_sim(target="pipecat")',
        ),
        (
            'target="piecat"',
            "the marker llm_sim: there is no target 'piecat' (did you mean 'pipecat'?); the "
            "targets are reference, naive, pipecat, auto",
        ),
        ("target=1", "the marker llm_sim: target must be text, not 1"),
        (
            "sweep=say",
            "the marker llm_sim: cannot inject say: write inject=interrupt, "
            'inject=[interrupt, end] or inject="interrupt+end"; a stimulus is one of '
            "interrupt, end, cancel, user_starts, user_stops, error",
        ),
        (
            'trace="retain-on-failures"',
            "the marker llm_sim: trace is one of off, on, retain-on-failure, retain-all-failures, "
            "not 'retain-on-failures' (did you mean 'retain-on-failure'?)",
        ),
        (
            'disable=["LS1O4"]',
            "the marker llm_sim: there is no law 'LS1O4' (did you mean 'LS104'?)",
        ),
        (
            "disable=204",
            """the marker llm_sim: disable must be a list of laws like ["LS204"], not 204""",
        ),
        (
            'timeout="0s"',
            "the marker llm_sim: timeout '0s' leaves a run no time; write one like 30s",
        ),
    ],
)
def test_a_mistake_in_a_marker_is_told_with_the_test_it_stands_at(
    inner: Inner, marker: str, message: str
) -> None:
    result = inner.run(marked(marker))
    assert result.phases == [("setup", "failed"), ("teardown", "passed")]
    assert result.text == f"test_bot.py::test_settings: {message}"


def test_a_mistake_in_a_marker_is_told_also_where_nothing_is_simulated(inner: Inner) -> None:
    result = inner.run("@pytest.mark.llm_sim(tarqet='naive')\ndef test_plain(): pass\n")
    assert result.text.startswith(
        "test_bot.py::test_plain: the marker llm_sim: there is no setting 'tarqet' "
    )


def test_a_marker_without_the_fixture_is_told_since_it_does_nothing(inner: Inner) -> None:
    result = inner.run('@pytest.mark.llm_sim(sweep="interrupt")\ndef test_plain(): pass\n')
    assert "does nothing without the fixture: take llm_sim as an argument" in result.text


def test_a_marker_of_a_class_is_for_those_of_its_tests_that_simulate(inner: Inner) -> None:
    result = inner.run("""
@pytest.mark.llm_sim(target="naive")
class TestBot:
    def test_plain(self):
        pass
""")
    assert result.text == ""


def test_a_mistake_in_the_fixtures_is_told_without_a_traceback(inner: Inner) -> None:
    unknown = inner.run(fixture("sweeps='end'") + TOLD)
    assert unknown.text == (
        "test_bot.py::test_settings: llm_sim_config: there is no setting 'sweeps' (did you "
        "mean 'sweep'?); the settings are target, sweep, trace, disable, timeout"
    )
    no_mapping = inner.run("@pytest.fixture\ndef llm_sim_config():\n    return 'on'\n" + TOLD)
    assert no_mapping.text == (
        """test_bot.py::test_settings: llm_sim_config must give a mapping like {"trace": "on"}, """
        "not 'on'"
    )
    no_bot = inner.run("@pytest.fixture\ndef llm_sim_bot():\n    return 'bots:build'\n" + TOLD)
    assert no_bot.text == (
        "test_bot.py::test_settings: llm_sim_bot must give a Bot, not 'bots:build': "
        "return Bot(build)"
    )


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--llm-sim-trace=of", "--llm-sim-trace: trace is one of off, on, retain-on-failure, "
         "retain-all-failures, not 'of' (did you mean 'off'?)"),
        ("--llm-sim-replay=interrupt", "schedule 'interrupt': a token starts with 'ls1-'"),
    ],
)  # fmt: skip
def test_a_mistake_on_the_command_line_ends_the_session_before_it_begins(
    pytester: pytest.Pytester, option: str, message: str
) -> None:
    plugin = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")
    result = pytester.runpytest_inprocess(*plugin, "-p", "no:hypothesispytest", option)
    assert result.ret is pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0].startswith(f"ERROR: llm_sim: {message}")


def test_the_bot_of_the_fixture_is_what_runs_unless_a_call_or_a_scenario_names_one(
    inner: Inner,
) -> None:
    result = inner.run("""
def other(llm):
    llm.register_function("lookup_order", lookup_order)

@pytest.fixture
def llm_sim_bot():
    return Bot(build)

def test_bots(llm_sim):
    llm_sim.run(*ORDER)
    llm_sim.run(*ORDER, bot=Bot(other))
    llm_sim.run(Scenario(script=[turn(say("Hello."))]))
    llm_sim.run(Scenario(script=ORDER, bot="test_bot:other"))
    llm_sim.run(turn(say("Hello.")), bot=Bot())
    made = [run.setup.bot.name for run in llm_sim.runs]
    assert made == ["build", "other", "build", "other", "_nothing"]
""")
    assert result.text == ""


def test_a_law_that_is_disabled_is_not_judged(inner: Inner) -> None:
    laws = "LS101,LS103,LS106,LS107"
    result = inner.run(RACE, *NAIVE, "--llm-sim-disable", laws)
    assert result.outcomes == ["failed"]
    assert result.text.startswith("LS111 ")
    words = result.text.partition("  replay    ")[2]
    assert words == (
        f'pytest "test_bot.py::test_race" --llm-sim-target naive --llm-sim-disable {laws}'
    )
    assert inner.again(*NAIVE, "--llm-sim-disable", f"{laws},LS111").outcomes == ["passed"]


def test_a_run_is_stopped_at_the_bound_of_virtual_time(inner: Inner) -> None:
    assert inner.run(SLOW).outcomes == ["passed"]
    result = inner.again("--llm-sim-timeout=5s")
    assert result.outcomes == ["failed"]
    assert "LS304" in result.text


@pytest.mark.parametrize(
    ("config", "outcome"),
    [("{}", {"failed": 1}), (f"dict({LAWS})", {"passed": 1}), ("{'trace': 'of'}", {"failed": 1})],
    ids=["none", "disabled", "mistake"],
)
def test_the_settings_hold_for_a_fuzzed_test_as_well(
    pytester: pytest.Pytester, config: str, outcome: dict[str, int]
) -> None:
    pytester.makeini(INI.format(mode="strict"))
    pytester.makepyfile(test_bot=HEAD + FUZZED.replace("CONFIG", config))
    plugin = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")
    result = pytester.runpytest_inprocess(*plugin)
    result.assert_outcomes(**outcome)
    assert ("llm_sim_config: trace is one of" in result.stdout.str()) is ("trace" in config)


def test_the_marker_is_known_where_markers_must_be(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI.format(mode="strict"))
    pytester.makepyfile(test_bot=HEAD + marked("trace='off'").replace("assert", "assert not"))
    plugin = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")
    result = pytester.runpytest_inprocess(*plugin, "-p", "no:hypothesispytest", "--strict-markers")
    result.assert_outcomes(passed=1)
