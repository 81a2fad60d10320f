"""Where the text that the reference core was built from breaks a law, frame by frame.

A scenario that is not in the table must come out the same on both, and break no law on either. One
that is in it must differ in exactly these frames, and break exactly these laws.
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


_NEVER_ANSWERED = _both_ways(
    "LS101",
    ("LS101 f1 `f` is never settled: last heard of as in progress",),
    '- FunctionCallResult f1:f arguments={} result={"error": '
    "\"function 'f' returned without a result\"}",
)

_FORGOTTEN = _both_ways(
    "LS101",
    (
        "LS101 f1 `f` is never settled: last heard of as in progress",
        "LS101 g1 `g` is never settled: last heard of as started",
    ),
    "- FunctionCallCancel f1:f",
    "- FunctionCallCancel g1:g",
)


def _runs_on_after(end: str) -> Difference:
    return _both_ways(
        "LS302",
        (
            f"LS302 g1 `g`: the service pushes FunctionCallResult after its {end}Frame",
            f"LS302 f1 `f`: the service pushes FunctionCallResult after its {end}Frame",
        ),
        "- FunctionCallCancel f1:f",
        "- FunctionCallCancel g1:g",
        '+ FunctionCallResult g1:g arguments={} result={"ok": true}',
        '+ FunctionCallResult f1:f arguments={} result={"ok": true}',
    )


DIFFERENCES: dict[str, Difference] = {
    "barge_in::handler_raises": _both_ways(
        "LS101",
        ("LS101 r `refund` is never settled: last heard of as in progress",),
        '- FunctionCallResult r:refund arguments={"id": "A1"} result={"error": '
        "\"function 'refund' failed: StubError('the payment service is down')\"}",
    ),
    "barge_in::unregistered_function": _both_ways(
        "LS101",
        ("LS101 n `no_such_function` is never settled: last heard of as started",),
        "- FunctionCallInProgress n:no_such_function arguments={} cancel_on_interruption=true",
        '- FunctionCallResult n:no_such_function arguments={} result={"error": '
        "\"function 'no_such_function' is not registered\"}",
    ),
    "handlers::answers_twice": _both_ways(
        "LS109",
        ("LS101 f1 `f` is settled twice: result, then result",),
        '+ FunctionCallResult f1:f arguments={} result="second"',
    ),
    "handlers::never_answers": _NEVER_ANSWERED,
    "handlers::never_answers_in_a_row": _NEVER_ANSWERED,
    "handlers::registers_anew": _both_ways(
        "LS101",
        ("LS101 f1 `f` is never settled: last heard of as in progress",),
        '- FunctionCallResult f1:f arguments={} result="done"',
    ),
    "handlers::a_failure_in_a_row": _both_ways(
        "LS101",
        (
            "LS101 f1 `f` is never settled: last heard of as in progress",
            "LS101 n1 `no_such_function` is never settled: last heard of as started",
        ),
        '- FunctionCallResult f1:f arguments={} result={"error": '
        "\"function 'f' failed: StubError('broken')\"}",
        "- FunctionCallInProgress n1:no_such_function arguments={} cancel_on_interruption=true",
        '- FunctionCallResult n1:no_such_function arguments={} result={"error": '
        "\"function 'no_such_function' is not registered\"}",
    ),
    "handlers::finds_nothing": Difference("LS206", ("LS204 the model does not run after f1 `f`",)),
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
    "end_while_calls_run_in_parallel": _runs_on_after("End"),
    "cancel_while_calls_run_in_parallel": _runs_on_after("Cancel"),
    "end_while_calls_run_in_sequence": _FORGOTTEN,
    "cancel_while_calls_run_in_sequence": _FORGOTTEN,
}

LACKING: dict[str, str] = {
    "handlers::never_ends": "timeout_secs",
    "handlers::never_ends_in_a_row": "timeout_secs",
    "handlers::late": "timeout_secs",
    "handlers::tells_updates": "is_final",
    "handlers::tells_updates_in_a_row": "is_final",
    "handlers::interrupts": "broadcast_frame",
    "handlers::interrupts_itself": "broadcast_frame",
}
"""What a scenario's bot asks for that Pipecat 0.0.73 does not have."""
