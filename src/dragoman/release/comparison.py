"""Two loaded versions on the same evaluation texts: what a release knows before any traffic."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dragoman.errors import InvalidData, InvalidRequest, WrongTask
from dragoman.records import Example, Interval, Record
from dragoman.release.paired import Pairs, drop_interval
from dragoman.release.speed import Speeds, compare_speeds
from dragoman.serving.model import Model
from dragoman.training.evaluation import wilson_interval

__all__ = ["ALL", "LEVEL", "Comparison", "LanguageComparison", "compare_pairs", "compare_versions"]

ALL = "*"
LEVEL = 0.9  # of all intervals here: each end alone errs in 5% of cases
TASK = "text-classification"


class LanguageComparison(Record, frozen=True, kw_only=True):
    """What both versions made of the texts of one language, or of all."""

    language: str  # "*": all
    n: int
    champion: Interval  # accuracy
    challenger: Interval
    drop: Interval  # accuracy of the champion above the challenger's, paired
    lost: int  # texts that the champion has right and the challenger wrong
    gained: int  # the other way round
    different: int  # texts with different labels, right or wrong


class Comparison(Record, frozen=True, kw_only=True):
    """A challenger beside its champion."""

    champion: str  # number of the version
    challenger: str
    total: LanguageComparison
    languages: list[LanguageComparison]  # the largest drop first
    speeds: Speeds
    champion_bytes: int = 0  # size of the bundle; 0: not known
    challenger_bytes: int = 0

    @property
    def baselines(self) -> dict[str, tuple[int, int]]:
        """Language → evaluation texts, and those with different labels."""
        return {one.language: (one.n, one.different) for one in sorted(self.languages, key=lambda one: one.language)}


def compare_versions(
    champion: Model,
    challenger: Model,
    examples: Sequence[Example],
    *,
    champion_bytes: int = 0,
    challenger_bytes: int = 0,
) -> Comparison:
    """Let both versions answer the texts of `examples`, and measure their speed in turns.

    A text that a version refuses counts as wrong. Observers of the models are told of every answer, and their result
    caches are emptied. Raises `WrongTask` for a model that does not classify texts, and `InvalidData` without examples.
    """
    for model in (champion, challenger):
        if model.task.name != TASK:
            raise WrongTask(f"'{model.name}' does {model.task.name}.", help=f"Compare models that do {TASK}.")
    if not examples:
        raise InvalidData("There are no texts to compare versions on.", help="Give the data a test split.")
    ordered = sorted(examples, key=lambda one: (one.language, one.id))
    texts = [one.text for one in ordered]
    answers = list(zip(ordered, _labels(champion, texts), _labels(challenger, texts), strict=True))
    names = sorted({one.language for one in ordered})
    rows = [_compared(name, [row for row in answers if row[0].language == name]) for name in names]
    return Comparison(
        champion=champion.version,
        challenger=challenger.version,
        total=_compared(ALL, answers),
        languages=sorted(rows, key=lambda row: (-row.drop.value, row.language)),
        speeds=_speeds(champion, challenger, [one.text for one, *labels in answers if None not in labels]),
        champion_bytes=champion_bytes,
        challenger_bytes=challenger_bytes,
    )


def _labels(model: Model, texts: list[str]) -> list[str | None]:
    """The label of each text; None where the model refuses it."""
    try:
        return [one.label for one in model.predict(texts)]
    except InvalidRequest:  # one text of the request is too long for this model: which, only single requests tell
        return [_label(model, text) for text in texts]


def _label(model: Model, text: str) -> str | None:
    try:
        return str(model.predict([text])[0].label)
    except InvalidRequest:
        return None


def _compared(language: str, answers: Sequence[tuple[Example, str | None, str | None]]) -> LanguageComparison:
    right = [(one.label == first, one.label == second) for one, first, second in answers]
    pairs = Pairs(*(right.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))))
    return compare_pairs(language, pairs, different=sum(first != second for _, first, second in answers))


def compare_pairs(language: str, pairs: Pairs, *, different: int) -> LanguageComparison:
    """The accuracies of both versions, and their difference, with intervals."""
    return LanguageComparison(
        language=language,
        n=pairs.n,
        champion=wilson_interval(pairs.both + pairs.lost, pairs.n, level=LEVEL),
        challenger=wilson_interval(pairs.both + pairs.gained, pairs.n, level=LEVEL),
        drop=drop_interval(pairs, level=LEVEL),
        lost=pairs.lost,
        gained=pairs.gained,
        different=different,
    )


def _speeds(champion: Model, challenger: Model, texts: list[str]) -> Speeds:
    """On a GPU the processor's time says nothing: there the time that passes stands for the compute."""
    if not texts:
        raise InvalidData("There is no text that both versions answer.", help="Look at what each of them refuses.")
    on_gpu = any(model.serving.device == "cuda" for model in (champion, challenger))
    return compare_speeds(champion, challenger, texts, compute=time.perf_counter if on_gpu else time.process_time)
