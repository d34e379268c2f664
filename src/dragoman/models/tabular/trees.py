"""Trees as flat arrays: what a gradient boosting has learned, without the library that grew them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from dragoman.errors import InvalidCheckpoint
from dragoman.models.stored import write_arrays

__all__ = ["TREES_FILE", "TreeModel", "side_by_side", "summed"]

TREES_FILE = "trees.safetensors"  # in a bundle
CHUNK = 256  # rows that are read at a time: memory is rows times trees

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


class TreeModel(NamedTuple):
    """A sum of trees for each output.

    A node sends a row left if its number is at most the threshold, or if its category is in the node's set; a missing
    value goes where `missing_left` says. Children are numbers of nodes, or `-1 - leaf`; so are the roots.
    """

    base: Doubles  # [outputs] what the sums begin with
    roots: Ints  # [trees]
    outputs: Ints  # [trees] the output that each counts for
    columns: Ints  # [nodes]
    thresholds: Floats  # [nodes]
    missing_left: NDArray[np.bool_]  # [nodes]
    left: Ints  # [nodes]
    right: Ints  # [nodes]
    sets: Ints  # [nodes + 1] where the set of each node begins in `members`; empty for nodes with thresholds
    members: Ints  # categories that go left, ascending within a node
    leaves: Doubles  # [leaves]

    def predict(self, rows: Floats) -> Doubles:
        """`[rows, columns]` → `[rows, outputs]`."""
        return np.concatenate(
            [np.zeros((0, len(self.base))), *(self._chunk(rows[at : at + CHUNK]) for at in range(0, len(rows), CHUNK))]
        )

    def scaled(self, scale: float, shift: float) -> TreeModel:
        """A model that says `scale` times as much, plus `shift`."""
        return self._replace(base=self.base * scale + shift, leaves=self.leaves * scale)

    def write(self, folder: Path) -> None:
        """Write the arrays to a bundle's folder. Raises `StorageFull`."""
        write_arrays(folder / TREES_FILE, self._asdict())

    @classmethod
    def read(cls, folder: Path) -> TreeModel:
        """Raises `InvalidCheckpoint` if the file cannot be read."""
        try:
            return cls(**load_file(folder / TREES_FILE))
        except (SafetensorError, OSError, TypeError, ValueError) as error:
            raise InvalidCheckpoint(
                f"The trees in {folder} cannot be read: {error}.", help="Train the model again."
            ) from None

    # One chunk of rows, all trees at once

    def _chunk(self, rows: Floats) -> Doubles:
        places = np.broadcast_to(self.roots, (len(rows), len(self.roots))).copy()
        while len(open_ := np.flatnonzero(places.ravel() >= 0)):
            nodes = places.ravel()[open_]
            values = rows[open_ // len(self.roots), self.columns[nodes]]
            places.ravel()[open_] = np.where(self._goes_left(nodes, values), self.left[nodes], self.right[nodes])
        reached = self.leaves[-1 - places] if len(self.leaves) else np.zeros(places.shape)
        told = np.tile(self.base, (len(rows), 1))
        for output in range(len(self.base)):
            told[:, output] += reached[:, self.outputs == output].sum(axis=1)
        return told

    def _goes_left(self, nodes: Ints, values: Floats) -> NDArray[np.bool_]:
        below: NDArray[np.bool_] = np.less_equal(values, self.thresholds[nodes])
        has_set = self.sets[nodes + 1] > self.sets[nodes]
        below[has_set] = self._is_member(nodes[has_set], values[has_set])
        missing = np.isnan(values)
        below[missing] = self.missing_left[nodes[missing]]
        return below

    def _is_member(self, nodes: Ints, values: Floats) -> NDArray[np.bool_]:
        """Whether the category is in the node's set: looked up in one sorted list of (node, category)."""
        if not len(nodes):
            return np.zeros(0, dtype=bool)
        owners = np.repeat(np.arange(len(self.columns)), np.diff(self.sets))
        width = int(self.members.max()) + 2
        keys = owners * width + self.members
        codes = np.where(np.isnan(values), -1, np.minimum(values, width - 1)).astype(np.int64)
        asked = np.where(codes >= 0, nodes * width + codes, -1)
        known = keys[np.minimum(np.searchsorted(keys, asked), len(keys) - 1)]
        is_member: NDArray[np.bool_] = (known == asked) & (codes == values)
        return is_member


def side_by_side(parts: Sequence[TreeModel]) -> TreeModel:
    """One model with the outputs of all, in their order."""
    first = np.cumsum([0, *(len(part.base) for part in parts)])
    return _joined(
        parts,
        np.concatenate([part.base for part in parts]),
        np.concatenate([part.outputs + first[number] for number, part in enumerate(parts)]),
    )


def summed(parts: Sequence[TreeModel]) -> TreeModel:
    """One model whose outputs are the sums of theirs."""
    return _joined(
        parts, np.sum([part.base for part in parts], axis=0), np.concatenate([part.outputs for part in parts])
    )


def _joined(parts: Sequence[TreeModel], base: Doubles, outputs: Ints) -> TreeModel:
    nodes = np.cumsum([0, *(len(part.columns) for part in parts)])
    leaves = np.cumsum([0, *(len(part.leaves) for part in parts)])
    members = np.cumsum([0, *(len(part.members) for part in parts)])

    def all_of(field: Callable[[TreeModel], NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([field(part) for part in parts])

    def moved(field: Callable[[TreeModel], Ints]) -> Ints:
        places = [(number, field(part)) for number, part in enumerate(parts)]
        return np.concatenate([np.where(one >= 0, one + nodes[n], one - leaves[n]) for n, one in places])

    return TreeModel(
        base=base,
        roots=moved(lambda part: part.roots),
        outputs=outputs,
        columns=all_of(lambda part: part.columns),
        thresholds=all_of(lambda part: part.thresholds),
        missing_left=all_of(lambda part: part.missing_left),
        left=moved(lambda part: part.left),
        right=moved(lambda part: part.right),
        sets=np.concatenate([*(part.sets[:-1] + members[number] for number, part in enumerate(parts)), members[-1:]]),
        members=all_of(lambda part: part.members),
        leaves=all_of(lambda part: part.leaves),
    )
