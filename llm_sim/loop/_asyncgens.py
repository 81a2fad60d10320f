"""Asynchronous generators: finalised when they are dropped, closed before the loop closes."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import AsyncGenerator
from typing import Any
from weakref import WeakKeyDictionary

_AsyncGen = AsyncGenerator[Any, Any]


class AsyncGenerators(asyncio.AbstractEventLoop):
    """The hooks that Python calls for asynchronous generators, as asyncio sets them."""

    def __init__(self) -> None:
        super().__init__()
        # asyncio has a WeakSet here, and closes what is in it in the order of addresses; a dict
        # keeps the order in which the generators were started. Most loops never need one.
        self._asyncgens: WeakKeyDictionary[_AsyncGen, None] | None = None
        self._asyncgens_shut_down = False

    def _install_asyncgen_hooks(self) -> None:
        sys.set_asyncgen_hooks(firstiter=self._asyncgen_started, finalizer=self._asyncgen_dropped)

    def _asyncgen_started(self, agen: _AsyncGen) -> None:
        if self._asyncgens_shut_down:
            warnings.warn(
                f"asynchronous generator {agen!r} was scheduled after "
                "loop.shutdown_asyncgens() call",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
        if self._asyncgens is None:
            self._asyncgens = WeakKeyDictionary()
        self._asyncgens[agen] = None

    def _asyncgen_dropped(self, agen: _AsyncGen) -> None:
        if self._asyncgens is not None:
            self._asyncgens.pop(agen, None)
        if not self.is_closed():
            self.call_soon(self.create_task, agen.aclose())

    async def shutdown_asyncgens(self) -> None:
        """Close every asynchronous generator that is under way, in the order they were started."""
        self._asyncgens_shut_down = True
        closing = list(self._asyncgens or ())
        if not closing:
            return
        # What is begun while these close is warned of by the hook, and closed by nobody, as on
        # asyncio.
        self._asyncgens = None
        results = await asyncio.gather(*[agen.aclose() for agen in closing], return_exceptions=True)
        for agen, result in zip(closing, results, strict=True):
            if isinstance(result, Exception):
                self.call_exception_handler(
                    {
                        "message": "an error occurred during closing of asynchronous generator "
                        f"{agen!r}",
                        "exception": result,
                        "asyncgen": agen,
                    }
                )
