"""The embedded core, and a naive service on it."""

from llm_sim.targets.reference._target import (
    ReferenceTarget,
    ScriptedLLMService,
    naive,
    reference,
)

__all__ = ["ReferenceTarget", "ScriptedLLMService", "naive", "reference"]
