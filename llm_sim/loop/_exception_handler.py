"""What happens to an exception that nobody caught: asyncio's exception handler interface."""

from __future__ import annotations

import asyncio
import traceback
from asyncio.log import logger
from collections.abc import Callable
from contextvars import Context
from typing import Any

_Handler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]


class ExceptionHandling(asyncio.AbstractEventLoop):
    """The exception handler methods, as `asyncio.BaseEventLoop` has them."""

    _exception_handler: _Handler | None = None

    def get_exception_handler(self) -> _Handler | None:
        """Return the handler that was set, or None for the default one."""
        return self._exception_handler

    def set_exception_handler(self, handler: _Handler | None) -> None:
        """Set who is told of exceptions that nobody caught; None means the default handler."""
        if handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        self._exception_handler = handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Log the context at error level on asyncio's logger."""
        exception = context.get("exception")
        lines = [context.get("message") or "Unhandled exception in event loop"]
        for key in sorted(context):
            if key == "source_traceback":
                created_at = "".join(traceback.format_list(context[key])).rstrip()
                lines.append(f"{key}: Object created at (most recent call last):\n{created_at}")
            elif key not in ("message", "exception"):
                lines.append(f"{key}: {context[key]!r}")
        logger.error("\n".join(lines), exc_info=exception)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tell the current handler; one that fails is reported to the default handler."""
        if self._exception_handler is None:
            self._report(context)
            return
        try:
            self._call_in_its_context(self._exception_handler, context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._report(
                {
                    "message": "Unhandled error in exception handler",
                    "exception": error,
                    "context": context,
                }
            )

    def _call_in_its_context(self, handler: _Handler, context: dict[str, Any]) -> None:
        source = context.get("task") or context.get("future") or context.get("handle")
        # New in Python 3.12, where asyncio calls the handler in the context of what failed. Before,
        # it calls it in the context at hand.
        get_context = getattr(source, "get_context", None)
        if get_context is None:
            handler(self, context)
        else:
            get_context().run(handler, self, context)

    def _report(self, context: dict[str, Any]) -> None:
        try:
            self.default_exception_handler(context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException:
            # A subclass may override the default handler, and its failure must not end the run.
            logger.error("Exception in default exception handler", exc_info=True)

    def _callback_failed(
        self,
        error: BaseException,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: Context,
    ) -> None:
        """Report a callback that ran without a handle, as its handle would have done."""
        handle = asyncio.Handle(callback, args, self, context)
        self.call_exception_handler(
            {
                "message": f"Exception in callback {handle!r}",
                "exception": error,
                "handle": handle,
            }
        )
