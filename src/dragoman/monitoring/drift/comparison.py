"""A window against the reference: an exact p-value per cell, and the part that says what changed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.drift.fisher import log_p_values
from dragoman.monitoring.drift.parts import Parts

__all__ = ["Comparison", "compare", "forgive_unseen"]

WORSE = 1e12  # more than any logarithm of a p-value
TIE = 1e-9
UNSEEN_SIGMAS = 3.0

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What was found in each cell.

    `log_p` is the natural logarithm of the p-value of the winning part, multiplied so that it is the cell's: "nothing
    has changed in this cell" gives it a value of at most `x` with probability at most `x`. The winner is the part with
    the smallest p-value among those with an effect of `min_change`, or else half of it, or else any.
    """

    log_p: Doubles  # [cells]
    effect: Doubles  # [cells]: how much the share of the part's texts has changed
    winner: Places  # [cells]: a part
    weight: Doubles  # [cells]: its share of the cell's error


def compare(
    parts: Parts,
    window: Ints,
    reference: Ints,
    *,
    inflation: Doubles | None = None,
    min_change: float = 0.0,
    worth: float = 1.0,
) -> Comparison:
    """Compare counts `[bins]` of all histograms.

    Where `inflation` `[parts]` is given, a text counts as `1 / inflation` of one in the test: see `dispersion`.
    P-values of cells above `worth` are only known to be above it, which makes simulations fast.
    """
    base = forgive_unseen(parts, window, reference)
    counts = [*parts.inside(window), *parts.inside(base)]
    effects = _effects(counts)
    if inflation is not None:
        counts = [(part / inflation).astype(np.int64) for part in counts]
    weights = parts.weights(window + base)
    with np.errstate(divide="ignore"):
        spent = np.log(weights)
    logs = np.minimum(log_p_values(*counts, worth=spent + math.log(worth)) - spent, 0.0)
    winner = _winners(parts, logs, effects, min_change)
    return Comparison(logs[winner], effects[winner], winner, weights[winner])


def forgive_unseen(parts: Parts, window: Ints, reference: Ints) -> Ints:
    """The reference with as many texts in "everything else" as fit the window best, up to those that may be missing.

    Where categories were made from the reference, none of its texts is anything else; but new texts may be, about as
    often as texts of the reference are the only ones of their category (Good 1953), with a variance that those of two
    texts tell (Esty 1983).
    """
    chosen = np.flatnonzero(parts.is_category)
    last = parts.first[1:][chosen] - 1
    singles, pairs = (
        parts.totals((reference == texts).astype(np.int64))[chosen] - (reference[last] == texts) for texts in (1, 2)
    )
    most = singles + 1 + np.ceil(UNSEEN_SIGMAS * np.sqrt(singles + 2 * pairs)).astype(np.int64)
    n, m = parts.totals(window)[chosen], parts.totals(reference)[chosen]
    fitting = window[last] * m // np.maximum(n, 1)
    found = reference.copy()
    found[last] = np.clip(fitting, reference[last], reference[last] + most)
    return found


def _effects(counts: list[Ints]) -> Doubles:
    inside, outside, before, others = counts
    change = inside / np.maximum(inside + outside, 1) - before / np.maximum(before + others, 1)
    return np.asarray(np.abs(change))


def _winners(parts: Parts, logs: Doubles, effects: Doubles, min_change: float) -> Places:
    """The part `[cells]` with the smallest p-value in the best class of each cell; of equal ones with more effect."""
    rank = (effects < min_change).astype(np.float64) + (effects < min_change / 2)
    best = np.minimum.reduceat(rank, parts.first_parts)[parts.cell]
    key = np.where(rank == best, logs - TIE * effects, WORSE)
    places = np.flatnonzero(key == np.minimum.reduceat(key, parts.first_parts)[parts.cell])
    return places[np.searchsorted(parts.cell[places], np.arange(parts.cells))]
