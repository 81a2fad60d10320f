"""What outlives a session: saved failures, promotion, the baseline, golden traces."""

from llm_sim.kept._baseline import Baseline, Known
from llm_sim.kept._files import make_directory, write_text
from llm_sim.kept._golden import GoldenTraces
from llm_sim.kept._promote import Promoted, promote
from llm_sim.kept._saved import OWN_LAW, SavedFailure, one_line
from llm_sim.kept._saved_replays import (
    ReplayedFailure,
    replay_failure,
    replay_saved,
    replay_word,
    setup_of,
)
from llm_sim.kept._store import FAILURES, SUFFIX, FailureStore, load_failure, warn

__all__ = [
    "FAILURES",
    "OWN_LAW",
    "SUFFIX",
    "Baseline",
    "FailureStore",
    "GoldenTraces",
    "Known",
    "Promoted",
    "ReplayedFailure",
    "SavedFailure",
    "load_failure",
    "make_directory",
    "one_line",
    "promote",
    "replay_failure",
    "replay_saved",
    "replay_word",
    "setup_of",
    "warn",
    "write_text",
]
