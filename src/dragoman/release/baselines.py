"""How often two versions gave different answers before a release, per language, and on what.

What was evaluated long ago may no longer be like what is asked. A challenger that was trained because the world changed
differs from its champion where it changed, and in the test split there is little of that; recent inputs have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from dragoman.records import Baseline
from dragoman.release.language_comparison import LanguageComparison
from dragoman.release.paired import binomial_tail

__all__ = ["FEWEST", "counted_baselines", "larger_baselines"]

FEWEST = 30  # recent inputs of a language: with fewer, chance alone would make a limit wide
BY_CHANCE = 0.05


def counted_baselines(
    rows: Sequence[LanguageComparison], *, source: Literal["evaluation", "traffic"] = "evaluation"
) -> dict[str, Baseline]:
    """Of each language, sorted."""
    found = sorted(rows, key=lambda row: row.language)
    return {row.language: Baseline(texts=row.n, disagreements=row.different, source=source) for row in found}


def larger_baselines(evaluated: Mapping[str, Baseline], recent: Mapping[str, Baseline]) -> dict[str, Baseline]:
    """Of each language the evaluation or, where versions differ more on recent inputs than chance explains, those.

    Few recent inputs say nothing; where there was no evaluation, enough of them stand for it.
    """
    known = {name: one for name, one in recent.items() if one.texts >= FEWEST}
    names = sorted({*evaluated, *known})
    return {name: _larger(evaluated.get(name), known.get(name)) for name in names}


def _larger(evaluated: Baseline | None, recent: Baseline | None) -> Baseline:
    if evaluated is None or recent is None or not evaluated.texts:
        return recent or evaluated or Baseline(texts=0, disagreements=0)
    return recent if _chance(recent, evaluated) <= BY_CHANCE else evaluated


def _chance(recent: Baseline, evaluated: Baseline) -> float:
    """The probability of so many disagreements on recent inputs if they were as rare as in the evaluation (Laplace)."""
    rare = (evaluated.disagreements + 1) / (evaluated.texts + 2)
    return binomial_tail(recent.texts - recent.disagreements, recent.texts, 1 - rare)
