from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.costly import NOW, add_run, add_version, answered, costly

from dragoman.app.costs import Costs
from dragoman.app.storage import stored_in
from dragoman.app.workspace import Workspace
from dragoman.errors import NotFound
from dragoman.loop.cost_report import CostReport
from dragoman.loop.costs import KEYS, CostKey, CostSum


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workspace]:
    place = costly(tmp_path)
    yield place
    place.catalog.close()


@pytest.fixture
def busy(place: Workspace) -> Workspace:
    """Both models answered, trained and stored."""
    first = add_version(place, "support", run="a", files={"graph": b"g" * 5_000, "vocabulary": b"v" * 1_000})
    second = add_version(place, "mail", run="b", files={"graph": b"h" * 3_000, "vocabulary": b"v" * 1_000})
    add_run(place, "support", "a", hours=4, bundle=first)
    add_run(place, "support", "broken", hours=1)
    add_run(place, "mail", "b", hours=2, gpu=0.5, bundle=second)
    answered(place, "support", "1", en=(3_000, 0.5), ru=(1_000, 1.5))
    answered(place, "mail", "1", en=(500, 0.25))
    return place


def report(place: Workspace, model: str | None = None, *, by: CostKey = "model", days: float = 30.0) -> CostReport:
    return Costs(place, clock=lambda: NOW).report(model, by=by, days=days)


def sums(report: CostReport) -> dict[str, CostSum]:
    return {one.name: one for one in report.sums}


def size_on_disk(folder: Path) -> int:
    return sum(Path(place, name).stat().st_size for place, _, names in os.walk(folder) for name in names)


def test_a_model_costs_what_it_served_trained_and_stores(busy: Workspace) -> None:
    support = sums(report(busy))["support"]
    assert (support.texts, support.trainings) == (4_000, 2)
    assert support.serving.cost == pytest.approx(2 * 0.5 + 1 * 0.1)
    assert support.training.cost == pytest.approx(5 * 0.5)
    assert support.cost_per_1000 == pytest.approx(1.1 / 4)
    assert support.storage.stored_bytes > 6_000


def test_languages_versions_teams_and_runs_add_up_to_the_models(busy: Workspace) -> None:
    whole = report(busy).total
    for key in KEYS:
        found = report(busy, by=key)
        assert found.total == whole
        assert sum(one.cost or 0.0 for one in found.sums) == pytest.approx(whole.cost)
        assert sum(one.texts for one in found.sums) == 4_500


def test_languages_share_a_version_as_they_computed_and_trainings_have_none(busy: Workspace) -> None:
    found = sums(report(busy, "support", by="language"))
    assert found["ru"].serving.cost == pytest.approx(1.5 * 0.5 + 0.75 * 0.1)
    assert found["en"].serving.gb_hours == pytest.approx(0.25)
    assert (found[""].trainings, found[""].texts) == (2, 0)


def test_a_team_pays_for_its_models_and_the_owner_where_no_team_is_named(busy: Workspace) -> None:
    found = sums(report(busy, by="team"))
    assert found["shop"].texts == 4_000
    assert found["ann@example.com"].training.gpu_hours == 0.5


def test_a_run_has_its_training_and_what_its_versions_answer(busy: Workspace) -> None:
    found = sums(report(busy, by="run"))
    assert (found["a"].training.core_hours, found["a"].texts) == (4.0, 4_000)
    assert (found["broken"].training.core_hours, found["broken"].texts) == (1.0, 0)


def test_a_version_has_its_training_and_a_failed_one_has_no_version(busy: Workspace) -> None:
    found = sums(report(busy, "support", by="version"))
    assert found["support/1"].training.core_hours == 4.0
    assert found[""].training.core_hours == 1.0


def test_only_the_period_counts(place: Workspace) -> None:
    add_run(place, "support", "old", hours=8, days_ago=9)
    add_run(place, "support", "new", hours=1, days_ago=6)
    answered(place, "support", "1", days_ago=9, en=(900, 1.0))
    answered(place, "support", "1", days_ago=6, en=(70, 1.0))
    found = report(place, "support", days=7)
    assert (found.total.trainings, found.total.training.core_hours, found.total.texts) == (1, 1.0, 70)


