from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dragoman.monitoring.drift import DriftFindings, DriftJudge
from dragoman.monitoring.drift.baseline import BundleBaseline
from dragoman.monitoring.drift.grid import Grid
from dragoman.monitoring.drift.simulated_world import World, signals_of_columns
from dragoman.monitoring.drift.simulation import alarms, alerts
from dragoman.monitoring.times import stamp
from dragoman.profiles import Profile, Reference, build_reference, columns_of_rows
from dragoman.records import FeatureColumn
from dragoman.spec import DriftSpec

COLUMNS = [FeatureColumn(name="age", kind="number"), FeatureColumn(name="plan", kind="category")]
START = 1_795_392_000  # a Monday, 00:00 UTC


def rows(
    seed: int, count: int, *, missing: float = 0.01, gold: float = 0.12, mean: float = 40.0
) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {
            "age": None if rng.random() < missing else int(rng.normal(mean, 10)),
            "plan": "gold" if rng.random() < gold else "free",
        }
        for _ in range(count)
    ]


def reference() -> Reference:
    return build_reference(["und"] * 2_000, columns_of_rows(rows(0, 2_000), COLUMNS))


def looked(spec: DriftSpec | None = None, **changes: float) -> DriftFindings:
    """Six hours of a table's rows, which have changed."""
    known, buckets = reference(), []
    for place in range(6):
        profile = Profile(known)
        profile.add_columns(["und"] * 100, columns_of_rows(rows(place + 1, 100, **changes), known.columns))
        buckets.append((stamp(START + 3_600 * place), profile))
    return DriftJudge(spec or DriftSpec(), known).look(buckets, model="prices", version="1")


def test_every_column_has_cells_of_its_own() -> None:
    grid = Grid(reference())

    assert {cell.signal for cell in grid.cells if cell.language} == {
        "number.age", "missing.age", "category.plan", "missing.plan",
    }  # fmt: skip
    assert grid.counted == "rows"


def test_rows_without_a_value_are_told_by_the_column() -> None:
    (found,) = looked(missing=0.3).symptoms

    assert (found.name, found.language) == ("missing.age", "und")
    assert found.summary.startswith("und, age missing: 1.")
    assert " of the rows of the last " in found.summary


def test_fewer_missing_values_are_told_as_such_too() -> None:
    known = build_reference(["und"] * 2_000, columns_of_rows(rows(0, 2_000, missing=0.4), COLUMNS))
    profile = Profile(known)
    profile.add_columns(["und"] * 300, columns_of_rows(rows(1, 300), known.columns))

    found = DriftJudge(DriftSpec(), known).look([(stamp(START), profile)], model="prices").symptoms

    (missing,) = (one for one in found if one.name == "missing.age")
    assert missing.evidence["what"] == "age missing"
    assert missing.evidence["before"] == pytest.approx(0.4, abs=0.05)
    assert missing.evidence["after"] < 0.05


def test_a_category_that_grows_is_told_by_its_name() -> None:
    (found,) = looked(gold=0.4).symptoms

    assert found.name == "category.plan"
    assert found.evidence["what"] in ("plan gold", "plan free")
    assert found.evidence["effect"] == pytest.approx(0.28, abs=0.08)


def test_an_amount_that_moves_is_told_by_its_range() -> None:
    (found,) = looked(mean=55.0).symptoms

    assert found.name == "number.age"
    assert found.summary.startswith("und, age ")


def test_a_family_of_signals_can_be_watched_alone() -> None:
    assert {row.signal for row in looked(DriftSpec(signals=["missing"])).rows if row.language} == {
        "missing.age", "missing.plan",
    }  # fmt: skip


def test_the_knob_is_kept_for_a_table_of_fifty_columns() -> None:
    """With 100 accepted false alarms in 30 days there are some in 48 hours."""
    counts = []
    for seed in range(4):
        chance = np.random.default_rng(seed)
        world = World(languages=1, texts=100, reference_texts=1_000, signals=signals_of_columns(50))
        known, shares = world.build(chance)
        grid = Grid(known)
        found = alarms(DriftSpec(), grid, BundleBaseline(grid), world.hours(grid, shares, chance, 48))
        counts.append(alerts(found, 100.0)[1])

    assert len(grid.cells) == 103
    assert 0 < sum(counts) <= 4 * 100.0 * 48 / 720
