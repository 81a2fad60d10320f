"""``python -m llm_sim`` is ``llm-sim``."""

from llm_sim.cli import main

main()
