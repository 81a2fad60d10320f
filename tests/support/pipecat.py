"""Tests that drive the real Pipecat.

``from tests.support.pipecat import needs_pipecat`` and mark the test with it. Where Pipecat is
missing the test is skipped and says so; with ``LLM_SIM_REQUIRE_PIPECAT`` set, as in CI, it fails.
"""

from __future__ import annotations

import importlib.metadata
import os

import pytest

PINNED = "1.14.0"
"""The release that the tests speak of; the one that ``[dev]`` installs."""


def _installed() -> str:
    try:
        return importlib.metadata.version("pipecat-ai")
    except importlib.metadata.PackageNotFoundError:
        return "none"


needs_pipecat = pytest.mark.skipif(
    _installed() != PINNED and "LLM_SIM_REQUIRE_PIPECAT" not in os.environ,
    reason=f"needs pipecat-ai {PINNED}, found {_installed()}: python -m pip install -e '.[dev]'",
)
