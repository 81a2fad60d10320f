"""A state machine of Hypothesis, for those who want to steer a conversation by rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from llm_sim.errors import InvariantViolation, UsageError
from llm_sim.report import Failure, render_failure
from llm_sim.scenario import Call, Say, Scenario, Step, Tool, Turn
from llm_sim.schedule import KINDS, Landing, Schedule
from llm_sim.simulation import Run, run
from llm_sim.targets import Bot

if TYPE_CHECKING:
    from hypothesis.stateful import RuleBasedStateMachine

_LAST: Final = Turn(steps=(Say(text="Done."),))


class Conversation:
    """What the rules of a state machine write, step by step.

    Parameters:
        turns: The steps of each turn.
        tools: What stub tools do.
        landings: What lands where.
        mode: Whether the calls of a turn run in parallel or one after the other.
    """

    bot: Bot | None = None
    target: str = "reference"
    callable_tools: Sequence[str] = ()

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[list[Step]] = [[]]
        self.tools: dict[str, Tool] = {}
        self.landings: list[Landing] = []
        self.mode: Literal["parallel", "sequential"] = "parallel"

    def teardown(self) -> None:
        """Run what was written."""
        schedule = Schedule(tuple(self.landings))
        self.judge(run(self.scenario(), bot=self.bot, target=self.target, schedule=schedule))

    def scenario(self) -> Scenario:
        """Return what was written."""
        stubs = dict.fromkeys(self.callable_tools, Tool()) if self.bot is None else {}
        return Scenario(
            bot=None if self.bot is None else self.bot.reference,
            script=[*(Turn(steps=tuple(steps)) for steps in self.turns), _LAST],
            tools={**stubs, **self.tools},
            mode=self.mode,
            open_ended=True,
        )

    def judge(self, run: Run) -> None:
        """Assert that a run kept every law.

        Raises:
            InvariantViolation: It did not.
        """
        if run.violations:
            raise InvariantViolation(_told(run), run.laws)


def state_machine(
    *,
    tools: Sequence[str] = ("f", "g"),
    bot: Bot | None = None,
    inject: Sequence[str] = KINDS,
    target: str = "reference",
) -> type[RuleBasedStateMachine]:
    """Return a state machine whose steps write a conversation, which runs when they are over.

    Its rules are what the model, the tools and the world do: ``calls_run`` (in which mode),
    ``the_model_says``, ``the_model_calls``, ``the_model_waits_for_an_answer``, ``a_tool_behaves``
    and ``something_lands``. Subclass it to add rules, preconditions and invariants over
    ``self.turns`` (the steps of each turn), ``self.tools`` and ``self.landings``;
    ``self.judge(run)`` is called with the run, and asserts that every law holds.

    Args:
        tools: What the model may call.
        bot: What is under test; without one, stub tools are all there is.
        inject: The stimuli.
        target: Which service core it runs on.

    Raises:
        UsageError: There is no tool, or no such stimulus.

    Example:
        ::

            class Refunds(state_machine(tools=["refund"], inject=["interrupt"])):
                def judge(self, run):
                    super().judge(run)
                    assert len(run.calls) <= 3

            TestRefunds = Refunds.TestCase
    """
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

    from llm_sim.strategies import behaviours, landings

    if not tools:
        raise UsageError("tools is empty: name at least one tool that the model may call")
    names = st.sampled_from(list(tools))

    class Steps(Conversation, RuleBasedStateMachine):
        @initialize(mode=st.sampled_from(["parallel", "sequential"]))
        def calls_run(self, mode: Any) -> None:
            self.mode = mode

        @rule()
        def the_model_says(self) -> None:
            self.turns[-1].append(Say(text="One moment."))

        @rule(tool=names)
        def the_model_calls(self, tool: str) -> None:
            self.turns[-1].append(Call(name=tool))

        @precondition(lambda self: self.turns[-1])
        @rule()
        def the_model_waits_for_an_answer(self) -> None:
            self.turns.append([])

        @rule(tool=names, behaviour=behaviours())
        def a_tool_behaves(self, tool: str, behaviour: Tool) -> None:
            self.tools[tool] = behaviour

        @rule(landing=landings(inject))
        def something_lands(self, landing: Landing) -> None:
            self.landings.append(landing)

    Steps.bot, Steps.target, Steps.callable_tools = bot, target, tuple(tools)
    return Steps


def _told(run: Run) -> str:
    shown = Failure("", run.schedule.in_words(), f"the steps above; the schedule is {run.token}")
    return render_failure(run.trace, run.violations, shown)
