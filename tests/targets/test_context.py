"""What a context says of its calls."""

from __future__ import annotations

import pytest

from llm_sim.targets import Views

CALL = {"role": "assistant", "tool_calls": [{"id": "c1"}]}
UPDATE = {
    "role": "developer",
    "content": '{"type": "async_tool", "status": "running", "tool_call_id": "c1", "result": "1"}',
}


@pytest.mark.parametrize(("content", "state"), [('"whole"', "settled"), ("CANCELLED", "cancelled")])
def test_an_update_behind_the_end_of_its_call_does_not_open_it_again(
    content: str, state: str
) -> None:
    tool = {"role": "tool", "tool_call_id": "c1", "content": content}
    views = Views.of({}, {}, [CALL, tool, UPDATE])
    assert (views.context, views.contents) == ({"c1": state}, {"c1": content})
