"""Segmentations of texts while training: drawn for a scratch tokenizer, plain for a given one."""

from __future__ import annotations

import json
import math
import random
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

import numpy as np

from dragoman.text.tokenizer import SPACE_MARK, Tokenizer

__all__ = ["PlainSampler", "Sampler", "SubwordSampler"]

FIRST, LAST = 0, 2  # <s> and </s>
VARIANTS = 16  # segmentations kept per word
UNKNOWN_SCORE = -20.0  # of a character that is spelled in bytes: below every piece

Segmentation = tuple[int, ...]


class Sampler(Protocol):
    """Gives token ids of texts, special tokens included."""

    def sample_many(self, texts: Sequence[str], *, draw: np.random.Generator) -> list[list[int]]: ...


class PlainSampler:
    """The tokenizer's own segmentation, every time."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def sample_many(self, texts: Sequence[str], *, draw: np.random.Generator) -> list[list[int]]:
        return [encoded.ids for encoded in self._tokenizer.encode_many(texts)]


class Arc(NamedTuple):
    """A piece that ends at some place of a word."""

    start: int
    ids: Segmentation
    weight: float  # the share of all segmentations up to its end that end with it


class SubwordSampler:
    """Other segmentations of the same text, drawn by their probability: subword regularisation (Kudo 2018).

    A word's segmentations have probability proportional to (product of its pieces') ** `alpha`. Each word gets
    `VARIANTS` of them, drawn once from `seed` and the word itself by forward filtering and backward sampling; every
    occurrence then takes one of these. So the same seed gives the same draw in any process, which SentencePiece's own
    sampler does not promise.
    """

    def __init__(self, tokenizer: Tokenizer, *, alpha: float, seed: int) -> None:
        vocabulary = json.loads(tokenizer.to_json())["model"]["vocab"]
        self._tokenizer, self._alpha, self._seed = tokenizer, alpha, seed
        self._pieces = {piece: (index, score) for index, (piece, score) in enumerate(vocabulary)}
        self._longest = max(map(len, self._pieces))
        self._variants: dict[str, list[Segmentation]] = {}

    def sample_many(self, texts: Sequence[str], *, draw: np.random.Generator) -> list[list[int]]:
        """Token ids of each text; `draw` chooses among the segmentations of each word."""
        words = [self._words_of(text) for text in texts]
        choices = iter(draw.integers(0, VARIANTS, size=sum(map(len, words))).tolist())
        return [self._join([self._variants_of(word)[next(choices)] for word in text]) for text in words]

    def _words_of(self, text: str) -> list[str]:
        return [SPACE_MARK + word for word in self._tokenizer.normalize(text).split(" ") if word]

    def _join(self, segmentations: list[Segmentation]) -> list[int]:
        inner = [token for segmentation in segmentations for token in segmentation]
        return [FIRST, *inner[: self._tokenizer.max_tokens - 2], LAST]

    def _variants_of(self, word: str) -> list[Segmentation]:
        if word not in self._variants:
            arcs = self._arcs_of(word)
            chance = random.Random(self._seed << 32 | zlib.crc32(word.encode()))  # noqa: S311 (not for secrets)
            self._variants[word] = [_walk_back(arcs, chance) for _ in range(VARIANTS)]
        return self._variants[word]

    def _arcs_of(self, word: str) -> list[list[Arc]]:
        """For each end of a prefix, the pieces that end there. Forward filtering, in logarithms."""
        totals, arcs = [0.0], [[Arc(0, (), 1.0)]]
        for end in range(1, len(word) + 1):
            found = list(self._pieces_before(word, end))
            scores = [totals[start] + self._alpha * score for start, _, score in found]
            top = max(scores)
            weights = [math.exp(score - top) for score in scores]
            totals.append(top + math.log(sum(weights)))
            arcs.append([Arc(start, ids, weight) for (start, ids, _), weight in zip(found, weights, strict=True)])
        return arcs

    def _pieces_before(self, word: str, end: int) -> Iterator[tuple[int, Segmentation, float]]:
        single = word[end - 1]
        if single not in self._pieces:
            yield end - 1, self._spell(single), UNKNOWN_SCORE
        for start in range(max(0, end - self._longest), end):
            if (piece := self._pieces.get(word[start:end])) is not None:
                yield start, (piece[0],), piece[1]

    def _spell(self, character: str) -> Segmentation:
        return tuple(self._pieces[f"<0x{byte:02X}>"][0] for byte in character.encode())


def _walk_back(arcs: list[list[Arc]], chance: random.Random) -> Segmentation:
    """One segmentation, from the word's end to its start."""
    parts: list[Segmentation] = []
    end = len(arcs) - 1
    while end:
        cumulated = list(accumulate(arc.weight for arc in arcs[end]))
        arc = chance.choices(arcs[end], cum_weights=cumulated)[0]
        parts.append(arc.ids)
        end = arc.start
    return tuple(token for part in reversed(parts) for token in part)
