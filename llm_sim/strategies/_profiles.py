"""Hypothesis profiles for explorations."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import HealthCheck, settings

_PATIENT: Final[dict[str, Any]] = {
    # A run takes milliseconds of real time, whatever its virtual time; a slow one is no fault.
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    # Failures are kept as scenario files, which outlive an upgrade of Hypothesis.
    "database": None,
}
PROFILES: Final[dict[str, settings]] = {
    "llm-sim-fast": settings(max_examples=200, **_PATIENT),
    "llm-sim-ci": settings(max_examples=5_000, derandomize=True, **_PATIENT),
    "llm-sim-nightly": settings(max_examples=50_000, **_PATIENT),
}
"""By name: how many examples, and whether they are the same each time."""


def register_profiles() -> None:
    """Make the profiles known to Hypothesis, for ``--hypothesis-profile`` and ``load_profile``."""
    for name, profile in PROFILES.items():
        settings.register_profile(name, profile)
