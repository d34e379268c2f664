from __future__ import annotations

import threading
from typing import Any

import pytest

from dragoman.errors import DeadlineExceeded, InvalidRequest, NotFound, Overloaded, Untrusted
from dragoman.monitoring.service import LanguageCounts, ServiceCounter, ServiceCounts, TextAnswered
from dragoman.monitoring.service.events import BAD, OBJECTIVES, TOTAL
from dragoman.spec import LanguageSloSpec, SloSpec

NOW = 1_795_411_260.0  # 2026-11-23T05:21:00Z
HOUR = 3_600.0
SLO = SloSpec(latency_seconds=0.5, languages={"hi": LanguageSloSpec(latency_seconds=2.0)})


@pytest.fixture
def counter() -> ServiceCounter:
    made = ServiceCounter()
    made.watch("support", "7", ["de", "hi"], SLO)
    return made


def answer(counter: ServiceCounter, *languages: str, at: float = NOW, seconds: float = 0.1, **options: Any) -> None:
    texts = [TextAnswered(language, 10, compute_seconds=0.002) for language in languages]
    counter.answered("support", "7", texts, seconds=seconds, queue_seconds=0.01, at=at, **options)


def counted(counter: ServiceCounter) -> ServiceCounts:
    together = ServiceCounts()
    for row in counter.changed(at=NOW):
        together.merge(row.counts)
    return together


def events(counts: LanguageCounts, objective: str) -> tuple[int, int]:
    total, bad = counts.events[OBJECTIVES.index(objective)].sum(axis=0)
    return int(total), int(bad)


def test_an_answer_counts_in_its_language_and_minute(counter):
    answer(counter, "hi", "hi")
    (row,) = counter.changed(at=NOW)
    own = row.counts.language("hi")
    assert (row.model, row.version, row.start) == ("support", "7", "2026-11-23T05:00:00Z")
    assert (own.requests, own.texts, own.tokens, own.compute_us) == (1, 2, 20, 4_000)
    assert own.events[0, 21].tolist() == [1, 0]
    assert own.total.quantile(0.5) == pytest.approx(0.1, rel=0.05)
    assert own.inference.quantile(0.5) == pytest.approx(0.09, rel=0.05)


def test_a_request_in_several_languages_is_of_none_and_its_texts_are_of_their_own(counter):
    answer(counter, "hi", "de")
    counts = counted(counter)
    assert [counts.language(name).requests for name in ("hi", "de", "")] == [0, 0, 1]
    assert [counts.language(name).texts for name in ("hi", "de", "")] == [1, 1, 0]
    assert events(counts.language(""), "availability") == (1, 0)
    assert events(counts.language("hi"), "coverage") == (1, 0)


def test_languages_are_bounded(counter):
    for language in ("xx", "yy", "und"):
        answer(counter, language)
    counts = counted(counter)
    assert counts.languages.keys() == {"other"}
    assert events(counts.language("other"), "coverage") == (3, 3)


@pytest.mark.parametrize(
    ("language", "seconds", "bad"), [("de", 0.6, 1), ("de", 0.5, 0), ("hi", 0.6, 0), ("hi", 2.1, 1)]
)
def test_slow_is_what_the_language_says(counter, language, seconds, bad):
    answer(counter, language, seconds=seconds)
    assert events(counted(counter).language(language), "latency") == (1, bad)


def test_a_bulk_request_has_no_latency(counter):
    answer(counter, "de", seconds=9.0, is_bulk=True)
    own = counted(counter).language("de")
    assert events(own, "availability") == (1, 0)
    assert events(own, "latency") == (0, 0)
    assert (own.total.n, own.texts) == (0, 1)


def test_of_a_copy_only_tokens_and_compute_count(counter):
    answer(counter, "de", is_copy=True)
    counter.failed("support", "7", error=Overloaded("full"), at=NOW, language="de", is_copy=True)
    own = counted(counter).language("de")
    assert (own.tokens, own.compute_us) == (10, 2_000)
    assert (own.requests, own.texts, own.total.n, own.events.sum(), own.errors.total()) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("error", "kind", "is_bad"),
    [
        (Overloaded("full"), "Overloaded", True),
        (DeadlineExceeded("late"), "DeadlineExceeded", True),
        (Untrusted("bundle"), "Untrusted", True),
        (ZeroDivisionError(), "other", True),
        (InvalidRequest("no text"), "InvalidRequest", False),
        (NotFound("no model"), "NotFound", False),
    ],
)
def test_only_faults_of_the_server_are_events(counter, error, kind, is_bad):
    counter.failed("support", "7", error=error, at=NOW, language="hi")
    own = counted(counter).language("hi")
    assert dict(own.errors) == {kind: 1}
    assert events(own, "availability") == (is_bad, is_bad)
    assert own.faults == is_bad


