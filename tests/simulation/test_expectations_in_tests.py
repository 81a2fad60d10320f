"""What a test says of a run's frames, calls and context."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from llm_sim import Bot, Down, ExpectationError, F, Run, Up, at, call, interrupt, run, say, turn
from llm_sim.errors import UsageError
from llm_sim.frames import DataFrame, Frame, FrameDirection, LLMTextFrame
from llm_sim.scenario import Scenario, Tool
from llm_sim.service import FrameProcessor
from llm_sim.simulation import FrameLog
from tests.support.pipecat import needs_pipecat

ORDER = Scenario(
    script=[
        turn(say("Let me check."), call("lookup", {"id": "A1"}, as_="c1")),
        turn(say("It has shipped.")),
    ],
    tools={"lookup": Tool(result={"status": "shipped", "parcels": 2}, latency="100ms")},
)
TARGETS = ["reference", pytest.param("pipecat", marks=needs_pipecat)]


@pytest.fixture(scope="module", params=TARGETS)
def order(request: pytest.FixtureRequest) -> Run:
    return run(ORDER, target=request.param)


@pytest.fixture(scope="module")
def down() -> FrameLog:
    return run(ORDER).frames[Down]


def test_frames_come_in_order_with_others_between_them(order: Run) -> None:
    order.frames[Down].in_order(
        F.LLMFullResponseStart,
        F.FunctionCallsStarted(calls=["c1"]),
        F.FunctionCallInProgress(tool_call_id="c1", arguments={"id": "A1"}),
        F.FunctionCallResult(tool_call_id="c1", result={"status": "shipped"}),
        F.LLMText(text="It has shipped."),
    )
    order.frames[Up].in_order("FunctionCallsStarted", "FunctionCallResultFrame", F.LLMContext)


def test_the_other_expectations_are_met_too(order: Run) -> None:
    frames = order.frames[Down]
    frames.of(F.LLMText).exactly(F.LLMText(text="Let me check."), F.LLMText)
    frames.any_order(F.LLMText(text="It has shipped."), F.FunctionCallsStarted, F.LLMText)
    frames.never(F.LLMText, after=F.FunctionCallsStarted, until=F.FunctionCallResult)
    frames.never(F.LLMText, after=F.LLMText, until=F.LLMText)
    frames.never(F.FunctionCallResult, after=F.FunctionCallResult)
    frames.never(F.FunctionCallResult(properties={"is_final": False}))
    frames.never(F.Interruption)
    frames.within("100ms", F.FunctionCallInProgress, F.FunctionCallResult)
    frames.of(F.Interruption).exactly()


def test_matchers_of_other_libraries_match(order: Run) -> None:
    dirty: Any = pytest.importorskip("dirty_equals")
    shipped = {"status": dirty.IsStr(regex="ship.*"), "parcels": dirty.IsPositiveInt()}
    order.frames[Down].in_order(F.FunctionCallResult(tool_call_id=dirty.IsStr, result=shipped))
    with pytest.raises(ExpectationError, match=r"result\.parcels is 2, not IsNegativeInt"):
        order.frames[Down].in_order(F.FunctionCallResult(result={"parcels": dirty.IsNegativeInt()}))


def test_any_order_gives_each_pattern_a_frame_of_its_own(order: Run) -> None:
    texts = order.frames[Down].of(F.LLMText)
    texts.any_order(F.LLMText, F.LLMText(text="Let me check."))
    texts.any_order(F.LLMText(text="Let me check."), F.LLMText)


def test_a_call_is_told_whole(order: Run) -> None:
    life = order.call("c1")
    assert (life.name, life.arguments, life.result, life.is_cancelled) == (
        "lookup",
        {"id": "A1"},
        {"status": "shipped", "parcels": 2},
        False,
    )
    assert life.phases == life.phases_in(Up) == ["started", "in_progress", "result"]
    assert (life.context, life.message) == ("settled", '{"status": "shipped", "parcels": 2}')


def test_the_context_is_what_the_model_would_be_given_next(order: Run) -> None:
    assert order.context.roles[-3:] == ["assistant", "tool", "assistant"]
    assert order.context.messages[-1] == {"role": "assistant", "content": "It has shipped."}


def test_a_cancelled_call_has_no_result(order: Run) -> None:
    hasty = ORDER.replace(inject=[at(F.FunctionCallInProgress, interrupt())], open_ended=True)
    life = run(hasty).call("c1")
    assert (life.is_cancelled, life.phases[-1], life.result) == (True, "cancelled", None)
    assert life.context == "cancelled"


def missed(down: FrameLog, expect: Callable[[FrameLog], Any]) -> tuple[str, str, list[str]]:
    """Return the two sentences of a failed expectation and the marked lines of its timeline."""
    with pytest.raises(ExpectationError) as caught:
        expect(down)
    marked = [line for line in caught.value.timeline if line.startswith(">>>")]
    return caught.value.expected, caught.value.miss, [line[4:48].split("  .")[0] for line in marked]


def test_a_payload_that_is_another_one_is_the_nearest_miss(down: FrameLog) -> None:
    wanted = F.FunctionCallResult(result={"status": "lost"})
    assert missed(down, lambda frames: frames.in_order(F.LLMText, wanted)) == (
        "down: in order LLMText, FunctionCallResult(result={'status': 'lost'})",
        "FunctionCallResult(result={'status': 'lost'}) did not come after LLMText at 0 ms: nearest "
        "FunctionCallResult c1 at 100 ms: result.status is 'shipped', not 'lost'",
        ["    100 ms  v FunctionCallResult c1         "],
    )


def test_a_frame_that_came_too_early_is_the_nearest_miss(down: FrameLog) -> None:
    early = missed(down, lambda frames: frames.in_order("FunctionCallResult", "LLMContext"))
    assert early[1] == (
        "LLMContext did not come after FunctionCallResult c1 at 100 ms: it came before, "
        "LLMContext at 0 ms"
    )


@pytest.mark.parametrize(
    ("expect", "miss"),
    [
        (
            lambda frames: frames.in_order("FunctionCallReslt"),
            "FunctionCallReslt did not come: no such frame passed "
            "(did you mean 'FunctionCallResult'?)",
        ),
        (
            lambda frames: frames.in_order("FunctionCallCancel"),
            "FunctionCallCancel did not come: no such frame passed; there were "
            "LLMMessagesAppend, LLMContext, LLMFullResponseStart, LLMText, FunctionCallsStarted, "
            "LLMFullResponseEnd, FunctionCallInProgress, FunctionCallResult",
        ),
        (
            lambda frames: frames.of("LLMText").exactly("LLMText"),
            "1 more than the 1 expected: first LLMText at 100 ms",
        ),
        (
            lambda frames: frames.of("LLMText").exactly("LLMText", "LLMText", "LLMText"),
            "LLMText came 2 times, and 3 were expected",
        ),
        (
            lambda frames: frames.of("LLMText").exactly(F.LLMText(text="Hm."), "LLMText"),
            "frame 1 should be LLMText(text='Hm.'): LLMText at 0 ms: "
            "text is 'Let me check.', not 'Hm.'",
        ),
        (
            lambda frames: frames.any_order("LLMText", "LLMText", "LLMText"),
            "LLMText came 2 times, and 3 were expected",
        ),
        (
            lambda frames: frames.any_order(F.LLMText(text="Hm.")),
            "LLMText(text='Hm.') did not come: nearest LLMText at 0 ms: "
            "text is 'Let me check.', not 'Hm.'",
        ),
        (
            lambda frames: frames.never("LLMText", after="FunctionCallResult"),
            "LLMText must not come: LLMText at 100 ms, after FunctionCallResult c1 at 100 ms",
        ),
        (
            lambda frames: frames.never("LLMText", after="LLMText"),
            "LLMText must not come: LLMText at 100 ms, after LLMText at 0 ms",
        ),
        (
            lambda frames: frames.never(F.LLMText(txt="Hm.")),
            "nothing to look at: a trace tells of no txt of LLMText (did you mean 'text'?)",
        ),
        (
            lambda frames: frames.of(F.LLMText(text="Hm.", user="u1")).exactly(),
            "nothing to look at: a trace tells of no user of LLMText, but text, calls",
        ),
        (
            lambda frames: frames.of("LLMText").never("LLMText", after="Interruption"),
            "nothing to look at: Interruption did not come: no such frame passed; "
            "there were LLMText",
        ),
        (
            lambda frames: frames.within("50ms", "FunctionCallsStarted", "FunctionCallResult"),
            "100ms from FunctionCallsStarted c1 at 0 ms to FunctionCallResult c1 at 100 ms, "
            "which is more than 50ms",
        ),
        (
            lambda frames: frames.of("Interruption").in_order("LLMText"),
            "LLMText did not come: no such frame passed; there were none",
        ),
    ],
)
def test_what_is_not_met_names_the_nearest_miss(
    down: FrameLog, expect: Callable[[FrameLog], Any], miss: str
) -> None:
    assert missed(down, expect)[1] == miss


def test_a_failed_expectation_is_an_assertion_and_survives_pickling(down: FrameLog) -> None:
    with pytest.raises(AssertionError) as caught:
        down.in_order("Interruption")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("expect", "mistake"),
    [
        (lambda one: one.call("c2"), "there was no call 'c2'; the run has c1"),
        (lambda one: one.call("c_1"), "there was no call 'c_1' (did you mean 'c1'?); the run"),
        (lambda one: one.frames[Down].in_order(), "name at least one frame, such as F.F"),
        (lambda one: one.frames[Down].in_order(7), "7 is no frame: write F.FunctionCallResult"),
        (lambda one: one.frames[Down].within("1s", F.End), "within needs two frames at least"),
        (lambda one: one.frames[Down].at("sinc"), "there is no processor 'sinc' (did you mean"),
    ],
)
def test_a_wrong_question_is_answered_with_the_remedy(
    expect: Callable[[Run], Any], mistake: str
) -> None:
    with pytest.raises(UsageError) as caught:
        expect(run(ORDER))
    assert mistake in str(caught.value)


def test_frames_can_be_looked_at_from_one_processor(down: FrameLog) -> None:
    speaking = F.LLMText, F.LLMFullResponseEnd
    assert down.at("user").of(*speaking).types == []
    assert down.at("sink").of(*speaking).types == ["LLMText", "LLMFullResponseEnd"] * 2


def test_a_log_is_a_sequence_of_frames(down: FrameLog) -> None:
    texts = down.of("LLMText")
    assert (len(texts), texts[0].type, [one.type for one in texts[:1]]) == (
        2,
        "LLMText",
        ["LLMText"],
    )
    assert repr(texts) == "<2 frames down of LLMText: LLMText, LLMText>"


@dataclass(slots=True, eq=False)
class CardFrame(DataFrame):
    """A frame of an application."""

    title: str = ""
    lines: tuple[str, ...] = ()


class Cards(FrameProcessor):
    """Shows a card for each text."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMTextFrame):
            await self.push_frame(CardFrame(title=frame.text, lines=("x",)))
        await self.push_frame(frame, direction)


def test_a_frame_of_the_applications_own_tells_its_whole_payload() -> None:
    one = run(Scenario(script=[turn(say("Hi."))]), bot=Bot(lambda llm: [llm, Cards()]))
    one.frames[Down].at("sink").in_order(CardFrame, F.LLMText)
    assert [frame.fields for frame in one.frames[Down].of(CardFrame)] == [
        {"title": "Hi.", "lines": ["x"]}
    ]
