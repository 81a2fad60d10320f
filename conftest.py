"""What every test of llm_sim shares."""

from __future__ import annotations

pytest_plugins = ["pytester"]
