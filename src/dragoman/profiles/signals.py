"""What is measured of every text, and of every row of a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.text.script import script_mix
from dragoman.text.tokenizer import Tokenizer

__all__ = ["COLUMN_FAMILIES", "SIGNALS", "Measured", "Signal", "TokenFacts", "family_of", "measure", "measure_answer"]

DECIMALS = 6
ROUNDING = 1e-3  # how far a sum of many rounded scores may be from 1

Scores = Sequence[float] | NDArray[np.float64]
Ints = NDArray[np.int64]


class Signal(NamedTuple):
    """Something that is counted. `bins` says how its layout is made.

    Of the signals of columns there is one for each column: `number.age`.
    """

    name: str
    kind: Literal["number", "category"]
    bins: Literal["quantiles", "shares", "categories", "flag"]
    help: str


SIGNALS = {
    one.name: one
    for one in (
        Signal("tokens", "number", "quantiles", "Tokens of the text, without special tokens."),
        Signal("fertility", "number", "quantiles", "Tokens per character: how well the vocabulary fits."),
        Signal("unknown", "number", "shares", "Share of tokens that stand for something without a piece."),
        Signal("bytes", "number", "shares", "Share of tokens that are single bytes."),
        Signal("script", "category", "categories", "Script of most of the letters."),
        Signal("foreign", "number", "shares", "Share of letters that are of other scripts."),
        Signal("confidence", "number", "quantiles", "Probability of the text's language, given or detected."),
        Signal("label", "category", "categories", "The best label."),
        Signal("score", "number", "quantiles", "The best label's score."),
        Signal("entropy", "number", "quantiles", "Entropy of the labels' scores, as a share of the largest possible."),
        Signal("value", "number", "quantiles", "The answer of a model of numbers; of a forecast, the first value."),
        Signal("width", "number", "quantiles", "The width of that answer's interval: how sure the model is of it."),
        Signal("embedding", "number", "quantiles", "Projections of the mean hidden state: embedding.0, embedding.1 …"),
        Signal("number", "number", "quantiles", "A column of amounts: number.age."),
        Signal("category", "category", "categories", "A column of categories: category.plan."),
        Signal("missing", "number", "flag", "Whether a column has no value: missing.age."),
    )
}
COLUMN_FAMILIES = ("number", "category", "missing")


class Measured(NamedTuple):
    """One text's values, under the names of the signals; None is missing. Shares and scores have six decimals."""

    tokens: float | None = None
    fertility: float | None = None
    unknown: float | None = None
    bytes: float | None = None
    script: str | None = None
    foreign: float | None = None
    confidence: float | None = None
    label: str | None = None
    score: float | None = None
    entropy: float | None = None
    value: float | None = None
    width: float | None = None


class TokenFacts(NamedTuple):
    """What counting tokens needs to know of a tokenizer. Arrays are by id."""

    unknown: int | None
    special: NDArray[np.bool_]  # without the unknown token, which stands for something of the text
    bytes: NDArray[np.bool_]

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> TokenFacts:
        unknown = tokenizer.unknown_token
        pieces = (tokenizer.backend.token_to_id(f"<0x{value:02X}>") for value in range(256))
        around = {*tokenizer.special_tokens, *tokenizer.join([]), *tokenizer.join_pair([], [])[0]} - {unknown}
        found = [id for id in pieces if id is not None]
        return cls(unknown, _marked(tokenizer.ids, list(around)), _marked(tokenizer.ids, found))


def family_of(name: str) -> str:
    """A signal's name in a spec: `embedding.3` → `embedding`, `number.age` → `number`, `tokens` → `tokens`."""
    return name.partition(".")[0]


def measure(
    text: str,
    ids: Sequence[int] | Ints,
    facts: TokenFacts,
    *,
    truncated: bool = False,
    confidence: float | None = None,
    label: str | None = None,
    scores: Scores | None = None,
    labels: int | None = None,
) -> Measured:
    """Measure one text.

    `ids` are those that the model read, with special tokens; windows of a long text come one after the other, and what
    neighbours share counts once. A `truncated` text has no fertility: nobody knows how far its tokens reach.
    `confidence` is the probability of the text's language, `label` the best label. `scores` are in any order; of
    fewer than all `labels`, or if they are no shares of 1, there is no entropy.
    """
    own = _own_ids(np.asarray(ids, dtype=np.int64), facts.special)
    mix = script_mix(text)
    return measure_answer(label=label, scores=scores, labels=labels)._replace(
        tokens=float(len(own)),
        fertility=_share(len(own), 0 if truncated else len(text)),
        unknown=None if facts.unknown is None else _share(int(np.count_nonzero(own == facts.unknown)), len(own)),
        bytes=_share(int(np.count_nonzero(facts.bytes[own])), len(own)) if facts.bytes.any() else None,
        script=mix.script,
        foreign=_rounded(mix.foreign),
        confidence=_rounded(confidence),
    )


def measure_answer(
    *,
    label: str | None = None,
    scores: Scores | None = None,
    labels: int | None = None,
    value: float | None = None,
    width: float | None = None,
) -> Measured:
    """What an answer alone says, as `measure` has it: all there is to measure of a row of a table but its columns.

    `value` is the answer of a model of numbers and `width` that of its interval; six digits of each count.
    """
    return Measured(
        label=label,
        score=_rounded(max(scores)) if scores is not None and len(scores) else None,
        entropy=_entropy(scores, labels) if scores is not None else None,
        value=_shortened(value),
        width=_shortened(width),
    )


def _marked(size: int, ids: Sequence[int]) -> NDArray[np.bool_]:
    marks = np.zeros(size, dtype=np.bool_)
    marks[np.asarray(ids, dtype=np.int64)] = True
    return marks


def _own_ids(ids: Ints, special: NDArray[np.bool_]) -> Ints:
    """The ids of the text itself: windows, which special tokens part, without what each repeats of the one before."""
    inside = ~special[ids]
    starts = np.flatnonzero(inside & ~np.concatenate([[False], inside[:-1]]))
    if len(starts) < 2:
        return ids[inside]
    stops = np.flatnonzero(inside & ~np.concatenate([inside[1:], [False]])) + 1
    runs = [ids[start:stop].tolist() for start, stop in zip(starts, stops, strict=True)]
    kept = [run[_shared(before, run) :] for before, run in zip([[], *runs[:-1]], runs, strict=True)]
    return np.array([id for run in kept for id in run], dtype=np.int64)


def _shared(before: list[int], after: list[int]) -> int:
    """How many tokens the end of a window and the start of the next one have in common: half a window at most."""
    most = min(len(before) // 2, len(after))
    return next((count for count in range(most, 0, -1) if before[-count:] == after[:count]), 0)


def _entropy(scores: Scores, labels: int | None) -> float | None:
    shares = np.round(np.asarray(scores, dtype=np.float64), DECIMALS)
    if len(shares) < max(2, labels or 0) or shares.min() < 0 or abs(shares.sum() - 1.0) > ROUNDING:
        return None
    positive = shares[shares > 0]
    return _rounded(float(-(positive * np.log(positive)).sum()) / math.log(len(shares)))


def _share(part: int, whole: int) -> float | None:
    return _rounded(part / whole) if whole else None


def _shortened(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DECIMALS}g}") + 0.0


def _rounded(value: float | None) -> float | None:
    """A value without the bits in which machines differ: what is 1 is 1 everywhere."""
    return None if value is None else round(float(value), DECIMALS) + 0.0
