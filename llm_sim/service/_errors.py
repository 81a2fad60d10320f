"""The errors of the service, which are also of the types that Pipecat raises."""

from __future__ import annotations

from llm_sim.errors import UsageError, did_you_mean


class UnknownFunctionError(UsageError, KeyError):
    """A function that is not registered; a `KeyError` too, which is what Pipecat raises.

    Args:
        owner: The service.
        function_name: The function; None for the catch-all.
        registered: The functions that are registered.
    """

    def __init__(
        self, owner: str, function_name: str | None, registered: tuple[str | None, ...]
    ) -> None:
        self.owner = owner
        self.function_name = function_name
        self.registered = registered

    def __str__(self) -> str:
        what = "catch-all" if self.function_name is None else f"function {self.function_name!r}"
        names = tuple(name for name in self.registered if name is not None)
        hint = did_you_mean(self.function_name or "", names)
        known = [*names, *(["the catch-all (None)"] if None in self.registered else [])]
        return (
            f"{self.owner} has no {what} to unregister{hint}; it has: "
            f"{', '.join(known) or 'none'}. Ask has_function() first, or register it"
        )
