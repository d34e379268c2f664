"""Whether there is enough of a language to learn it and to measure it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

__all__ = ["LEAST_OF_LABEL", "balance_of", "thin_reasons", "usual_labels"]

LEAST_ROWS = 200
LEAST_TEST = 100  # a share of 90% is then known to 6 points
LEAST_OF_LABEL = 10
SHOWN_LABELS = 5


def balance_of(labels: Mapping[str, int], kinds: int) -> float | None:
    """Entropy of the labels, as a share of that of `kinds` equally frequent ones; None below two kinds."""
    total = sum(labels.values())
    if kinds < 2 or not total:
        return None
    entropy = -sum(count / total * math.log(count / total) for count in labels.values() if count)
    return round(entropy / math.log(kinds), 6) + 0.0


def usual_labels(labels: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Labels of which at least half of the languages have enough rows, sorted. `labels` is language → label → rows."""
    having = Counter(label for counts in labels.values() for label, rows in counts.items() if rows >= LEAST_OF_LABEL)
    return sorted(label for label, languages in having.items() if 2 * languages >= len(labels))


def thin_reasons(
    rows: int,
    *,
    labels: Mapping[str, int],
    splits: Mapping[str, int],
    usual: Sequence[str],
    all_splits: Mapping[str, int],
) -> list[str]:
    """Why there is too little of a language: few rows in all, few to test on, usual labels that it hardly has."""
    reasons = [f"{rows} rows"] if rows < LEAST_ROWS else []
    for split in all_splits:
        count = splits.get(split, 0)
        if split == "test" and count < LEAST_TEST:
            reasons.append(f"{count} rows in test: {_precision(count)}")
        elif not count:
            reasons.append(f"no row in {split}")
    if few := [label for label in usual if labels.get(label, 0) < LEAST_OF_LABEL]:
        more = f" and {len(few) - SHOWN_LABELS} more" if len(few) > SHOWN_LABELS else ""
        reasons.append(f"fewer than {LEAST_OF_LABEL} rows of {', '.join(few[:SHOWN_LABELS])}{more}")
    return reasons


def _precision(rows: int) -> str:
    """How well a share of 90% would be known: half of its 95% interval."""
    return f"a share of 90% is known to {196 * math.sqrt(0.09 / rows):.0f} points" if rows else "nothing is measured"
