"""What training and serving get of the views of a workspace."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from tests.features.world import FILE, NOW, append_orders, order, write_features, write_view_workspace
from tests.test_feature_uses import spec

from dragoman.app import Workspace
from dragoman.app.feature_rows import FeatureRows
from dragoman.app.features import Join
from dragoman.errors import Conflict, InvalidRequest, NotFound, Unavailable
from dragoman.records import By, PinnedView
from dragoman.serving.lookup import Wanted

FILES = FILE.replace(
    '"orders", time', 'files="data/*.csv", types={"ordered_at": "time", "loaded_at": "time", "amount": "number"}, time'
)
CSV = "order_id,customer_id,ordered_at,loaded_at,amount,category\n"


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    place = write_view_workspace(tmp_path)
    apply(place)
    return place


def apply(place: Workspace) -> None:
    place.features.apply(place.features.plan(), by=By(actor="ada"))


def join(place: Workspace) -> Join:
    return place.features.join(spec())


def test_rows_get_what_was_known_at_their_time_in_their_order(place):
    times = [NOW, NOW - timedelta(days=8.5), NOW - timedelta(days=100)]
    rows = pa.table({"customer_id": ["c1", "c1", "c1"], "asked_at": pa.array(times, pa.timestamp("us", "UTC"))})
    joined = join(place)(rows, ["activity"], "asked_at")
    assert joined["activity.spent"].to_pylist() == [145.0, 37.0, None]
    assert joined["activity.orders_30d"].to_pylist() == [10, 2, 0]


def test_the_pins_are_digest_and_version_of_the_source(place):
    (pin,) = join(place).pins
    assert pin == PinnedView(
        name="activity",
        digest=place.features.applied("activity").digest,
        dataset="orders",
        dataset_number=place.tables.latest("orders") or 0,
    )


def test_the_digest_changes_with_the_definition_and_with_the_source(place):
    first = join(place).digest
    assert join(place).digest == first
    append_orders(place, [order(99)])
    second = join(place).digest
    write_features(place.root, FILE.replace("30d", "31d"))
    apply(place)
    assert len({first, second, join(place).digest}) == 3


def test_the_digest_changes_with_files(place):
    (place.root / "data").mkdir()
    path = place.root / "data" / "orders.csv"
    path.write_text(CSV + "1,c1,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,1.5,shoes\n")
    write_features(place.root, FILES)
    apply(place)
    first = join(place)
    path.write_text(CSV + "1,c1,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,2.5,shoes\n")
    assert (first.pins[0].dataset, first.digest == join(place).digest) == ("", False)


def test_a_view_that_is_not_applied_is_refused(tmp_path):
    place = write_view_workspace(tmp_path)
    with pytest.raises(NotFound, match="no applied view 'activity'"):
        join(place)


@pytest.mark.parametrize("text", [FILE.replace("30d", "31d"), ""])
def test_a_view_whose_file_says_something_else_than_what_is_applied_is_refused(place, text):
    write_features(place.root, text)
    with pytest.raises(Conflict, match="The view 'activity' is not what is applied"):
        join(place)


# Look-up


def test_online_features_are_found_for_many_keys_at_once(place):
    list(FeatureRows(place.features).materialize())
    lookup = place.features.lookup(join(place).pins)
    now = FeatureRows(place.features).now
    known, unknown = lookup.find([Wanted(("activity",), "c1"), Wanted(("activity",), {"customer_id": "x"})], now)
    assert (known.known, known.values["activity.spent"]) == (True, 145.0)
    assert (unknown.known, unknown.values["activity.orders_30d"]) == (False, 0)
    assert known.age == unknown.age
    assert known.age is not None
    assert lookup.waits


def test_a_key_that_does_not_fit_is_the_fault_of_the_caller(place):
    list(FeatureRows(place.features).materialize())
    lookup = place.features.lookup(join(place).pins)
    with pytest.raises(InvalidRequest):
        lookup.find([Wanted(("activity",), {"shop": 1})], 0)


def test_rows_that_are_not_there_are_said_so_before_a_model_answers(place):
    with pytest.raises(Unavailable, match="dragoman features materialize activity"):
        place.features.lookup(join(place).pins)


def test_a_pinned_definition_that_the_catalog_does_not_have_is_not_found(place):
    with pytest.raises(NotFound, match="no definition abc of the view 'activity'"):
        place.features.lookup([PinnedView(name="activity", digest="abc")])