def test_a_version_that_nobody_asked_costs_the_memory_that_it_held(place: Workspace) -> None:
    answered(place, "support", "1")
    assert report(place, "support", by="language").sums[0].name == "unknown"
    assert report(place, "support").total.serving.cost == pytest.approx(0.1)


def test_sessions_on_a_gpu_count_as_gpus(place: Workspace) -> None:
    spec = place.root / "models" / "support.toml"
    spec.write_text(f'{spec.read_text()}\n[serving]\ndevice = "cuda"\n')
    answered(place, "support", "1", en=(3_000, 0.5))
    serving = report(place, "support").total.serving
    assert (serving.core_hours, serving.gpu_hours) == (0.0, 0.5)
    assert serving.cost == pytest.approx(0.5 * 3 + 0.1)


def test_without_prices_quantities_are_told(tmp_path: Path) -> None:
    place = costly(tmp_path, settings="")
    add_run(place, "support", "a", hours=4)
    found = report(place)
    assert (found.currency, found.total.cost, found.total.training.core_hours) == ("", None, 4.0)
    place.catalog.close()


def test_another_model_is_not_found_and_the_nearest_is_named(place: Workspace) -> None:
    with pytest.raises(NotFound, match="no model 'suport'") as refused:
        report(place, "suport")
    assert refused.value.help == "did you mean 'support'?"


def test_what_is_used_of_a_budget_is_told_beside(busy: Workspace) -> None:
    spec = busy.root / "models" / "support.toml"
    spec.write_text(f"{spec.read_text()}\n[budget]\ndays = 7\ncpu_hours = 10\nprice = 4\n")
    found = report(busy).budgets
    assert [(one.model, one.limit, one.unit, one.used, one.most, one.days) for one in found] == [
        ("support", "cpu_hours", "CPU hours", 5.0, 10.0, 7.0),
        ("support", "price", "USD", 2.5, 4.0, 7.0),
    ]
    assert report(busy, "mail").budgets == []


# On disk --------------------------------------------------------------------------------------------------------


def test_everything_on_disk_is_counted_once(busy: Workspace) -> None:
    found = stored_in(busy)
    assert sum(one.size for one in found.stored) == size_on_disk(busy.state)
    assert found.is_whole


def test_a_blob_of_two_models_is_of_the_one_that_had_it_first(busy: Workspace) -> None:
    blobs = {one.model: one.size for one in stored_in(busy).stored if one.place == "blobs"}
    assert 6_000 < blobs["support"] < 7_000
    assert 3_000 < blobs["mail"] < 4_000


def test_an_unpacked_copy_is_of_its_version_and_other_files_are_of_nobody(busy: Workspace) -> None:
    bundle = busy.catalog.version("mail", 1).bundle
    for folder in (f"bundles/{bundle}", "runs/a", "tables/support", "tables/predictions", "lineage", "blobs/ff"):
        (busy.state / folder).mkdir(parents=True)
        (busy.state / folder / "file").write_bytes(b"x" * 10)
    found = {(one.place, one.model, one.version): one.size for one in stored_in(busy).stored}
    assert found["bundles", "mail", 1] == found["runs", "support", None] == 10
    assert found["tables/support", "support", None] == found["tables/predictions", "", None] == 10
    assert found["lineage", "", None] == found["blobs", "", None] == 10


def test_too_many_files_are_not_looked_at_and_that_is_told(busy: Workspace) -> None:
    found = stored_in(busy, most_files=3)
    assert not found.is_whole
    assert sum(one.size for one in found.stored) < size_on_disk(busy.state)


def test_what_is_stored_costs_its_share_of_a_month(busy: Workspace) -> None:
    week, month = report(busy, "mail", days=7).total.storage, report(busy, "mail", days=730 / 24).total.storage
    assert month.cost == pytest.approx(month.stored_bytes / 1e9 * 1_000_000)
    assert week.cost == pytest.approx((month.cost or 0.0) * 7 * 24 / 730)
