from __future__ import annotations

import pytest
from tests.checks.monitoring import alert_record

from dragoman.monitoring.fakes import fake_reference
from dragoman.monitoring.retention import KEPT_DAYS, MERGED_HOURS, Retention
from dragoman.monitoring.service import ServiceCounts
from dragoman.monitoring.times import stamp
from dragoman.profiles import Profile
from dragoman.records import Counts
from dragoman.spec import DataSpec, DriftSpec, ModelSpec
from dragoman.store.memory_catalog import MemoryCatalog

NOW = 1_800_000_000.0
OLD = NOW - MERGED_HOURS * 3_600 - 7_200
REFERENCE = fake_reference(texts=50)


def spec(**changes) -> ModelSpec:
    data = DataSpec(files=["a"], labels=["a", "b"])
    return ModelSpec(name="support", owner="o", languages=["en"], data=data, **changes)


def service(replica: str, *, texts: int = 1, at: float = OLD, version: str = "1") -> Counts:
    counts = ServiceCounts()
    counts.language("en").texts = texts
    return row("service", replica, counts.encode(), at=at, version=version)


def row(kind: str, replica: str, content: bytes, *, at: float = OLD, version: str = "1") -> Counts:
    return Counts(kind=kind, model="support", version=version, start=stamp(at), replica=replica, content=content)


@pytest.fixture
def catalog() -> MemoryCatalog:
    return MemoryCatalog()


def test_old_counts_of_replicas_become_one_row(catalog: MemoryCatalog) -> None:
    catalog.save_counts([service("a"), service("b", texts=5), service("a", texts=7, version="2")])

    Retention(catalog, [spec()]).tidy(NOW)

    kept = catalog.counts("service", "support")
    assert [(one.version, one.replica) for one in kept] == [("1", "all"), ("2", "a")]
    assert ServiceCounts.decode(kept[0].content).language("en").texts == 6


def test_profiles_of_one_reference_are_merged_and_others_stay_apart(catalog: MemoryCatalog) -> None:
    mine, other = Profile(REFERENCE).encode(), Profile(fake_reference(texts=60)).encode()
    catalog.save_counts([row("profile", "a", mine), row("profile", "b", mine)])
    catalog.save_counts([row("profile", name, content, version="2") for name, content in (("a", mine), ("b", other))])

    Retention(catalog, [spec()]).tidy(NOW)

    assert [one.replica for one in catalog.counts("profile", "support")] == ["all", "a", "b"]


def test_new_counts_stay_as_they_are(catalog: MemoryCatalog) -> None:
    catalog.save_counts([service("a", at=NOW - 3_600), service("b", at=NOW - 3_600)])

    Retention(catalog, [spec()]).tidy(NOW)

    assert len(catalog.counts("service", "support")) == 2


@pytest.mark.parametrize(("reference", "kept"), [("bundle", 0), ("traffic", 1)])
def test_very_old_counts_are_forgotten_but_for_profiles_that_are_a_reference(
    catalog: MemoryCatalog, reference: str, kept: int
) -> None:
    long_ago = NOW - (KEPT_DAYS + 1) * 86_400
    catalog.save_counts([service("a", at=long_ago), row("profile", "a", b"", at=long_ago)])

    Retention(catalog, [spec(drift=DriftSpec(reference=reference))]).tidy(NOW)

    assert catalog.counts("service", "support") == []
    assert len(catalog.counts("profile", "support")) == kept


def test_it_is_tidied_once_an_hour(catalog: MemoryCatalog) -> None:
    retention = Retention(catalog, [spec()])
    retention.tidy(NOW)
    catalog.save_counts([service("a"), service("b")])

    retention.tidy(NOW + 60)

    assert len(catalog.counts("service", "support")) == 2


def test_alerts_are_forgotten_when_counts_are(catalog: MemoryCatalog) -> None:
    for id, days in (("old", KEPT_DAYS + 1), ("new", KEPT_DAYS - 1)):
        ended = stamp(NOW - days * 86_400)
        catalog.save_alerts([alert_record(id=id, name=id, status="resolved", ended=ended)])

    Retention(catalog, [spec()]).tidy(NOW)

    assert [alert.id for alert in catalog.alerts()] == ["new"]
