from __future__ import annotations

from bench.drift.outcomes import Noticed, hour_of, outcome_of, time_of

from dragoman.records import Symptom


def noticed(hour: int, language: str, name: str, *, since: int | None = None, log10_p: float = -9.0) -> Noticed:
    symptom = Symptom(
        model="support",
        kind="drift",
        name=name,
        language=language,
        severity="ticket",
        summary="",
        since="" if since is None else time_of(since),
        evidence={"log10_p": log10_p},
    )
    return Noticed(hour, symptom)


def test_hours_are_times_and_back():
    assert time_of(0) == "2026-01-05T00:00:00Z"
    assert [hour_of(time_of(hour)) for hour in (-3, 0, 700)] == [-3, 0, 700]


def test_the_delay_is_counted_from_the_change():
    outcome = outcome_of([noticed(27, "ar", "bytes", since=23)], language="ar", change=24)
    assert (outcome.delay, outcome.date_error) == (3, -1)


def test_the_clearest_signal_of_the_first_look_is_named_first():
    found = [noticed(25, "ar", "tokens"), noticed(25, "ar", "bytes", log10_p=-50.0), noticed(26, "ar", "script")]
    outcome = outcome_of(found, language="ar", change=24)
    assert outcome.first == "bytes"
    assert outcome.day == ("bytes", "script", "tokens")


def test_a_signal_of_a_later_day_is_not_named_within_the_first():
    found = [noticed(25, "ar", "bytes"), noticed(50, "ar", "tokens")]
    assert outcome_of(found, language="ar", change=24).day == ("bytes",)


def test_other_languages_and_earlier_hours_are_false_alarms_each_once():
    found = [noticed(3, "ar", "bytes"), noticed(30, "de", "label"), noticed(31, "de", "label")]
    outcome = outcome_of(found, language="ar", change=24)
    assert outcome.delay is None
    assert outcome.elsewhere == ("ar bytes", "de label")
