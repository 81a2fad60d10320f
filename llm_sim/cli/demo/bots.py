"""Two bots as they would ship: handlers and a function that registers them."""

from __future__ import annotations

import asyncio
from typing import Any


async def find_table(params: Any) -> None:
    """Look for a free table; a slow service behind it."""
    await asyncio.sleep(0.2)
    await params.result_callback({"table": 7, "guests": params.arguments["guests"]})


async def book_table(params: Any) -> None:
    """Book the table; what is booked stays booked."""
    await asyncio.sleep(0.1)
    await params.result_callback({"booked": True})


def booking_bot(llm: Any) -> None:
    """Register the handlers of a bot that books tables."""
    llm.register_function("find_table", find_table)
    llm.register_function("book_table", book_table, cancel_on_interruption=False)


async def lookup_order(params: Any) -> None:
    """Look an order up, and clean up when nobody wants to know any more."""
    try:
        await asyncio.sleep(0.15)
        await params.result_callback({"order": params.arguments["id"], "status": "shipped"})
    finally:
        await asyncio.sleep(0.02)


async def refund(params: Any) -> None:
    """Refuse every refund."""
    await params.result_callback({"error": f"no payment for order {params.arguments['id']}"})


def support_bot(llm: Any) -> list[Any]:
    """Register the handlers of a bot that answers for a shop."""
    llm.register_function("lookup_order", lookup_order)
    llm.register_function("refund", refund)
    return [llm]
