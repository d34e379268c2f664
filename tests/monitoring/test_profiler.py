from __future__ import annotations

from collections.abc import Iterator

import pytest

from dragoman.monitoring.fakes import fake_reference
from dragoman.monitoring.profiler import Profiler
from dragoman.monitoring.service import ServiceCounter
from dragoman.monitoring.watcher import Watcher
from dragoman.profiles import Profile
from dragoman.serving.fakes import FakeClock, fake_model
from dragoman.serving.model import Model
from dragoman.spec import DriftSpec

REFERENCE = fake_reference()
DRIFT = DriftSpec(every_minutes=1)


@pytest.fixture
def clock() -> FakeClock:
    clock = FakeClock()
    clock.now = 1_800_000_000.0  # a full minute
    return clock


@pytest.fixture
def profiler(clock: FakeClock) -> Profiler:
    return Profiler(clock)


@pytest.fixture
def model(profiler: Profiler) -> Iterator[Model]:
    with fake_model(reference=REFERENCE) as model:
        profiler.watch(model, DRIFT)
        model.observer = Watcher(ServiceCounter(), profiler)
        yield model


def test_texts_are_counted_by_language_in_their_bucket(profiler: Profiler, model: Model) -> None:
    model.predict(["where is my order", "refund please", "где заказ"])
    profiler.count()

    (row,) = profiler.changed()
    profile = Profile.decode(row.content)
    assert (row.model, row.version, row.start) == ("support", "1", "2027-01-15T08:00:00Z")
    assert profile.texts == {"en": 2, "ru": 1}
    assert {name: int(counts.sum()) for name, counts in profile.counts["en"].items()} == dict.fromkeys(
        REFERENCE.languages["en"].layouts, 2
    )


def test_a_result_from_the_cache_is_counted_like_the_first(profiler: Profiler, model: Model) -> None:
    model.predict(["where is my order"])
    model.predict(["where is my order"])
    profiler.count()

    profile = Profile.decode(profiler.changed()[0].content)
    assert all(sorted(counts[counts > 0].tolist()) == [2] for counts in profile.counts["en"].values())


def test_a_bucket_that_is_over_is_forgotten_when_it_is_stored(
    profiler: Profiler, model: Model, clock: FakeClock
) -> None:
    model.predict(["refund please"])
    profiler.count()
    clock.now += 60
    model.predict(["cancel it"])
    profiler.count()
    first = profiler.changed()

    profiler.mark_stored(first)
    model.predict(["cancel it"])
    profiler.count()

    assert [row.start for row in first] == ["2027-01-15T08:00:00Z", "2027-01-15T08:01:00Z"]
    assert [row.start for row in profiler.changed()] == ["2027-01-15T08:01:00Z"]


def test_what_is_counted_while_a_bucket_is_stored_is_stored_next(profiler: Profiler, model: Model) -> None:
    model.predict(["refund please"])
    profiler.count()
    rows = profiler.changed()
    model.predict(["cancel it"])
    profiler.count()

    profiler.mark_stored(rows)

    (row,) = profiler.changed()
    assert Profile.decode(row.content).texts["en"] == 2


def test_of_too_many_texts_a_sample_is_profiled(profiler: Profiler, model: Model) -> None:
    profiler.watch(model, DriftSpec(texts_per_second=10))

    model.predict(["refund please"] * 50)
    profiler.count()

    assert sum(Profile.decode(profiler.changed()[0].content).mix.values()) == 10


def test_a_version_that_is_gone_or_not_watched_is_not_profiled(profiler: Profiler, model: Model) -> None:
    profiler.watch(model, DriftSpec(enabled=False))

    model.predict(["refund please"])
    profiler.count()

    assert profiler.changed() == []
