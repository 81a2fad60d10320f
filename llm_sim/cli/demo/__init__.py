"""The bots and scenarios of ``llm-sim demo``."""
