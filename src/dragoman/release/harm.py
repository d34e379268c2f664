"""From two outcomes of the same input to the harm that the challenger did, metric by metric."""

from __future__ import annotations

from collections.abc import Iterator

from dragoman.release.outcome import Outcome

__all__ = ["harms_of", "quality_harm"]


def harms_of(champion: Outcome, challenger: Outcome) -> Iterator[tuple[str, float]]:
    """Metric and harm in [-1, 1]; above 0 the challenger was worse.

    Where an arm failed there is nothing more to compare.
    """
    yield "errors", float(challenger.failed) - float(champion.failed)
    if champion.failed or challenger.failed:
        return
    if champion.label is not None:
        yield "agreement", float(champion.label != challenger.label)
    if champion.score is not None and challenger.score is not None:
        yield "confidence", champion.score - challenger.score
        yield "abstention", float(challenger.abstained) - float(champion.abstained)


def quality_harm(champion: Outcome, challenger: Outcome, truth: str) -> float:
    """The harm in [-1, 1] when the truth is known: 1 where only the champion was right."""
    return float(champion.label == truth) - float(challenger.label == truth)
