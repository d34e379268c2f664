from __future__ import annotations

import numpy as np
import pytest
from tests.monitoring.drift.small import profile_of, reference_of

from dragoman.errors import InvalidInput
from dragoman.monitoring.drift.grid import MIX, Grid
from dragoman.profiles import OTHER, LanguageReference, Layout, Reference


def test_every_signal_of_a_language_is_a_cell_and_the_mix_the_last_one():
    grid = Grid(reference_of())

    assert [(cell.language, cell.signal) for cell in grid.cells] == [
        *((language, signal) for language in ("de", "th") for signal in ("tokens", "label")),
        ("", MIX),
    ]


def test_projections_are_one_cell():
    layouts = {
        f"embedding.{place}": Layout(signal=f"embedding.{place}", kind="number", edges=[0.0]) for place in (0, 1)
    }
    counts = {name: np.array([5, 6]) for name in layouts}
    reference = Reference({"de": LanguageReference(11, layouts, counts, None)}, {"de": 11}, None)

    (embedding, _) = Grid(reference).cells

    assert [layout.signal for layout in embedding.layouts] == ["embedding.0", "embedding.1"]


def test_only_the_named_signals_are_watched_and_the_mix():
    grid = Grid(reference_of(signals=("tokens", "label", "unknown")), ["unknown"])

    assert [cell.signal for cell in grid.cells] == ["unknown", "unknown", MIX]


def test_counts_of_a_profile_lie_where_those_of_the_reference_lie():
    reference = reference_of()
    grid, profile = Grid(reference), profile_of(reference, {"de": 30, "th": 20, "xx": 7}, np.random.default_rng(1))

    sums = grid.sums(profile)

    assert grid.parts.totals(sums.counts).tolist() == [30, 30, 20, 20, 57]
    assert sums.texts.tolist() == [30, 20]
    assert sums.counts[grid.mix].tolist() == [30, 20, 7]
    assert grid.reference.counts[grid.mix].tolist() == [1_000, 1_000, 0]


def test_languages_that_the_reference_only_counts_have_a_share_in_the_mix():
    reference = reference_of()
    few = Reference(reference.languages, reference.mix | {"sw": 12, OTHER: 3}, None)

    assert Grid(few).layouts[-1].categories == ["de", "sw", "th"]
    assert Grid(few).reference.counts[Grid(few).mix].tolist() == [1_000, 12, 1_000, 3]


def test_a_profile_of_another_reference_is_refused():
    other = profile_of(reference_of(texts=900), {"de": 1}, np.random.default_rng(1))

    with pytest.raises(InvalidInput, match="other bins"):
        Grid(reference_of()).sums(other)


def test_a_reference_of_nothing_has_no_cells():
    assert Grid(Reference({}, {}, None)).cells == []
