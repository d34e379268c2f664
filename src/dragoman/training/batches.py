"""Batches of one epoch: drawn, varied and packed, all from the seed and the epoch's number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.models.packing import PackedBatch, pack, plan_batches
from dragoman.text.normalization import drop_diacritics
from dragoman.training.sampling import Sampler

__all__ = ["Augmentation", "EpochPlan", "TrainingTexts", "language_draw"]

POOL = 2_000  # texts that are sorted by length before they are cut into batches: even batches, still random


class TrainingTexts(NamedTuple):
    """The training split as arrays, in the order of example ids."""

    texts: list[str]
    labels: NDArray[np.int64]
    languages: list[str]
    features: NDArray[np.float32] | None = None  # [texts, columns], NaN for what is missing


class Augmentation(NamedTuple):
    """How texts are varied while training."""

    token_dropout: float
    accent_dropout: float  # share of the texts that lose their accents
    mask_token: int | None
    special_tokens: list[int]  # ids that are never dropped
    feature_dropout: float = 0.0  # share of the texts that lose all their features
    value_dropout: float = 0.0  # share of the values that the others lose


class Batch(NamedTuple):
    packed: PackedBatch
    labels: NDArray[np.int64]
    features: NDArray[np.float32] | None = None


class EpochPlan:
    """What one epoch does. The same seed and epoch give the same batches, so a resumed run can skip to its place."""

    def __init__(
        self,
        data: TrainingTexts,
        sampler: Sampler,
        augmentation: Augmentation,
        *,
        seed: int,
        epoch: int,
        batch_tokens: int,
        first_position: int,
        language_temperature: float,
    ) -> None:
        self.data, self.augmentation = data, augmentation
        self.seed, self.epoch, self.first_position = seed, epoch, first_position
        random = np.random.default_rng([seed, epoch])
        self.rows = language_draw(data.languages, temperature=language_temperature, random=random)
        self.encoded = sampler.sample_many(self._typed(random), draw=random)
        self.batches = _shuffled_batches([len(ids) for ids in self.encoded], batch_tokens, random)

    def __len__(self) -> int:
        return len(self.batches)

    def start_at(self, step: int) -> Iterator[Batch]:
        """The batches from `step` on."""
        for number in range(step, len(self.batches)):
            rows = self.batches[number]
            packed = pack([self.encoded[row] for row in rows], first_position=self.first_position)
            random = np.random.default_rng([self.seed, self.epoch, number + 1])  # a zero at the end would add nothing
            chosen, packed = self.rows[rows], self._drop_tokens(packed, random)
            yield Batch(packed, self.data.labels[chosen], self._features(chosen, random))

    def _typed(self, random: np.random.Generator) -> list[str]:
        texts = (self.data.texts[row] for row in self.rows)
        plain = random.random(len(self.rows)) < self.augmentation.accent_dropout
        return [drop_diacritics(text) if drop else text for text, drop in zip(texts, plain, strict=True)]

    def _features(self, rows: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.float32] | None:
        if self.data.features is None:
            return None
        features = self.data.features[rows]
        dropped = random.random(features.shape) < self.augmentation.value_dropout
        dropped |= random.random((len(rows), 1)) < self.augmentation.feature_dropout
        return np.where(dropped, np.float32(np.nan), features)

    def _drop_tokens(self, packed: PackedBatch, random: np.random.Generator) -> PackedBatch:
        if self.augmentation.mask_token is None:
            return packed
        dropped = random.random(len(packed.input_ids)) < self.augmentation.token_dropout
        dropped &= ~np.isin(packed.input_ids, self.augmentation.special_tokens)
        return replace(packed, input_ids=np.where(dropped, self.augmentation.mask_token, packed.input_ids))


def language_draw(languages: Sequence[str], *, temperature: float, random: np.random.Generator) -> NDArray[np.int64]:
    """Rows of one epoch, about as many as there are, shuffled; languages are drawn by (rows) ** temperature.

    Every row comes at least `floor(drawn / rows)` times, so a temperature of 1 is a plain shuffle. Temperature sampling
    is the one of XLM-R (Conneau et al. 2020).
    """
    names, member = np.unique(np.asarray(languages), return_inverse=True)
    counts = np.bincount(member)
    shares = counts**temperature / (counts**temperature).sum()
    rows = [
        _repeat_rows(np.flatnonzero(member == index), round(shares[index] * len(languages)), random)
        for index in range(len(names))
    ]
    return random.permutation(np.concatenate(rows))


def _repeat_rows(rows: NDArray[np.int64], wanted: int, random: np.random.Generator) -> NDArray[np.int64]:
    whole, rest = divmod(max(wanted, 1), len(rows))
    return np.concatenate([np.tile(rows, whole), random.permutation(rows)[:rest]])


def _shuffled_batches(lengths: Sequence[int], batch_tokens: int, random: np.random.Generator) -> list[list[int]]:
    """Batches of similar lengths in random order. Rows are already in random order."""
    size = np.asarray(lengths)
    pools = (np.arange(start, min(start + POOL, len(size))) for start in range(0, len(size), POOL))
    order = np.concatenate([pool[np.argsort(size[pool], kind="stable")] for pool in pools])
    batches = list(plan_batches(size, max_tokens=batch_tokens, order=order))
    return [batches[index] for index in random.permutation(len(batches))]
