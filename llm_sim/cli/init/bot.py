"""The assistant of a bookshop: three tools, and the function that registers them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipecat.services.llm_service import FunctionCallParams, LLMService

IN_STOCK = {"Dune": 2, "Emma": 0}

TITLE = {
    "type": "object",
    "properties": {"title": {"type": "string", "enum": [*IN_STOCK]}},
    "required": ["title"],
}
TOOLS = [  # what the model knows of them
    {"name": "find_book", "description": "How many copies there are.", "parameters": TITLE},
    {"name": "reserve_book", "description": "Put a copy aside.", "parameters": TITLE},
    {"name": "opening_hours", "description": "When the shop is open."},
]


async def find_book(params: FunctionCallParams) -> None:
    """Look up how many copies there are."""
    await asyncio.sleep(0.2)  # the shop's database
    title = params.arguments["title"]
    await params.result_callback({"title": title, "in_stock": IN_STOCK.get(title, 0)})


async def reserve_book(params: FunctionCallParams) -> None:
    """Put a copy aside."""
    await asyncio.sleep(0.1)  # the shop's database
    await params.result_callback({"reserved": params.arguments["title"]})


async def opening_hours(params: FunctionCallParams) -> None:
    """Say when the shop is open."""
    await params.result_callback({"opens": "9:00", "closes": "18:00"})


def build(llm: LLMService) -> None:
    """Register the tools on an LLM service; your bot calls this with its own."""
    llm.register_function("find_book", find_book)
    # A reservation that has begun is not taken back when the user speaks.
    llm.register_function("reserve_book", reserve_book, cancel_on_interruption=False)
    llm.register_function("opening_hours", opening_hours)
