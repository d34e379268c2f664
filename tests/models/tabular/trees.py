"""Random trees, and rows that stand on and beside their thresholds."""

from __future__ import annotations

import numpy as np

from dragoman.models.tabular.trees import TreeModel, side_by_side, summed

COLUMNS = 4  # the last two are categories
CATEGORIES = 70  # more than a word of a set has bits


def random_tree(random: np.random.Generator, *, leaves: int) -> TreeModel:
    """A tree grown by splitting a random leaf again and again."""
    nodes = leaves - 1
    left, right = np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
    open_ends: list[tuple[str, int]] = [("root", 0)]
    root = -1
    for node in range(nodes):
        side, parent = open_ends.pop(int(random.integers(len(open_ends))))
        if side == "root":
            root = node
        else:
            (left if side == "left" else right)[parent] = node
        open_ends += [("left", node), ("right", node)]
    for leaf, (side, parent) in enumerate(open_ends):
        if side != "root":
            (left if side == "left" else right)[parent] = -1 - leaf
    columns = random.integers(COLUMNS, size=nodes)
    members = [random_set(random) if column >= 2 else np.zeros(0, dtype=np.int64) for column in columns]
    return TreeModel(
        base=np.zeros(1),
        roots=np.array([root]),
        outputs=np.zeros(1, dtype=np.int64),
        columns=columns,
        thresholds=random_thresholds(random, nodes),
        missing_left=(random.random(nodes) < 0.5) & (columns < 2),
        left=left,
        right=right,
        sets=np.cumsum([0, *map(len, members)]),
        members=np.concatenate([np.zeros(0, dtype=np.int64), *members]),
        leaves=random.normal(size=leaves),
    )


def random_set(random: np.random.Generator) -> np.ndarray:
    return np.sort(random.choice(CATEGORIES, size=random.integers(1, CATEGORIES), replace=False))


def random_thresholds(random: np.random.Generator, nodes: int) -> np.ndarray:
    scale = 10.0 ** random.integers(-6, 7, size=nodes)
    return (random.normal(size=nodes) * scale).astype(np.float32)


def random_model(seed: int, *, outputs: int = 1, trees: int = 5, leaves: int = 12) -> TreeModel:
    random = np.random.default_rng(seed)
    parts = []
    for _ in range(outputs):
        grown = [random_tree(random, leaves=int(random.integers(1, leaves + 1))) for _ in range(trees)]
        parts.append(summed(grown)._replace(base=random.normal(size=1)))
    return side_by_side(parts)


def rows_at(model: TreeModel, seed: int, *, rows: int = 40) -> np.ndarray:
    """Numbers on thresholds and next to them, extreme ones, categories known and not, and missing values."""
    random = np.random.default_rng(seed)
    near = np.concatenate([model.thresholds, [0.0]]).astype(np.float32)
    edges = np.concatenate([near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))])
    known = np.concatenate([edges, np.float32([0, -0.0, 1e38, -1e38, 1e-40])])
    found = np.empty((rows, COLUMNS), dtype=np.float32)
    found[:, :2] = random.choice(known, size=(rows, 2))
    found[:, 2:] = random.integers(CATEGORIES + 5, size=(rows, 2))
    found[random.random(found.shape) < 0.1] = np.nan
    return found


def walk(model: TreeModel, row: np.ndarray) -> np.ndarray:
    """The oracle: one row, one tree, one node at a time."""
    told = model.base.copy()
    for root, output in zip(model.roots, model.outputs, strict=True):
        place = root
        while place >= 0:
            value = row[model.columns[place]]
            own = model.members[model.sets[place] : model.sets[place + 1]]
            if np.isnan(value):
                goes = model.missing_left[place]
            else:
                goes = value in own if len(own) else value <= model.thresholds[place]
            place = model.left[place] if goes else model.right[place]
        told[output] += model.leaves[-1 - place]
    return told
