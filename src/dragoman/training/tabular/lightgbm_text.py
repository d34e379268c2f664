"""LightGBM's model text, read into arrays: a section of `name=values` lines for each tree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dragoman.models.tabular.trees import TreeModel, summed

__all__ = ["read_trees"]

IS_SET, MISSING_LEFT, MISSING_IS_NAN = 1, 2, 8  # bits of `decision_type`
WORD = 32  # bits of a word of a set

Ints = NDArray[np.int64]
Section = dict[str, str]


def read_trees(text: str, *, outputs: int) -> TreeModel:
    """The trees of a model; tree i counts for output `i % outputs`.

    A float32 is at most a float64 threshold exactly when it is at most the greatest float32 below it: so thresholds are
    rounded down, and no row goes another way. Where training had no missing value at a node, one goes the way of most
    rows. Categories are sets; a missing one is in none.
    """
    trees = [_tree(section, number % outputs, outputs) for number, section in enumerate(_sections(text))]
    return summed(trees) if trees else _constant(0.0, 0, outputs)


def _sections(text: str) -> list[Section]:
    parts = text.partition("end of trees")[0].split("\nTree=")[1:]
    return [dict(line.split("=", 1) for line in part.splitlines()[1:] if "=" in line) for part in parts]


def _tree(section: Section, output: int, outputs: int) -> TreeModel:
    if section["num_leaves"] == "1":
        return _constant(float(section["leaf_value"]), output, outputs)
    decisions = _ints(section, "decision_type")
    has_set = decisions & IS_SET > 0
    thresholds = _doubles(section, "threshold")
    left, right = _ints(section, "left_child"), _ints(section, "right_child")
    sets, members = _sets(section, has_set, thresholds)
    default = np.where(
        decisions & MISSING_IS_NAN > 0, decisions & MISSING_LEFT > 0, _to_more_rows(section, left, right)
    )
    return TreeModel(
        base=np.zeros(outputs),
        roots=np.zeros(1, dtype=np.int64),
        outputs=np.array([output]),
        columns=_ints(section, "split_feature"),
        thresholds=np.where(has_set, 0, rounded_down(thresholds)).astype(np.float32),
        missing_left=default & ~has_set,
        left=left,
        right=right,
        sets=sets,
        members=members,
        leaves=_doubles(section, "leaf_value"),
    )


def rounded_down(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest float32 that is at most each value."""
    largest = np.finfo(np.float32).max
    near = np.clip(values, -largest, largest).astype(np.float32)
    with np.errstate(over="ignore"):  # below the lowest is infinity
        below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(np.float64) > values, below, near)


def _to_more_rows(section: Section, left: Ints, right: Ints) -> NDArray[np.bool_]:
    # Counts of nodes, then those of leaves from the last: child -1, the first leaf, is the last of all.
    counts = np.concatenate([_ints(section, "internal_count"), _ints(section, "leaf_count")[::-1]])
    more: NDArray[np.bool_] = counts[left] >= counts[right]
    return more


def _sets(section: Section, has_set: NDArray[np.bool_], thresholds: NDArray[np.float64]) -> tuple[Ints, Ints]:
    """Where the set of each node begins, and the members: LightGBM keeps a set as words of bits."""
    members: list[Ints] = []
    words, borders = _ints(section, "cat_threshold"), _ints(section, "cat_boundaries")
    for is_set, number in zip(has_set.tolist(), thresholds.tolist(), strict=True):
        own = words[borders[int(number)] : borders[int(number) + 1]] if is_set else words[:0]
        members.append(np.flatnonzero(own[:, None] >> np.arange(WORD) & 1))
    starts = np.cumsum([0, *map(len, members)])
    return starts, np.concatenate(members)


def _constant(value: float, output: int, outputs: int) -> TreeModel:
    base = np.zeros(outputs)
    base[output] = value
    none = np.zeros(0, dtype=np.int64)
    return TreeModel(
        base=base,
        roots=none,
        outputs=none,
        columns=none,
        thresholds=none.astype(np.float32),
        missing_left=none.astype(bool),
        left=none,
        right=none,
        sets=np.zeros(1, dtype=np.int64),
        members=none,
        leaves=np.zeros(0),
    )


def _ints(section: Section, name: str) -> Ints:
    return np.array(section.get(name, "").split(), dtype=np.int64)


def _doubles(section: Section, name: str) -> NDArray[np.float64]:
    return np.array(section.get(name, "").split(), dtype=np.float64)
