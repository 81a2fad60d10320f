"""A state machine of Hypothesis, for those who want to steer a conversation by rules."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from llm_sim.errors import InvariantViolation, UsageError
from llm_sim.exploration import SILENCE
from llm_sim.reports import Telling, render_finding
from llm_sim.scenario import Call, Say, Scenario, Step, Tool, Turn
from llm_sim.schedule import KINDS, Landing, Schedule
from llm_sim.simulation import Finding, Run, Setup, simulate
from llm_sim.targets import Bot, Target

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

    setup: Setup
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
        self.judge(simulate(self.setup.varied(self.scenario()), schedule))

    def scenario(self) -> Scenario:
        """Return what was written."""
        bot = self.setup.bot
        stubs = dict.fromkeys(self.callable_tools, Tool()) if bot == Bot() else {}
        return Scenario(
            bot=None if bot == Bot() else bot.reference,
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
        finding = Finding.of_run(run)
        if finding is not None and finding.laws:
            how = Telling(placed=True, replay=f"the steps above; the schedule is {run.token}")
            raise InvariantViolation(render_finding(finding, how), run.laws)


def state_machine(
    *,
    tools: Sequence[str] = ("f", "g"),
    bot: Bot | None = None,
    inject: Sequence[str] = KINDS,
    target: str | Target | None = None,
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
        target: Which service core it runs on, see :func:`llm_sim.run`.

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
    setup = partial(Setup.of, SILENCE, bot=bot, target=target)
    setup()  # A mistake shows where the class is made.

    class Steps(Conversation, RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            # Made anew for each example: only the test that runs knows its session's target.
            self.setup = setup()

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

    Steps.callable_tools = tuple(tools)
    return Steps
