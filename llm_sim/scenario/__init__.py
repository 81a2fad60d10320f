"""What happens, as plain data: the model of a scenario, its builders and its file."""

from llm_sim.scenario._builders import (
    Hold,
    after,
    at,
    at_step,
    call,
    cancel,
    end,
    error,
    fail,
    hold,
    interrupt,
    register,
    say,
    turn,
    unregister,
    user_says,
    user_starts,
    user_stops,
    wait,
)
from llm_sim.scenario._durations import format_duration, parse_duration
from llm_sim.scenario._expect import (
    Absent,
    Anything,
    CallExpected,
    ContextExpected,
    Expectation,
    Within,
)
from llm_sim.scenario._fields import Writes
from llm_sim.scenario._file import (
    Version,
    dump_document,
    dump_scenarios,
    scenario_schema,
    schema_text,
)
from llm_sim.scenario._frames import F, FramePattern, differences, in_words_of_a_file
from llm_sim.scenario._json import Text
from llm_sim.scenario._loader import load_document, load_scenarios
from llm_sim.scenario._marks import Mark
from llm_sim.scenario._mistakes import spell
from llm_sim.scenario._model import Behaviour, Scenario, Tool, unknown_calls
from llm_sim.scenario._pieces import by_tool, departures_of, durations_of
from llm_sim.scenario._place import Place, names_one
from llm_sim.scenario._plain import Plain
from llm_sim.scenario._script import Call, Fail, Say, Step, Turn, Wait
from llm_sim.scenario._stimuli import STIMULI, WITH_TEXT, Injection, Stimulus

__all__ = [
    "STIMULI",
    "WITH_TEXT",
    "Absent",
    "Anything",
    "Behaviour",
    "Call",
    "CallExpected",
    "ContextExpected",
    "Expectation",
    "F",
    "Fail",
    "FramePattern",
    "Hold",
    "Injection",
    "Mark",
    "Place",
    "Plain",
    "Say",
    "Scenario",
    "Step",
    "Stimulus",
    "Text",
    "Tool",
    "Turn",
    "Version",
    "Wait",
    "Within",
    "Writes",
    "after",
    "at",
    "at_step",
    "by_tool",
    "call",
    "cancel",
    "departures_of",
    "differences",
    "dump_document",
    "dump_scenarios",
    "durations_of",
    "end",
    "error",
    "fail",
    "format_duration",
    "hold",
    "in_words_of_a_file",
    "interrupt",
    "load_document",
    "load_scenarios",
    "names_one",
    "parse_duration",
    "register",
    "say",
    "scenario_schema",
    "schema_text",
    "spell",
    "turn",
    "unknown_calls",
    "unregister",
    "user_says",
    "user_starts",
    "user_stops",
    "wait",
]
