"""Comparisons made of counts, for tests of what is decided from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dragoman.records import ParityReport
from dragoman.release.comparison import Comparison
from dragoman.release.language_comparison import ALL, LanguageComparison, compare_pairs
from dragoman.release.paired import Pairs
from dragoman.release.speed import Ratio, Speeds, median_ratio
from dragoman.spec import ModelSpec, convert_spec

LANGUAGES = ("ar", "bn", "cs", "de", "el", "en", "es", "fa", "fr", "hi", "id", "it",
             "ja", "ko", "nl", "pl", "pt", "ru", "sw", "th", "tr", "uk", "vi", "zh")  # fmt: skip


def row(language: str, pairs: Pairs) -> LanguageComparison:
    return compare_pairs(language, pairs, different=pairs.lost + pairs.gained)


def ratio(value: float, *, spread: float = 0.0) -> Ratio:
    return median_ratio([1.0] * 21, np.linspace(value - spread, value + spread, 21).tolist())


def compared(languages: Mapping[str, Pairs], *, latency: Ratio | None = None, cost: Ratio | None = None) -> Comparison:
    return Comparison(
        champion="1",
        challenger="2",
        total=row(ALL, Pairs(*np.sum([*languages.values()], axis=0).tolist())),
        languages=[row(*item) for item in languages.items()],
        speeds=Speeds(single_ms=latency or ratio(1.0), thousand_ms=cost or ratio(1.0)),
    )


def drawn(
    chance: np.random.Generator, *, texts: int = 115, lost: Mapping[str, float] | None = None, less: float = 0.0
) -> Comparison:
    """An evaluation in 24 languages: accuracy 0.91, one right and one wrong answer in 8% of the pairs at least.

    `lost` has the true drop of some languages; `less` is that of the others.
    """

    def pairs(language: str) -> Pairs:
        drop = (lost or {}).get(language, less)
        apart = max(0.08, drop + 0.04)
        shares = [0.91 - (apart + drop) / 2, (apart + drop) / 2, (apart - drop) / 2, 0.09 - (apart - drop) / 2]
        return Pairs(*chance.multinomial(texts, shares).tolist())

    return compared({language: pairs(language) for language in LANGUAGES})


def spec_with(*, languages: Sequence[str] = LANGUAGES, **tables: Any) -> ModelSpec:
    """The example's spec with its gates; `tables` replace tables."""
    plain = {"name": "support", "owner": "o", "data": {"files": ["f"], "labels": ["a", "b"]}}
    gates = {"accuracy": 0.88, "worst_language_accuracy": 0.75}
    return convert_spec({**plain, "languages": list(languages), "gates": gates, **tables})


def parity(hidden: float = 2e-6, logits: float = 3e-6) -> ParityReport:
    return ParityReport(
        texts=512,
        max_hidden_difference=hidden,
        max_logit_difference=logits,
        label_agreement=1.0,
        languages={},
        tolerance=1e-4,
    )
