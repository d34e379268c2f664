"""Everything that is looked at before it is decided whether a model is trained again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dragoman.feedback.learning.collected import Collected
from dragoman.monitoring.resources.cost import Prices
from dragoman.records import By, Interval, LiveQuality, RetrainDecision, Spent

__all__ = ["Drifted", "Situation"]


class Drifted(NamedTuple):
    """A drift alert of the champion that fires."""

    language: str  # empty: the mix of languages
    since: float  # seconds since 1970: when the change seems to have begun
    summary: str


class Situation(NamedTuple):
    """A model as it is now. Times are in seconds since 1970, those of `past` as records have them."""

    model: str
    champion: int
    trained: float  # when the champion's training was over
    collected: Collected | None = None  # None: nobody has looked at its labels
    tried: int = 0  # of its new labels: a training had them, and what came of it did not become the champion
    quality: LiveQuality | None = None  # of the champion
    held: Mapping[str, Interval] = {}  # language, or "all" → accuracy on the test split at registration
    calibration_error: float = 0.0  # on the same rows
    drifted: Sequence[Drifted] = ()
    release: str = ""  # id of the active one
    job: str = ""  # id of a retrain job that waits or runs
    begun: Sequence[float] = ()  # when earlier retrain jobs began
    past: Sequence[tuple[str, Spent]] = ()  # trainings: when each began, and what it took
    estimate: Spent | None = None  # what the next one would take; None: nobody knows
    prices: Prices = Prices()
    decisions: Sequence[RetrainDecision] = ()  # earlier ones, the newest first
    asked: By | None = None  # somebody asks for a training
    notes: Sequence[str] = ()  # what could not be looked at, and why

    @property
    def fresh(self) -> int:
        """New labels that no training has had yet."""
        return max(self.collected.total - self.tried, 0) if self.collected else 0
