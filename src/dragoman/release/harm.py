"""From two outcomes of the same input to the harm that the challenger did, metric by metric."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dragoman.release.outcome import Number, Outcome

__all__ = ["differ", "harms_of", "quality_harm"]


def harms_of(champion: Outcome, challenger: Outcome) -> Iterator[tuple[str, float]]:
    """Metric and harm in [-1, 1]; above 0 the challenger was worse.

    Where an arm failed there is nothing more to compare.
    """
    yield "errors", float(challenger.failed) - float(champion.failed)
    if champion.failed or challenger.failed:
        return
    if champion.label is not None:
        yield "agreement", float(champion.label != challenger.label)
    if champion.numbers and challenger.numbers:
        yield "agreement", float(differ(champion.numbers, challenger.numbers))
    if champion.score is not None and challenger.score is not None:
        yield "confidence", champion.score - challenger.score
        yield "abstention", float(challenger.abstained) - float(champion.abstained)


def differ(champion: Sequence[Number], challenger: Sequence[Number]) -> bool:
    """Whether most of the challenger's values are outside of the champion's intervals."""
    outside = [not mine.holds(other.value) for mine, other in zip(champion, challenger, strict=False)]
    return 2 * sum(outside) > len(outside)


def quality_harm(champion: Outcome, challenger: Outcome, truth: str) -> float:
    """The harm in [-1, 1] when the truth is known: of labels, 1 where only the champion was right.

    Of numbers it is how much larger the challenger's absolute error is, in widths of the champion's interval; an error
    of more than a width counts as one. So its mean says how much the mean absolute error grew, and neither an outlier
    nor the unit of the target matters. `truth` is a number as text; of a forecast, that of its first step.
    """
    if champion.numbers and challenger.numbers:
        mine, other = champion.numbers[0], challenger.numbers[0]
        return _error(other, float(truth), mine.width) - _error(mine, float(truth), mine.width)
    return float(champion.label == truth) - float(challenger.label == truth)


def _error(said: Number, truth: float, width: float) -> float:
    """The absolute error in widths, at most 1; without a width, whether there is one."""
    error = abs(said.value - truth)
    return min(error / width, 1.0) if width > 0 else float(error > 0)