@pytest.mark.parametrize(
    ("text", "bad"), [({}, 0), ({"truncated": True}, 1), ({"abstained": True}, 1), ({"cached": True}, 0)]
)
def test_a_text_without_a_full_answer_is_not_covered(counter, text, bad):
    counter.answered("support", "7", [TextAnswered("de", 5, **text)], seconds=0.1, queue_seconds=0.0, at=NOW)
    own = counted(counter).language("de")
    assert events(own, "coverage") == (1, bad)
    assert [own.truncated, own.abstained, own.cached] == [name in text for name in ("truncated", "abstained", "cached")]


def test_labels_count_when_they_come(counter):
    counter.labelled("support", "7", "hi", right=True, at=NOW)
    counter.labelled("support", "7", "hi", right=False, at=NOW)
    own = counted(counter).language("hi")
    assert (own.right, own.wrong) == (1, 1)
    assert events(own, "quality") == (2, 1)


def test_versions_that_are_not_watched_count_nowhere(counter):
    counter.answered("other", "1", [TextAnswered("de", 1)], seconds=0.1, queue_seconds=0.0, at=NOW)
    counter.failed("support", "8", error=Overloaded("full"), at=NOW)
    counter.labelled("support", "8", "de", right=True, at=NOW)
    assert counter.changed(at=NOW) == []


def test_a_row_is_told_until_it_is_stored_as_it_is(counter):
    answer(counter, "de")
    first = counter.changed(at=NOW)
    answer(counter, "de")
    counter.mark_stored(first)
    second = counter.changed(at=NOW)
    assert second[0].counts.language("de").requests == 2
    counter.mark_stored(second)
    assert counter.changed(at=NOW) == []
    answer(counter, "de")
    assert counter.changed(at=NOW)[0].counts.language("de").requests == 3


def test_an_hour_that_was_stored_and_is_long_over_is_never_opened_again(counter):
    answer(counter, "de")
    counter.mark_stored(counter.changed(at=NOW))
    assert counter.changed(at=NOW + 3 * HOUR) == []
    answer(counter, "de", at=NOW)
    (row,) = counter.changed(at=NOW + 3 * HOUR)
    assert row.start == "2026-11-23T06:00:00Z"
    assert row.counts.language("de").events[0, 0, TOTAL] == 1


def test_hours_that_cannot_be_stored_are_bounded(counter, caplog):
    for hour in range(60):
        answer(counter, "de", at=NOW + hour * HOUR)
    assert len(counter.changed(at=NOW + 60 * HOUR)) == 48
    assert "never stored" in caplog.text


def test_what_a_forgotten_version_counted_is_still_told(counter):
    answer(counter, "de")
    counter.forget("support", "7")
    answer(counter, "de")
    rows = counter.changed(at=NOW)
    assert rows[0].counts.language("de").requests == 1
    counter.mark_stored(rows)
    counter.watch("support", "7", ["de", "hi"], SLO)
    answer(counter, "de")
    assert counter.changed(at=NOW)[0].counts.language("de").requests == 2


def test_a_version_that_is_forgotten_and_stored_leaves_nothing_behind(counter):
    answer(counter, "de")
    counter.forget("support", "7")
    counter.mark_stored(counter.changed(at=NOW))
    assert counter.changed(at=NOW + 3 * HOUR) == []
    assert counter._versions == {}


def test_new_objectives_hold_from_then_on(counter):
    counter.watch("support", "7", ["de"], SloSpec(latency_seconds=0.05))
    answer(counter, "de")
    answer(counter, "hi")
    counts = counted(counter)
    assert events(counts.language("de"), "latency") == (1, 1)
    assert counts.languages.keys() == {"de", "other"}


def test_the_sink_is_told_of_every_event():
    told: list[tuple[Any, ...]] = []

    class Sink:
        def count(self, model: str, objective: str, language: str, *, total: int, bad: int) -> None:
            told.append((objective, language, total, bad))

    counter = ServiceCounter(Sink())
    counter.watch("support", "7", ["de"], SloSpec())
    answer(counter, "de", "de", seconds=0.6)
    assert told == [("availability", "de", 1, 0), ("latency", "de", 1, 1), *[("coverage", "de", 1, 0)] * 2]


def test_threads_lose_nothing(counter):
    def work() -> None:
        for _ in range(500):
            answer(counter, "de")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own = counted(counter).language("de")
    assert own.requests == own.total.n == own.events[0, :, TOTAL].sum() == 2_000
    assert own.events[:, :, BAD].sum() == 0
