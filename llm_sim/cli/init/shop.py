"""The bot for its tests: with the schemas of its tools."""

from llm_sim import Bot

from bot import TOOLS, build

assistant = Bot(build, tools=TOOLS)
