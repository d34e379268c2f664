from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.models.packing import PackedBatch
from dragoman.records import Report
from dragoman.runtime.base import FakeSession
from dragoman.text.tokenizer import Tokenizer
from dragoman.training import evaluation
from dragoman.training.evaluation import calibration_error, evaluate, predict_logits, wilson_interval

LABELS = ["a", "b"]


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # the four examples of Newcombe (1998), table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_wilsons_interval_has_its_published_values(successes: int, trials: int, low: float, high: float) -> None:
    interval = wilson_interval(successes, trials)

    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)
    assert (interval.value, interval.n, interval.level) == (successes / trials, trials, 0.95)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_holds_its_estimate_and_mirrors(counts: tuple[int, int]) -> None:
    successes, trials = counts
    interval, mirror = wilson_interval(successes, trials), wilson_interval(trials - successes, trials)

    assert 0.0 <= interval.low <= interval.value + 1e-12
    assert interval.value - 1e-12 <= interval.high <= 1.0
    assert interval.low == pytest.approx(1.0 - mirror.high)


def report_of(truth: str, predicted: str, languages: list[str]) -> Report:
    shares = np.array([[0.9, 0.1] if guess == "a" else [0.1, 0.9] for guess in predicted])
    return evaluate(shares, list(truth), languages, labels=LABELS, split="test")


def test_the_worst_language_comes_first() -> None:
    report = report_of("aabbab", "aabbbb", ["en"] * 4 + ["sw"] * 2)

    assert [(score.language, score.accuracy.value) for score in report.languages] == [("sw", 0.5), ("en", 1.0)]
    assert report.worst_language.language == "sw"
    assert (report.split, report.accuracy.value, report.accuracy.n) == ("test", 5 / 6, 6)


def test_languages_of_equal_accuracy_come_by_name() -> None:
    report = report_of("aaa", "aaa", ["sw", "de", "en"])

    assert [score.language for score in report.languages] == ["de", "en", "sw"]


def test_macro_f1_is_the_mean_over_the_labels_that_occur() -> None:
    assert report_of("aab", "abb", ["en"] * 3).macro_f1 == pytest.approx(2 / 3)
    assert report_of("aa", "ab", ["en"] * 2).macro_f1 == pytest.approx(2 / 3)
    assert report_of("bb", "aa", ["en"] * 2).macro_f1 == 0.0


def test_confusions_are_counted_the_most_frequent_first(monkeypatch: pytest.MonkeyPatch) -> None:
    report = report_of("abba", "baab", ["en"] * 4)
    assert report.confusions == [("a", "b", 2), ("b", "a", 2)]

    assert report_of("abbba", "baaaa", ["en"] * 5).confusions == [("b", "a", 3), ("a", "b", 1)]

    monkeypatch.setattr(evaluation, "CONFUSIONS_SHOWN", 1)
    assert report_of("abbba", "baaaa", ["en"] * 5).confusions == [("b", "a", 3)]


def test_scores_that_are_right_as_often_as_they_say_have_no_calibration_error() -> None:
    correct = np.array([True] * 8 + [False] * 2)

    assert calibration_error(np.full(10, 0.8), correct) == pytest.approx(0.0)
    assert calibration_error(np.full(10, 1.0), correct) == pytest.approx(0.2)
    assert calibration_error(np.array([1.0] * 5 + [0.5] * 5), np.array([True] * 10)) == pytest.approx(0.25)


class SummingReadout:
    """Sums a text's vectors, each of which has a single one."""

    key = "sum"

    def read(self, hidden: np.ndarray, batch: PackedBatch, texts: Sequence[int]) -> list[np.ndarray]:
        parts = np.split(hidden, batch.first[1:])
        return [parts[row].sum(axis=0) for row in texts]


def test_logits_come_in_the_order_of_the_texts(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "BATCH_TOKENS", 12)  # several batches, shortest texts first
    texts = ["please send the invoice copy now", "refund", "деньги назад", "счёт"]
    session = FakeSession()

    logits = predict_logits(session, SummingReadout(), tokenizer, texts, first_position=2)

    lengths = [len(encoded.ids) for encoded in tokenizer.encode_many(texts)]
    assert logits.sum(axis=1).tolist() == lengths
    assert len(session.batches) > 1
