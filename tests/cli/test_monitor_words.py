from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import mark

from dragoman.cli.monitor_words import bar, compact, goal_words, moment, percent, span, spark, trend_words


@mark.parametrize(
    ("number", "words"),
    [
        (0, "0"),
        (7, "7"),
        (9.75, "9.8"),
        (412, "412"),
        (999.6, "1.00k"),
        (9_995, "10.0k"),
        (1_186_332, "1.19M"),
        (2e10, "20.0G"),
    ],
)
def test_large_numbers_have_three_digits(number: float, words: str) -> None:
    assert compact(number) == words


@mark.parametrize(
    ("share", "words"),
    [
        (None, "-"),
        (0.0, "0%"),
        (0.00002, "<0.01%"),
        (0.00019, "0.02%"),
        (0.041, "4.1%"),
        (0.94, "94%"),
        (-0.42, "-42%"),
    ],
)
def test_small_shares_keep_their_digits(share: float | None, words: str) -> None:
    assert percent(share, none="-") == words


@mark.parametrize(("goal", "words"), [(0.99, "99%"), (0.9995, "99.95%"), (0.99999, "99.999%")])
def test_objectives_keep_all_their_digits(goal: float, words: str) -> None:
    assert goal_words(goal) == words


@mark.parametrize(
    ("trend", "texts", "words"),
    [(None, 5, "new"), (None, 0, "none"), (-0.5, 5, "-50%"), (0.031, 5, "+3%"), (11.0, 5, "x12")],
)
def test_a_trend_says_where_there_was_nothing_before(trend: float | None, texts: int, words: str) -> None:
    assert trend_words(trend, texts) == words


@mark.parametrize(("hours", "words"), [(1 / 12, "5m"), (1, "1h"), (6.5, "6.5h"), (24, "24h"), (72, "3d"), (50, "50h")])
def test_lengths_of_time_are_short(hours: float, words: str) -> None:
    assert span(hours) == words


@mark.parametrize(
    ("time", "words"),
    [
        ("2026-07-02T10:52:00Z", "10:52"),
        ("2026-07-02T01:00:00+02:00", "07-01 23:00"),
        ("2025-12-31T10:52:00.123Z", "2025-12-31 10:52"),
        ("some time", "some time"),
    ],
)
def test_a_time_of_another_day_has_its_date(time: str, words: str) -> None:
    assert moment(time, today="2026-07-02T12:00:00Z") == words


def test_hours_without_texts_are_seen() -> None:
    assert spark([8, 4, 0, 8]) == "█▅·█"
    assert spark([0] * 24) == "········"
    assert spark([]) == ""


@settings(max_examples=60)
@given(st.lists(st.integers(0, 10**9), max_size=60))
def test_a_course_is_never_wider_than_its_column(counts: list[int]) -> None:
    assert len(spark(counts)) == min(8, len(counts))


@settings(max_examples=60)
@given(st.floats(-5, 5))
def test_a_bar_is_as_wide_as_its_column(share: float) -> None:
    assert len(bar(share)) == 10
