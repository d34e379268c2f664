"""What was answered lately, so that a label that comes soon can be counted as right or wrong."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

__all__ = ["RecentAnswer", "RecentAnswers"]

REMEMBERED = 65_536


class RecentAnswer(NamedTuple):
    """What was answered to one text or row: a label, or the ends of a number's interval."""

    model: str
    version: str
    language: str
    label: str = ""
    interval: tuple[float, float] | None = None

    def is_right(self, truth: str) -> bool:
        """Whether it is the truth; of a number, which comes as text, whether the interval holds it."""
        if self.interval is None:
            return self.label == truth
        low, high = self.interval
        return low <= float(truth) <= high


class RecentAnswers:
    """The last answers by the prediction's id. Safe to share between threads."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self.size = size
        self._answers: OrderedDict[str, RecentAnswer] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, id: str, answer: RecentAnswer) -> None:
        with self._lock:
            self._answers[id] = answer
            if len(self._answers) > self.size:
                self._answers.popitem(last=False)

    def take(self, id: str) -> RecentAnswer | None:
        """The answer, once: a prediction that is labelled again counts by its first label."""
        with self._lock:
            return self._answers.pop(id, None)
