"""What the answers to a task come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from dragoman.records import ReviewDecision

__all__ = ["Standing", "agreeing", "answers_of", "standing_of"]


class Standing(NamedTuple):
    """Whether more answers are wanted, and the label that they give; empty where they contradict each other."""

    is_done: bool
    label: str = ""


def answers_of(decisions: Sequence[ReviewDecision]) -> list[ReviewDecision]:
    """Those that hold, in order of time: neither taken back nor skipped."""
    return sorted((one for one in decisions if one.label and not one.undone), key=lambda one: (one.time, one.reviewer))


def standing_of(wanted: int, labels: Sequence[str], *, is_last: bool = False) -> Standing:
    """As many answers as wanted that agree give their label. Others are decided by the majority of one more.

    `is_last`: nobody else will answer, so what is there must do. No majority: done, without a label.
    """
    if len(labels) < wanted and not (is_last and labels):
        return Standing(is_done=False)
    label, most = Counter(labels).most_common(1)[0]
    if most == len(labels) or (len(labels) > wanted and 2 * most > len(labels)):
        return Standing(is_done=True, label=label)
    return Standing(is_done=is_last or len(labels) > wanted)


def agreeing(decisions: Sequence[ReviewDecision], label: str) -> str:
    """Who said so."""
    return ", ".join(one.reviewer for one in answers_of(decisions) if one.label == label)
