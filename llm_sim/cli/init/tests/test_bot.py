"""What the bot promises: ``python -m pytest``, or with ``--llm-sim-target pipecat``."""

import pytest
from llm_sim import Down, F, call, say, smoke, turn

from shop import assistant

ASK = (
    turn(say("Let me look."), call("find_book", {"title": "Dune"}, as_="find")),
    turn(say("We have two copies.")),
)


def test_every_tool_works():
    """Each tool is called once, with the simplest arguments that its schema allows."""
    report = smoke(assistant)
    assert report.clean, report


def test_find_book_counts_the_copies(llm_sim):
    """One handler: the model calls it with these arguments, and it answers with this result."""
    run = llm_sim.run(*ASK, bot=assistant)
    assert run.call("find").result == {"title": "Dune", "in_stock": 2}


def test_the_model_speaks_of_the_book_when_the_result_is_there(llm_sim):
    """The order of frames, downstream; others may come between them."""
    run = llm_sim.run(*ASK, bot=assistant)
    run.frames[Down].in_order(
        F.LLMText(text="Let me look."),
        F.FunctionCallInProgress(tool_call_id="find"),
        F.FunctionCallResult(tool_call_id="find"),
        F.LLMText(text="We have two copies."),
    )


@pytest.mark.llm_sim(sweep="interrupt")
def test_a_reservation_is_made_whenever_the_user_interrupts(llm_sim):
    """A sweep: the conversation runs again, with an interruption at every single point of it."""
    run = llm_sim.run(
        turn(call("reserve_book", {"title": "Dune"}, as_="reserve")),
        turn(say("One copy is yours.")),
        bot=assistant,
    )
    assert run.call("reserve").phases == ["started", "in_progress", "result"]
