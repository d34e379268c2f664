from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.training.world import small_examples

from dragoman.text.tokenizer import Tokenizer
from dragoman.training.batches import Augmentation, EpochPlan, TrainingTexts, language_draw
from dragoman.training.sampling import SubwordSampler

EXAMPLES = small_examples()
DATA = TrainingTexts(
    texts=[example.text for example in EXAMPLES],
    labels=np.arange(len(EXAMPLES), dtype=np.int64),  # as a name for each text
    languages=[example.language for example in EXAMPLES],
)
MASK = 99
LANGUAGES = st.lists(st.sampled_from(["en", "de", "sw", "th"]), min_size=1, max_size=60)


class LetterSampler:
    """A token for each letter; keeps the texts that it was asked for."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def sample_many(self, texts: Sequence[str], *, draw: np.random.Generator) -> list[list[int]]:
        self.texts += texts
        return [[0, *(10 + ord(letter) % 50 for letter in text), 2] for text in texts]


def plan_of(sampler: Any = None, *, data: TrainingTexts = DATA, **changes: Any) -> EpochPlan:
    drops = {"token_dropout": 0.3, "accent_dropout": 0.5, "mask_token": MASK}
    drops |= {name: changes.pop(name) for name in list(changes) if name in drops}
    options = {"seed": 1, "epoch": 0, "batch_tokens": 100, "first_position": 2, "language_temperature": 1.0}
    augmentation = Augmentation(special_tokens=[0, 1, 2, 3], **drops)
    return EpochPlan(data, sampler or LetterSampler(), augmentation, **(options | changes))


def flat(plan: EpochPlan, start: int = 0) -> list[list[Any]]:
    """The batches as plain data."""
    return [
        [batch.packed.input_ids.tolist(), batch.packed.first.tolist(), batch.labels.tolist()]
        for batch in plan.start_at(start)
    ]


# Languages


@given(LANGUAGES, st.integers(0, 9))
def test_a_temperature_of_one_keeps_every_row(languages: list[str], seed: int) -> None:
    rows = language_draw(languages, temperature=1.0, random=np.random.default_rng(seed))

    assert sorted(rows.tolist()) == list(range(len(languages)))


@given(LANGUAGES, st.floats(0.05, 1.0))
def test_languages_are_drawn_by_their_rows_to_the_power_of_the_temperature(
    languages: list[str], temperature: float
) -> None:
    rows = language_draw(languages, temperature=temperature, random=np.random.default_rng(0))

    drawn, counts = Counter(languages[row] for row in rows), Counter(languages)
    whole = sum(count**temperature for count in counts.values())
    for name, count in counts.items():
        expected = len(languages) * count**temperature / whole
        assert abs(drawn[name] - max(expected, 1)) <= 0.5 + 1e-9


@given(LANGUAGES, st.floats(0.05, 1.0))
def test_rows_of_a_language_are_drawn_equally_often(languages: list[str], temperature: float) -> None:
    rows = language_draw(languages, temperature=temperature, random=np.random.default_rng(0)).tolist()

    for name in set(languages):
        often = [rows.count(row) for row, language in enumerate(languages) if language == name]
        assert max(often) - min(often) <= 1


# Plans


@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_the_same_seed_and_epoch_give_the_same_batches(temperature: float) -> None:
    one, other = (plan_of(language_temperature=temperature) for _ in range(2))

    assert flat(one) == flat(other)


@pytest.mark.parametrize("change", [{"seed": 2}, {"epoch": 1}])
def test_another_seed_or_epoch_gives_other_batches(change: dict[str, int]) -> None:
    assert flat(plan_of()) != flat(plan_of(**change))


def test_a_plan_can_start_in_the_middle() -> None:
    whole = flat(plan_of())

    assert len(whole) == len(plan_of()) > 3
    for step in (0, 1, len(whole) - 1, len(whole)):
        assert flat(plan_of(), step) == whole[step:]


def test_drawn_segmentations_are_the_same_whatever_was_drawn_before(tokenizer: Tokenizer) -> None:
    used, fresh = (SubwordSampler(tokenizer, alpha=0.2, seed=1) for _ in range(2))
    plan_of(used, epoch=3)

    assert flat(plan_of(used, epoch=5)) == flat(plan_of(fresh, epoch=5))


def test_every_text_comes_once_with_its_label_and_within_the_budget() -> None:
    plan = plan_of(token_dropout=0.0, accent_dropout=0.0)

    seen = []
    for batch in plan.start_at(0):
        assert len(batch.packed.input_ids) <= 100
        assert batch.packed.texts == len(batch.labels)
        ends = [*batch.packed.first[1:], len(batch.packed.input_ids)]
        for start, end, label in zip(batch.packed.first, ends, batch.labels, strict=True):
            expected = LetterSampler().sample_many([DATA.texts[label]], draw=np.random.default_rng())[0]
            assert batch.packed.input_ids[start:end].tolist() == expected
            seen.append(label)
    assert sorted(seen) == list(range(len(EXAMPLES)))


def test_batches_hold_texts_of_similar_lengths() -> None:
    ranges = sorted(range_of_lengths(batch.packed.grid.mask) for batch in plan_of().start_at(0))

    assert len(ranges) > 3
    assert all(longest <= shortest for (_, longest), (shortest, _) in itertools.pairwise(ranges))


def range_of_lengths(mask: np.ndarray) -> tuple[int, int]:
    """The shortest and the longest text of a batch."""
    lengths = (mask == 0).sum(axis=1)
    return int(lengths.min()), int(lengths.max())


def test_batches_come_in_random_order() -> None:
    ranges = [range_of_lengths(batch.packed.grid.mask) for batch in plan_of().start_at(0)]

    assert ranges != sorted(ranges)


# Variation


def inputs_of(plan: EpochPlan) -> np.ndarray:
    return np.concatenate([batch.packed.input_ids for batch in plan.start_at(0)])


def test_the_stated_share_of_tokens_is_masked_but_never_a_special_one() -> None:
    before, after = inputs_of(plan_of(token_dropout=0.0)), inputs_of(plan_of(token_dropout=0.3))

    changed = before != after
    assert (after[changed] == MASK).all()
    assert (before[changed] >= 4).all()
    assert changed[before >= 4].mean() == pytest.approx(0.3, abs=0.04)


def test_nothing_is_masked_without_a_mask_token() -> None:
    assert np.array_equal(inputs_of(plan_of(token_dropout=0.9, mask_token=None)), inputs_of(plan_of(token_dropout=0.0)))


@pytest.mark.parametrize(("share", "plain"), [(0.0, 0), (1.0, 200), (0.4, 80)])
def test_the_stated_share_of_texts_loses_its_accents(share: float, plain: int) -> None:
    sampler = LetterSampler()
    data = TrainingTexts(["où est mon café"] * 200, np.zeros(200, dtype=np.int64), ["fr"] * 200)

    plan_of(sampler, data=data, accent_dropout=share)

    assert set(sampler.texts) <= {"où est mon café", "ou est mon cafe"}
    assert sampler.texts.count("ou est mon cafe") == pytest.approx(plain, abs=20 if 0 < share < 1 else 0)


# Features


FEATURES = np.arange(len(EXAMPLES) * 4, dtype=np.float32).reshape(-1, 4)


def with_features(**drops: float) -> EpochPlan:
    augmentation = Augmentation(0.0, 0.0, mask_token=None, special_tokens=[], **drops)
    options = {"seed": 1, "epoch": 0, "batch_tokens": 100, "first_position": 2, "language_temperature": 1.0}
    return EpochPlan(DATA._replace(features=FEATURES), LetterSampler(), augmentation, **options)


def test_each_text_keeps_its_own_features() -> None:
    for batch in with_features().start_at(0):
        assert np.array_equal(batch.features, FEATURES[batch.labels])


def test_texts_lose_all_features_and_others_some_values() -> None:
    plan = with_features(feature_dropout=0.3, value_dropout=0.1)
    features = np.concatenate([batch.features for batch in plan.start_at(0) if batch.features is not None])

    missing = np.isnan(features)

    without = missing.all(axis=1)
    assert 0.15 < without.mean() < 0.45
    assert 0.03 < missing[~without].mean() < 0.2
    assert FEATURES[0, 1] == 1.0  # the data themselves lose nothing


def test_features_are_dropped_alike_where_a_run_goes_on() -> None:
    plan = with_features(feature_dropout=0.3, value_dropout=0.1)

    whole, rest = [batch.features for batch in plan.start_at(0)], [batch.features for batch in plan.start_at(2)]

    assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(whole[2:], rest, strict=True))
