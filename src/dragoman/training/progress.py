"""Where a training stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Progress", "Report"]


class Progress(NamedTuple):
    """Where a training stands."""

    stage: str
    done: int
    total: int
    note: str = ""


Report = Callable[[Progress], None]
