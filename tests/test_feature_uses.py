from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.checks.catalog import release_record
from tests.features.world import FILE, NOW, order, orders_table, write_features, write_view_workspace

from dragoman.app import Workspace
from dragoman.app.feature_rows import FeatureRows
from dragoman.app.feature_uses import PinnedViews, uses_by_view
from dragoman.app.freshness_watch import FreshnessWatch
from dragoman.errors import DragomanError
from dragoman.features.online import Asked, OnlineFeatures
from dragoman.records import By
from dragoman.registry.manifest import write_manifest
from dragoman.registry.registry import Registry
from dragoman.spec import ModelSpec, parse_spec
from dragoman.store.memory import MemoryBlobs, MemoryCatalog


def register(registry: Registry, folder: Path, digest: str, *, model: str = "churn") -> int:
    """A version whose bundle has nothing but its lineage."""
    place = folder / digest
    place.mkdir(parents=True)
    lineage = {"run": digest, "views": [{"name": "activity", "digest": digest}]}
    (place / "lineage.json").write_text(json.dumps(lineage))
    write_manifest(place, model=model, task="tabular-classification")
    return registry.register(place, run="r", owner="o", created="c").number


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(MemoryCatalog(), MemoryBlobs(), tmp_path / "cache")


def kept(registry: Registry) -> dict[str, str]:
    """Role by digest."""
    return {use.digest: use.role for _, use in PinnedViews(registry).in_use()}


def test_versions_with_an_alias_and_the_newest_one_keep_their_rows(registry, tmp_path):
    for digest in ("a", "b", "c", "d"):
        register(registry, tmp_path, digest)
    registry.catalog.move_alias("churn", "champion", 2, expected=None)
    registry.catalog.move_alias("churn", "challenger", 3, expected=None)
    assert kept(registry) == {"b": "champion", "c": "challenger", "d": "newest"}


def test_what_the_newest_release_can_go_back_to_keeps_its_rows(registry, tmp_path):
    for digest in ("a", "b", "c"):
        register(registry, tmp_path, digest)
    registry.catalog.save_release(
        release_record(model="churn", status="promoted", finished="now"), expected=None, action="release.promoted"
    )
    registry.catalog.move_alias("churn", "champion", 2, expected=None)
    assert kept(registry) == {"a": "release", "b": "champion", "c": "newest"}


def test_a_retired_version_keeps_no_rows(registry, tmp_path):
    for digest in ("a", "b"):
        register(registry, tmp_path, digest)
    registry.catalog.retire_version("churn", 2)
    assert kept(registry) == {"a": "newest"}


def test_a_bundle_is_read_once(registry, tmp_path, monkeypatch):
    register(registry, tmp_path, "a")
    pinned = PinnedViews(registry)
    assert pinned.in_use()
    monkeypatch.setattr(registry, "stored_file", lambda *given: pytest.fail("it was read again"))
    assert [use.digest for _, use in pinned.in_use()] == ["a"]


def test_models_read_views_by_their_specs_too(registry, tmp_path):
    register(registry, tmp_path, "a")
    found = uses_by_view([spec(), spec(name="other")], PinnedViews(registry))
    assert [(use.model, use.version) for use in found["activity"]] == [("churn", None), ("other", None), ("churn", 1)]


def spec(**changes: Any) -> ModelSpec:
    name, seconds = changes.get("name", "churn"), changes.get("seconds", 0)
    return parse_spec(
        f'name = "{name}"\nowner = "a@example.com"\ntask = "tabular-classification"\n'
        '[data]\ndataset = "labels"\nlabels = ["no", "yes"]\ntime = "asked_at"\n'
        f'[features]\nviews = ["activity"]\n[slo]\nfreshness_seconds = {seconds}\n'
    )


# Rows


def test_a_definition_that_its_source_does_not_fit_any_more_keeps_no_other_from_its_rows(place):
    write_features(place.root, FILE.replace('        "last_category": col("category").lower().last(),\n', ""))
    (applied,) = place.features.apply(place.features.plan(), by=By(actor="ada"))
    table = orders_table([order(1)]).drop_columns(["category"])
    place.tables.overwrite("orders", table)
    with pytest.raises(DragomanError, match="category"):
        list(FeatureRows(place.features).materialize())
    assert [mark.digest for mark in place.catalog.watermarks()] == [applied.digest]


def test_pushed_events_are_known_to_every_definition_that_is_kept(place):
    write_features(place.root, FILE.replace("30d", "2d"))
    place.features.apply(place.features.plan(), by=By(actor="ada"))
    rows = FeatureRows(place.features)
    list(rows.materialize())
    event = {"order_id": "p", "customer_id": "new", "ordered_at": NOW, "loaded_at": NOW, "amount": 7.0}
    assert rows.push("activity", [event]).keys == 1
    kept = place.features.alive()
    assert len({view.digest for view in kept}) == 2
    for view in kept:
        (found,) = OnlineFeatures(place.features.store, [view]).get([Asked(("activity",), "new")])
        assert found.values["activity.spent"] == 7


# Freshness


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A workspace whose champion was trained with the view that is applied."""
    (tmp_path / "shop").mkdir()
    place = write_view_workspace(tmp_path / "shop")
    (applied,) = place.features.apply(place.features.plan(), by=By(actor="ada"))
    place.keychain.ensure()
    register(place.registry, tmp_path / "bundles", applied.digest)
    place.catalog.move_alias("churn", "champion", 1, expected=None)
    return place


def symptoms(place: Workspace, *, seconds: float) -> list[str]:
    found = FreshnessWatch(place.features).symptoms([spec(seconds=seconds)])
    return [f"{one.severity} {one.kind} {one.name}" for one in found]


def test_a_champion_whose_view_has_no_rows_is_a_page(place):
    assert symptoms(place, seconds=3_600) == ["page freshness activity"]
    assert symptoms(place, seconds=0) == []


def test_rows_older_than_the_objective_are_a_symptom_of_the_model(place):
    list(FeatureRows(place.features).materialize())
    (row,) = FreshnessWatch(place.features).freshness()
    assert row.models == ["churn"]
    assert symptoms(place, seconds=row.age + 3_600) == []
    assert symptoms(place, seconds=row.age * 0.8) == ["ticket freshness activity"]
    assert symptoms(place, seconds=row.age / 3) == ["page freshness activity"]


def test_a_workspace_without_views_asks_no_bundle_and_opens_no_store(tmp_path, monkeypatch):
    place = write_view_workspace(tmp_path)
    monkeypatch.setattr(place.features, "pinned", None)
    assert FreshnessWatch(place.features).freshness() == []
    assert not list(tmp_path.glob(".dragoman/online*"))
