"""Events of objectives: how many there were in each minute of an hour, and how many were bad."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["BAD", "MINUTES", "OBJECTIVES", "TOTAL", "Events", "ObjectiveName", "no_events"]

ObjectiveName = Literal["availability", "latency", "quality", "coverage"]
OBJECTIVES: tuple[ObjectiveName, ...] = ("availability", "latency", "quality", "coverage")
MINUTES = 60
TOTAL, BAD = 0, 1

Events = NDArray[np.int64]  # [objective, minute, TOTAL or BAD]


def no_events() -> Events:
    return np.zeros((len(OBJECTIVES), MINUTES, 2), dtype=np.int64)
