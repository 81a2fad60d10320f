"""What tools do, and how long things take."""

from __future__ import annotations

from typing import Any, Final, get_args

from hypothesis import strategies as st

from llm_sim.scenario import Behaviour, Tool, format_duration, parse_duration

_MS: Final = 1_000_000
_LATENCIES: Final = (0, 10, 30, 50, 100, 120, 250, 1200)
_TOO_LONG: Final = "1.2s"
_RESULTS: Final[tuple[Any, ...]] = ({"ok": True}, [], False, 0, "", None, {}, [{"n": 1}], "text")
_WORDS: Final = tuple(word for word in get_args(Behaviour) if word != "answer")
_PLAIN: Final = ("answer",) * (len(_WORDS) // 2)


def latencies(*, most: str | None = None) -> st.SearchStrategy[str]:
    """Draw how long something takes: a duration of the scenario file, ``"0s"`` first.

    Args:
        most: Draw nothing longer; None for the longest of the kit, 1.2 s.
    """
    bound = parse_duration(most) if most is not None else _LATENCIES[-1] * _MS
    return st.sampled_from([format_duration(ms * _MS) for ms in _LATENCIES if ms * _MS <= bound])


def behaviours(*, cancel_on_interruption: bool | None = None) -> st.SearchStrategy[Tool]:
    """Draw a stub tool: what it does, what it answers, and how long it takes.

    It may answer at once or slowly, raise, never answer, answer twice or late, report progress,
    swallow its cancellation, spawn a task, register or unregister itself, speak and interrupt. One
    that hangs has a timeout, for nothing else could settle its call.

    Args:
        cancel_on_interruption: What its registration says; None to draw it as well.
    """
    flags = st.booleans().map(lambda keep: not keep)
    cancel = flags if cancel_on_interruption is None else st.just(cancel_on_interruption)
    # Mapped, not built: so Hypothesis prints the tool, not how it was made.
    return st.tuples(
        st.sampled_from([*_PLAIN, *_WORDS, "raise", "time_out"]),
        latencies(),
        st.sampled_from([*_RESULTS[:1] * len(_RESULTS), *_RESULTS[1:]]),
        cancel,
    ).map(lambda drawn: _tool(*drawn))


def _tool(word: str, latency: str, result: Any, cancel: bool) -> Tool:
    how: dict[str, Any] = {"latency": latency, "cancel_on_interruption": cancel}
    if word == "raise":
        return Tool(raises="broken", **how)
    if word == "time_out":
        return Tool(result=result, timeout="40ms", **how)
    if word == "hang":
        return Tool(does="hang", timeout="200ms", cancel_on_interruption=cancel)
    if word == "clean_up" and latency == _TOO_LONG:
        # A service waits a bounded time for a cleanup, a second in the embedded core.
        how["latency"] = "250ms"
    return Tool(does=word, result=result, **how)  # type: ignore[arg-type]
