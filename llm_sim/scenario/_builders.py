"""Builders: a scenario's parts in Python, as short as in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm_sim.errors import Problem, ScenarioError
from llm_sim.scenario._frames import FramePattern
from llm_sim.scenario._mistakes import show
from llm_sim.scenario._script import Call, Fail, Say, Turn, Wait
from llm_sim.scenario._stimuli import Injection, Stimulus


def say(text: str) -> Say:
    """Let the model say a piece of text.

    Raises:
        ScenarioError: ``text`` is no text.
    """
    return Say(text=text)


def call(name: str, args: Mapping[str, Any] | None = None, *, as_: str | None = None) -> Call:
    """Let the model call a tool.

    Args:
        name: The tool's name.
        args: The arguments, plain data by name.
        as_: The ``tool_call_id``; without it the scenario gives ``<name>_1`` and so on.

    Raises:
        ScenarioError: An argument is wrong.
    """
    _require(isinstance(name, str) and name != "", "name must be the name of a tool", name)
    _require(args is None or isinstance(args, Mapping), "args must be a mapping", args)
    if as_ is None:
        return Call(name=name, args=dict(args or {}))
    _require(isinstance(as_, str) and as_ != "", "as_ must be a text that is not empty", as_)
    return Call(name=name, args=dict(args or {}), id=as_)


def wait(duration: str | int) -> Wait:
    """Let the model pause in its stream.

    Args:
        duration: Virtual time, such as ``"300ms"``, or the number 0.

    Raises:
        ScenarioError: It is no duration.
    """
    return Wait(duration=duration)


def fail(text: str) -> Fail:
    """Let the model's provider fail in the middle of the response, which ends there.

    The service reports the error, upstream, as one that is not fatal. It stands at the end of a
    turn; what the turn calls is not dispatched.

    Args:
        text: What the service reports.

    Raises:
        ScenarioError: ``text`` is no text.
    """
    return Fail(text=text)


def turn(*steps: Say | Call | Wait | Fail) -> Turn:
    """Put steps together to one response of the model.

    Raises:
        ScenarioError: Something in it is not a step.
    """
    for number, step in enumerate(steps, start=1):
        wanted = f"step {number} must be say(text), call(name), wait(duration) or fail(text)"
        _require(isinstance(step, Say | Call | Wait | Fail), wanted, step)
    return Turn(steps=steps)


def interrupt() -> Stimulus:
    """Let the user interrupt the bot."""
    return Stimulus(kind="interrupt")


def end() -> Stimulus:
    """Let the conversation end: an ``EndFrame``."""
    return Stimulus(kind="end")


def cancel() -> Stimulus:
    """Let the conversation be cancelled: a ``CancelFrame``."""
    return Stimulus(kind="cancel")


def user_says(text: str) -> Stimulus:
    """Let the user say something.

    Raises:
        ScenarioError: ``text`` is no text, or empty.
    """
    _require(isinstance(text, str) and text != "", "text must be a text that is not empty", text)
    return Stimulus(kind="say", text=text)


def user_starts() -> Stimulus:
    """Let the user start to speak; what they say, if anything, is another stimulus."""
    return Stimulus(kind="user_starts")


def user_stops() -> Stimulus:
    """Let the user stop speaking."""
    return Stimulus(kind="user_stops")


def error() -> Stimulus:
    """Let the service report an error: an ``ErrorFrame``, upstream, that is not fatal."""
    return Stimulus(kind="error")


def register(tool: str) -> Stimulus:
    """Let the application register a tool's handler anew, as it was registered first.

    Raises:
        ScenarioError: ``tool`` is no text, or empty.
    """
    return Stimulus(kind="register", text=_tool(tool))


def unregister(tool: str) -> Stimulus:
    """Let the application take a tool's handler away.

    Raises:
        ScenarioError: ``tool`` is no text, or empty.
    """
    return Stimulus(kind="unregister", text=_tool(tool))


def _tool(name: Any) -> str:
    _require(isinstance(name, str) and name != "", "tool must be the name of a tool", name)
    return str(name)


@dataclass(frozen=True, slots=True)
class Hold:
    """A gate in the handler of a tool: a part of a scenario.

    Parameters:
        tool: The tool's name.
        before_await: Before which of its handler's awaits a call stands still, from 1.
    """

    tool: str
    before_await: int = 1

    def release(self) -> Stimulus:
        """Return the stimulus that opens the gate, for the calls that stand there and all later."""
        return Stimulus(kind="release", text=self.tool)


def hold(tool: str, *, before_await: int = 1) -> Hold:
    """Let the calls of a tool stand still at one of their handler's awaits.

    Args:
        tool: The tool's name.
        before_await: Before which await, from 1: each time that the handler would let others run.

    Raises:
        ScenarioError: An argument is wrong.
    """
    whole = isinstance(before_await, int) and not isinstance(before_await, bool)
    _require(whole and before_await > 0, "before_await must be 1 or more", before_await)
    return Hold(_tool(tool), before_await)


def at(
    frame: str | FramePattern, stimulus: Stimulus, *, nth: int = 1, offset: int = 0
) -> Injection:
    """Inject a stimulus when a frame has been seen.

    Args:
        frame: The frame's name, with or without its ``Frame`` suffix; or ``F.`` and its name.
        stimulus: What happens.
        nth: Which occurrence of the frame, from 1.
        offset: How many steps after that occurrence.

    Raises:
        ScenarioError: An argument is wrong.
    """
    if isinstance(frame, FramePattern):
        wanted = f"frame must be a type alone, such as F.{frame.type}: write nth= for a later one"
        _require(not frame.fields, wanted, repr(frame))
        frame = frame.type
    _require(isinstance(frame, str), "frame must be a name such as 'FunctionCallsStarted'", frame)
    return Injection(do=_stimulus(stimulus), at=frame, nth=nth, offset=offset)


def after(duration: str | int, stimulus: Stimulus) -> Injection:
    """Inject a stimulus some time after the conversation opened.

    Args:
        duration: Virtual time, such as ``"2s"``, or the number 0.
        stimulus: What happens.

    Raises:
        ScenarioError: An argument is wrong.
    """
    _require(duration is not None, "duration must be a duration such as 300ms or 5s", duration)
    return Injection(do=_stimulus(stimulus), after=duration)


def at_step(step: int, stimulus: Stimulus) -> Injection:
    """Inject a stimulus some steps after the conversation opened.

    Args:
        step: The number of steps, 0 or more.
        stimulus: What happens.

    Raises:
        ScenarioError: An argument is wrong.
    """
    _require(step is not None, "step must be a whole number", step)
    return Injection(do=_stimulus(stimulus), step=step)


def _stimulus(stimulus: Any) -> Stimulus:
    wanted = "stimulus must be one that a builder makes, like interrupt() or user_says(text)"
    _require(isinstance(stimulus, Stimulus), wanted, stimulus)
    return stimulus  # type: ignore[no-any-return]


def _require(holds: bool, wanted: str, value: object) -> None:
    if not holds:
        raise ScenarioError(Problem(f"{wanted}, not {show(value)}"))
