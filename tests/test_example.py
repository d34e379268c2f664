"""The example workspace keeps what its README promises of the data."""

import json
from collections import Counter
from pathlib import Path

import pytest

from dragoman import open_workspace
from dragoman.app.datasets import Files
from dragoman.data.splits import assign_splits, find_leaks
from dragoman.text.normalization import fold

EXAMPLE = Path(__file__).parent.parent / "examples" / "support"
LEAST_TEXTS = 12
SHARES = {"dev": 0.08, "test": 0.17, "seed": "support"}  # as in the example's README


@pytest.fixture(scope="module")
def spec():
    return open_workspace(EXAMPLE).spec("support")


@pytest.fixture(scope="module")
def rows():
    files = sorted((EXAMPLE / "data").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def column(rows, name):
    return [row[name] for row in rows]


def test_every_language_has_at_least_twelve_texts_of_every_label(rows, spec):
    counts = Counter((row["language"], row["label"]) for row in rows)
    cells = [(language, label) for language in spec.languages for label in spec.data.labels]
    assert len(cells) == 24 * 14
    assert min(counts[cell] for cell in cells) >= LEAST_TEXTS


def test_every_language_has_every_label_in_training_and_test(rows, spec):
    found = {(row["language"], row["label"], row["split"]) for row in rows}
    wanted = {(a, b, split) for a in spec.languages for b in spec.data.labels for split in ("train", "test")}
    assert wanted <= found


def test_no_text_comes_twice_in_a_language(rows):
    counts = Counter((row["language"], fold(row["text"]) or row["text"]) for row in rows)
    assert [key for key, count in counts.items() if count > 1] == []


def test_the_split_in_the_data_is_the_one_of_the_rule(rows):
    assert assign_splits(column(rows, "text"), column(rows, "language"), **SHARES) == column(rows, "split")


def test_no_near_duplicate_crosses_splits(rows):
    assert find_leaks(column(rows, "text"), column(rows, "language"), column(rows, "split")) == []


def test_openings_vary_within_a_label(rows):
    """Templates would show as many texts that begin with the same three words."""
    openings = Counter(
        (row["language"], row["label"], " ".join(words[:3]))
        for row in rows
        if len(words := fold(row["text"]).split()) > 3
    )
    assert max(openings.values()) <= 8


def test_the_data_keep_the_contract_of_the_example():
    workspace = open_workspace(EXAMPLE)
    report = workspace.datasets.check("support", Files(["data/*.jsonl"], EXAMPLE, "", None), report=lambda *_: None)
    assert (report.rows, report.violations) == (39_454, [])
