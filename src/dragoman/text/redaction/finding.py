"""What was found, and where."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Finding"]


class Finding(NamedTuple):
    """A piece of personal data: `text[start:end]`, in code points of the text exactly as it was given."""

    kind: str
    start: int
    end: int
