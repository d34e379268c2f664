from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.features.world import FILE, append_orders, order, write_features, write_view_workspace
from tests.test_feature_uses import register

from dragoman.app import skew
from dragoman.app.feature_rows import FeatureRows
from dragoman.app.operations import pseudonym_key
from dragoman.app.skew import Span, skew_of
from dragoman.errors import NotFound
from dragoman.features.times import text_of
from dragoman.monitoring.prediction_log.keys import logged_key
from dragoman.monitoring.prediction_log.schema import table_of
from dragoman.records import By, Key, PredictionRow
from dragoman.text.redaction import Redactor

AT = datetime(2026, 10, 28, 12, tzinfo=UTC)
PAIRS = FILE.replace('keys=["customer_id"]', 'keys=["customer_id", "category"]')


class World:
    """A workspace with a version that was trained with its view, and a log of what it was served."""

    def __init__(self, root: Path, text: str = FILE) -> None:
        root.mkdir()
        self.place = write_view_workspace(root)
        write_features(root, text)
        (applied,) = self.place.features.apply(self.place.features.plan(), by=By(actor="ada"))
        self.place.keychain.ensure()
        register(self.place.registry, root.parent / "bundles", applied.digest)
        self.redactor = Redactor(pseudonym_key(self.place.state / "keys" / "pseudonyms.key"))
        self.number = 0

    def offline(self, key: Key, at: datetime = AT) -> dict[str, Any]:
        return FeatureRows(self.place.features).offline("activity", key, at=int(at.timestamp() * 1e6))

    def row(self, key: Key, values: dict[str, Any], *, at: datetime = AT, version: str = "1") -> PredictionRow:
        self.number += 1
        return PredictionRow(
            id=f"p{self.number}",
            time=at.isoformat(timespec="milliseconds"),
            model="churn",
            version=version,
            task="t",
            features=values,
            key=logged_key(key, self.redactor),
            features_time=text_of(int(at.timestamp() * 1e6)),
        )

    def log(self, *rows: PredictionRow) -> None:
        table = table_of([msgspec.json.encode(row) for row in rows])[0]
        self.place.tables.append_once("predictions", table, app="test", number=self.number, partition_by=["date"])

    def report(self, **span: Any) -> skew.SkewReport:
        (found,) = skew_of(self.place.features, "churn", Span(**span))
        return found


@pytest.fixture(autouse=True)
def no_shifts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundles here have nothing but their lineage."""
    monkeypatch.setattr(skew, "_shifts", lambda *given: [])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "shop")


def differing(report: skew.SkewReport) -> dict[str, int]:
    return {one.feature: one.differing for one in report.features if one.differing}


def test_keys_are_found_again_by_their_pseudonyms(world):
    world.log(*(world.row(key, world.offline(key)) for key in ("c1", "c2")))
    report = world.report()
    assert (report.rows, report.strangers, differing(report)) == (2, 0, {})
    assert all(one.equal == 2 for one in report.features)


def test_keys_of_several_columns_are_found_again(tmp_path):
    world = World(tmp_path / "shop", PAIRS)
    key: Key = {"customer_id": "c1", "category": "Shoes"}
    world.log(world.row(key, world.offline(key)))
    assert (world.report().strangers, differing(world.report())) == (0, {})


def test_another_value_is_told_with_prediction_and_both_values(world):
    values = world.offline("c1")
    world.log(world.row("c1", values | {"activity.spent": 1.0}))
    report = world.report()
    assert differing(report) == {"activity.spent": 1}
    (example,) = report.features[0].examples
    assert (example.id, example.served, example.replayed) == ("p1", 1.0, values["activity.spent"])
    assert report.differs


def test_a_key_that_the_source_does_not_have_is_one_without_events(world):
    world.log(world.row("nobody", world.offline("nobody")))
    assert (world.report().strangers, differing(world.report())) == (1, {})


def test_late_events_make_no_difference_to_what_was_known(world):
    row = world.row("c1", world.offline("c1"))
    world.log(row)
    append_orders(world.place, [order(500, customer="c1", days=10, late=8, amount=70.0)])
    report = world.report()
    late = {one.feature: one.late for one in report.features}
    assert (differing(report), late["activity.spent"], late["activity.last_category"]) == ({}, 1, 0)


def test_a_text_is_compared_as_the_log_keeps_it(world):
    append_orders(world.place, [order(500, customer="c1", days=3.75, category="ada@example.com")])
    values = world.offline("c1")
    kept = world.redactor.redact(str(values["activity.last_category"]))
    assert kept != values["activity.last_category"]
    world.log(world.row("c1", values | {"activity.last_category": kept}))
    assert differing(world.report()) == {}


def test_rows_are_chosen_by_time_number_and_version(world):
    early, late = AT - timedelta(days=2), AT
    world.log(world.row("c1", world.offline("c1", early), at=early), world.row("c1", {"activity.spent": 0.0}, at=late))
    assert (world.report().rows, world.report(since=late).rows, world.report(last=1).rows) == (2, 1, 1)
    with pytest.raises(NotFound, match="no prediction of 'churn' whose features were looked up"):
        world.report(version="2")


def test_answers_without_a_look_up_are_left_out(world):
    world.log(msgspec.structs.replace(world.row("c1", {"activity.spent": 0.0}), features_time=""))
    with pytest.raises(NotFound):
        world.report()


def test_every_version_is_held_against_its_own_definition(world, tmp_path):
    before = world.offline("c1")
    write_features(world.place.root, FILE.replace('over("30d")', 'over("2d")'))
    (applied,) = world.place.features.apply(world.place.features.plan(), by=By(actor="ada"))
    register(world.place.registry, tmp_path / "more", applied.digest)
    assert world.offline("c1") != before
    world.log(world.row("c1", before), world.row("c1", world.offline("c1"), version="2"))
    newest, oldest = skew_of(world.place.features, "churn", Span())
    assert (newest.version, oldest.version) == ("2", "1")
    assert differing(newest) == differing(oldest) == {}
