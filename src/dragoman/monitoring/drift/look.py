"""One window at one look: what is in it, what it is compared with, and what was found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.drift.baseline import Standard
from dragoman.monitoring.drift.comparison import Comparison
from dragoman.monitoring.drift.effect import share_interval
from dragoman.monitoring.drift.grid import Grid, Sums
from dragoman.monitoring.drift.moved import Moved, find_moved
from dragoman.monitoring.drift.row import DriftRow

__all__ = ["Look"]

OVER = 0.001  # chance that a change is taken for gone too soon
HOLDS = math.log(0.01)  # of the p-value at or below which a change that was told is still there


@dataclass(frozen=True, eq=False)
class Look:
    """All cells of one window. `levels` `[cells]` are None where a cell has too few texts."""

    grid: Grid
    window: int
    now: Sums
    standard: Standard
    found: Comparison
    tested: NDArray[np.bool_]
    levels: NDArray[np.float64]
    min_change: float

    def suspects(self) -> NDArray[np.bool_]:
        """Cells in which a change may begin to be told, or stay."""
        return np.asarray(self.tested & (self.found.log_p <= np.maximum(HOLDS, np.log(self.levels))))

    def is_alarm(self, cell: int) -> bool:
        """Whether a change begins to be told."""
        is_clear = self.found.log_p[cell] <= math.log(self.levels[cell])
        return bool(self.tested[cell] and is_clear and self.found.effect[cell] >= self.min_change)

    def still_holds(self, cell: int) -> bool:
        """Whether a change that was told is still there; asked of tested cells."""
        return bool(self.found.log_p[cell] <= HOLDS and self.found.effect[cell] >= self.min_change / 2)

    def is_over(self, cell: int, moved: Moved) -> bool:
        """Whether this window shows, as far as chance allows, less than half of what a longer one says has moved."""
        if not self.tested[cell]:
            return False
        scale, mine, its = self.inflation_at(moved), self.now.counts, self.standard.sums.counts
        low, high = share_interval(mine[moved.bins].sum() / scale, mine[moved.whole].sum() / scale, alpha=OVER)
        before = its[moved.bins].sum() / max(its[moved.whole].sum(), 1)
        most = high - before if moved.after > moved.before else before - low
        return bool(most < moved.size / 2)

    def inflation_at(self, moved: Moved) -> float:
        """How much the counts of that part are inflated."""
        return 1.0 if self.standard.inflation is None else float(self.standard.inflation[moved.part])

    def moved(self, cell: int) -> Moved:
        return find_moved(self.grid, int(self.found.winner[cell]), self.now.counts, self.standard.sums.counts)

    def row(self, cell: int) -> DriftRow:
        """The cell in the table."""
        language, signal = self.grid.cells[cell].language, self.grid.cells[cell].signal
        moved, tested = self.moved(cell), bool(self.tested[cell])
        row = DriftRow(
            language=language,
            signal=signal,
            window=self.window,
            n=moved.texts,
            reference_n=moved.before_texts,
            verdict="not enough evidence",
        )
        return msgspec.structs.replace(row, **self._judged(cell, moved)) if tested else row

    def _judged(self, cell: int, moved: Moved) -> dict[str, Any]:
        return {
            "p_value": math.exp(self.found.log_p[cell]),
            "level": float(self.levels[cell]),
            "effect": float(self.found.effect[cell]),
            "what": moved.what,
            "before": moved.before,
            "after": moved.after,
            "verdict": "drift" if self.is_alarm(cell) else "ok",
        }
