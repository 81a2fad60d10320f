"""The stimuli, as one table: what may come from outside, and what each is about."""

from llm_sim.stimuli._table import STIMULUS_KINDS, Does, StimulusKind

__all__ = ["STIMULUS_KINDS", "Does", "StimulusKind"]
