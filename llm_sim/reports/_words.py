"""Small words that every report needs."""

from __future__ import annotations

import shlex


def counted(number: int, noun: str) -> str:
    """Return e.g. ``1 point`` or ``3 points``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def pasted(*words: str) -> str:
    """Return a command line that a shell reads back as these words."""
    return " ".join(shlex.quote(word) for word in words)


def labelled(label: str, text: str) -> str:
    """Return a line of a report."""
    return f"  {label:9} {text}"
