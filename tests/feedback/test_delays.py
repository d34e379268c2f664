from __future__ import annotations

import numpy as np
import pytest
from tests.feedback.world import answer, said, span, write_answers, write_labels

from dragoman.feedback.delays import Followed, delay_curve, delay_curves
from dragoman.feedback.joining import join_labels
from dragoman.records import DelayCurve

DAY = 86_400.0


def curve(followed: list[int], delays: list[int | None]) -> DelayCurve:
    """Of predictions that could be followed for whole days, and the day on which the label came, or none."""
    size = max(followed) + 1
    labelled = [(span, delay) for span, delay in zip(followed, delays, strict=True) if delay is not None]
    return delay_curve(
        "form",
        Followed(
            np.bincount(followed, minlength=size),
            np.bincount([delay for _, delay in labelled], minlength=size),
            np.bincount([span for span, _ in labelled], minlength=size),
        ),
        step=DAY,
    )


def test_everything_followed_to_the_end_gives_plain_shares():
    found = curve([9] * 10, [0, 0, 1, 2, 4, None, None, None, None, None])
    assert dict(zip(found.days, found.arrived, strict=True)) == pytest.approx(
        {1 / 24: 0.2, 0.25: 0.2, 1: 0.2, 2: 0.3, 3: 0.4, 5: 0.5, 7: 0.5, 10: 0.5}
    )
    assert (found.labels, found.waiting, found.median_days) == (5, 5, 2.0)


def test_young_predictions_count_for_as_long_as_they_wait():
    """Worked by hand: 4 at risk on day 0, one label; on day 2 two are left, one label."""
    found = curve([0, 5, 5, 5], [None, 0, 2, None])
    arrived = dict(zip(found.days, found.arrived, strict=True))
    assert arrived[1] == pytest.approx(1 / 4)
    assert arrived[3] == pytest.approx(1 - 3 / 4 * 1 / 2)


def test_censoring_does_not_bend_the_curve():
    chance = np.random.default_rng(4)
    delays = chance.exponential(3.0, 6_000)
    comes = chance.random(6_000) < 0.6
    followed = chance.integers(0, 30, 6_000)
    told = [int(d) if ok and d < f + 1 else None for d, ok, f in zip(delays, comes, followed, strict=True)]
    found = curve(followed.tolist(), told)
    arrived = dict(zip(found.days, found.arrived, strict=True))
    for day in (1, 3, 7, 14, 21):
        assert arrived[day] == pytest.approx(0.6 * (1 - np.exp(-day / 3)), abs=0.03)
    assert sum(one is not None for one in told) / 6_000 < 0.55  # what a plain share would say of the end


def test_each_source_has_a_curve_up_to_its_newest_label(tmp_path):
    rows = [answer(str(n), days=n) for n in range(1, 41)]
    labels = [said(str(n), days=n - 0.5) for n in range(21, 41)]  # half a day each, and silence since 20 days
    labels += [said("40", days=38, source="review"), said("40", days=37, source="review"), said("zz", days=1)]
    tables = write_labels(write_answers(tmp_path, rows), labels)
    with join_labels(tables, span()) as join:
        form, review = delay_curves(join)
    assert (form.source, form.labels, form.waiting) == ("form", 20, 0)
    assert form.median_days == pytest.approx(0.5, abs=0.01)
    assert (review.source, review.labels, review.waiting) == ("review", 1, 3)


def test_a_label_from_before_its_prediction_took_no_time(tmp_path):
    tables = write_labels(write_answers(tmp_path, [answer("p", days=5)]), [said("p", days=6), said("p", days=4)])
    with join_labels(tables, span()) as join:
        (found,) = delay_curves(join)
    assert found.labels == 1
    assert found.median_days < 0.01


def test_without_labels_there_is_no_curve(tmp_path):
    with join_labels(write_answers(tmp_path, [answer("p")]), span()) as join:
        assert delay_curves(join) == []
