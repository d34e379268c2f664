"""Two loaded versions on the same evaluation data: what a release knows before any traffic."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from dragoman.errors import InvalidData, InvalidRequest, WrongTask
from dragoman.records import Prediction, Record
from dragoman.release.cases import Case
from dragoman.release.columns import read_by
from dragoman.release.language_comparison import ALL, Counted, LanguageComparison, compare_pairs
from dragoman.release.outcome import numbers_of
from dragoman.release.paired import Pairs
from dragoman.release.speed import Speeds, compare_speeds
from dragoman.release.told import Told, compare_told
from dragoman.serving.model import Model

__all__ = ["Comparison", "compare_answers", "compare_versions"]

LABEL_TASKS = ("text-classification", "tabular-classification")
NUMBER_TASKS = ("tabular-regression", "forecasting")

Answer = tuple[Case, Prediction | None, Prediction | None]  # None: the version refused the input


class Comparison(Record, frozen=True, kw_only=True):
    """A challenger beside its champion."""

    champion: str  # number of the version
    challenger: str
    total: LanguageComparison
    languages: list[LanguageComparison]  # the largest drop first
    speeds: Speeds
    champion_bytes: int = 0  # size of the bundle; 0: not known
    challenger_bytes: int = 0


def compare_versions(
    champion: Model,
    challenger: Model,
    cases: Sequence[Case],
    *,
    champion_bytes: int = 0,
    challenger_bytes: int = 0,
) -> Comparison:
    """Let both versions answer the inputs of `cases`, and measure their speed in turns.

    An input that a version refuses counts as wrong; for a model of numbers, as the naive answer. Observers of the
    models are told of every answer, and their result caches are emptied. Raises `WrongTask` for models that answer
    neither labels nor numbers, or not the same, and `InvalidData` without cases.
    """
    _check_tasks(champion, challenger)
    if not cases:
        raise InvalidData("There are no texts to compare versions on.", help="Give the data a test split.")
    answers = list(zip(cases, _answers(champion, cases), _answers(challenger, cases), strict=True))
    total, languages = _compare(answers, champion)
    return Comparison(
        champion=champion.version,
        challenger=challenger.version,
        total=total,
        languages=languages,
        speeds=_speeds(champion, challenger, [case.input for case, *both in answers if None not in both]),
        champion_bytes=champion_bytes,
        challenger_bytes=challenger_bytes,
    )


def compare_answers(
    champion: Model, challenger: Model, cases: Sequence[Case]
) -> tuple[LanguageComparison, list[LanguageComparison]]:
    """The same over all languages, and in each, without a look at the speed of the versions. Raises as above."""
    _check_tasks(champion, challenger)
    if not cases:
        raise InvalidData("There are no texts to compare versions on.", help="Give the data a test split.")
    return _compare(list(zip(cases, _answers(champion, cases), _answers(challenger, cases), strict=True)), champion)


def _compare(answers: Sequence[Answer], champion: Model) -> tuple[LanguageComparison, list[LanguageComparison]]:
    """Over all languages, and in each, the largest drop first."""
    total, languages = _labels(answers, champion) if champion.task.name in LABEL_TASKS else _numbers(answers)
    return total, sorted(languages, key=lambda row: (-row.drop.value, row.language))


def _check_tasks(champion: Model, challenger: Model) -> None:
    for model in (champion, challenger):
        known = (*LABEL_TASKS, *NUMBER_TASKS)
        if model.task.name not in known or model.task.name != champion.task.name:
            raise WrongTask(
                f"'{model.name}' does {model.task.name}.",
                help=f"Compare two versions that do the same, one of {', '.join(known)}.",
            )


def _answers(model: Model, cases: Sequence[Case]) -> list[Prediction | None]:
    """The answer to each input; None where the model refuses it. The versions may read different columns."""
    inputs = [read_by(model, case.input) for case in cases]
    try:
        return list(model.predict(inputs))
    except InvalidRequest:  # one input of the request is too long for this model: which, only single requests tell
        return [_answer(model, one) for one in inputs]


def _answer(model: Model, one: Any) -> Prediction | None:
    try:
        found: list[Prediction] = model.predict([one])
    except InvalidRequest:
        return None
    return found[0]


def _names(answers: Sequence[Answer]) -> list[str]:
    return sorted({case.language for case, *_ in answers})


# Labels -------------------------------------------------------------------------------------------------------------


def _labels(answers: Sequence[Answer], model: Model) -> tuple[LanguageComparison, list[LanguageComparison]]:
    """Of all languages, and of each."""
    counted: Counted = "texts" if model.task.name == "text-classification" else "rows"
    told = [(case, _label(one), _label(other)) for case, one, other in answers]
    rows = [_compared(name, [row for row in told if row[0].language == name], counted) for name in _names(answers)]
    return _compared(ALL, told, counted), rows


def _label(prediction: Prediction | None) -> str | None:
    return None if prediction is None else str(prediction.label)  # type: ignore[attr-defined]


def _compared(
    language: str, told: Sequence[tuple[Case, str | None, str | None]], counted: Counted
) -> LanguageComparison:
    right = [(case.truth == first, case.truth == second) for case, first, second in told]
    pairs = Pairs(*(right.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))))
    return compare_pairs(language, pairs, different=sum(first != second for _, first, second in told), counted=counted)


# Numbers ------------------------------------------------------------------------------------------------------------


def _numbers(answers: Sequence[Answer]) -> tuple[LanguageComparison, list[LanguageComparison]]:
    return compare_told(
        [Told(case, *(() if one is None else numbers_of(one) for one in both)) for case, *both in answers]
    )


# Speed --------------------------------------------------------------------------------------------------------------


def _speeds(champion: Model, challenger: Model, inputs: list[Any]) -> Speeds:
    """On a GPU the processor's time says nothing: there the time that passes stands for the compute."""
    if not inputs:
        raise InvalidData("There is no text that both versions answer.", help="Look at what each of them refuses.")
    on_gpu = any(model.serving.device == "cuda" for model in (champion, challenger))
    return compare_speeds(champion, challenger, inputs, compute=time.perf_counter if on_gpu else time.process_time)
