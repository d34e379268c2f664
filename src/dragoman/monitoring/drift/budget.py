"""How the false alarms of 30 days are shared among looks, windows and cells."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Levels", "levels"]

PERIOD_MINUTES = 30 * 24 * 60


class Levels(NamedTuple):
    """Below which p-value a cell of a language, and the language mix, give an alarm at one look in one window."""

    cell: float
    mix: float


def levels(false_alarms: float, *, every_minutes: int, windows: int, cells: int, tested: int) -> Levels:
    """Levels of one look.

    The expected number of false alarms is at most the sum of all levels that are spent, however cells, windows and
    looks depend on each other: that of a sum is the sum. `cells` are all there are, the mix among them; `tested` those
    of languages, counted in each window, that have texts enough at this look. How many texts a language has says
    nothing of how they are spread over bins, so that levels may depend on it; of the mix it does, so its level is
    always the same.
    """
    look = false_alarms * every_minutes / PERIOD_MINUTES
    mix = look / max(cells, 1)
    return Levels(cell=min((look - mix) / max(tested, 1), 1.0), mix=min(mix / windows, 1.0))
