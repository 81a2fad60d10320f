"""The ``llm-sim`` command: each module beside this one may define commands."""

from importlib import import_module
from pkgutil import iter_modules

from llm_sim.cli._app import app, main, tour

__all__ = ["app", "main", "tour"]

for _module in iter_modules(__path__):
    if not _module.ispkg:
        import_module(f"{__name__}.{_module.name}")
