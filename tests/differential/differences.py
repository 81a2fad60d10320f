"""Where the text that the reference core was built from breaks a law, frame by frame.

A scenario that is not in the table must come out the same on both. One that is in it must differ in
exactly these frames.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """What Pipecat 0.0.73 says differently.

    Parameters:
        law: The law that it breaks, as ``docs/reference-core.md`` has it.
        found: What our laws say of its frames; empty where no law looks at it yet.
        down: Downstream, ``- `` what only the core says, ``+ `` what only the release says.
        up: The same upstream.
    """

    law: str
    found: tuple[str, ...]
    down: tuple[str, ...] = ()
    up: tuple[str, ...] = ()


def _both_ways(law: str, found: tuple[str, ...], *frames: str) -> Difference:
    return Difference(law, found, frames, frames)


DIFFERENCES: dict[str, Difference] = {
    "handler_raises": _both_ways(
        "LS101",
        ("LS101 r `refund` is never settled: last heard of as in progress",),
        '- FunctionCallResult r:refund arguments={"id": "A1"} result={"error": '
        "\"function 'refund' failed: StubError('the payment service is down')\"}",
    ),
    "unregistered_function": _both_ways(
        "LS101",
        ("LS101 n `no_such_function` is never settled: last heard of as started",),
        "- FunctionCallInProgress n:no_such_function arguments={} cancel_on_interruption=true",
        '- FunctionCallResult n:no_such_function arguments={} result={"error": '
        "\"function 'no_such_function' is not registered\"}",
    ),
    "falsy_answer": _both_ways(
        "LS206",
        ("LS204 the model does not run after s `search`",),
        "- FunctionCallsStarted c:create arguments=[{}]",
        "- FunctionCallInProgress c:create arguments={} cancel_on_interruption=true",
        '- FunctionCallResult c:create arguments={} result={"ok": true}',
    ),
    "interrupted_call": Difference("LS105", (), up=("- FunctionCallCancel f1:f",)),
    "interrupted_calls": Difference(
        "LS105", (), up=("- FunctionCallCancel f1:f", "- FunctionCallCancel g1:g")
    ),
    "interrupted_sequence": Difference(
        "LS107",
        (
            "LS101 k1 `keep` is never settled: last heard of as started",
            "LS101 g1 `g` is never settled: last heard of as started",
            "LS106 g1 `g`: the interruption does not cancel it",
        ),
        down=(
            "- FunctionCallCancel g1:g",
            "- FunctionCallInProgress k1:keep arguments={} cancel_on_interruption=false",
            '- FunctionCallResult k1:keep arguments={} result={"ok": true}',
        ),
        up=(
            "- FunctionCallCancel f1:f",
            "- FunctionCallCancel g1:g",
            "- FunctionCallInProgress k1:keep arguments={} cancel_on_interruption=false",
            '- FunctionCallResult k1:keep arguments={} result={"ok": true}',
        ),
    ),
}
