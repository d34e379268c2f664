"""Situations of a model, as a governor may find it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dragoman.clock import written
from dragoman.feedback.learning.collected import Collected
from dragoman.feedback.proportions import effective_interval
from dragoman.loop.situation import Situation
from dragoman.monitoring.times import seconds_of
from dragoman.records import Interval, LabelCounts, LanguageQuality, LiveQuality
from dragoman.spec import DataSpec, ModelSpec, RetrainingSpec
from dragoman.training.evaluation import wilson_interval

__all__ = ["DAY", "HOUR", "NOW", "collected", "held", "quality", "row", "situation", "spec"]

NOW = seconds_of("2026-06-01T12:00:00Z")  # a Monday
HOUR, DAY = 3_600.0, 86_400.0


def spec(
    *, languages: Sequence[str] = ("hi", "pt", "de"), tables: Mapping[str, Any] | None = None, **retraining: Any
) -> ModelSpec:
    """A spec whose governor does nothing that is not asked for here."""
    quiet = {"new_labels": 0, "fewest_labels": 0, "cooldown_days": 0.0}
    return ModelSpec(
        name="support",
        owner="somebody",
        languages=list(languages),
        data=DataSpec(files=["data.jsonl"], labels=["refund", "invoice"]),
        retraining=RetrainingSpec(**{**quiet, **retraining}),
        **(tables or {}),
    )


def situation(**fields: Any) -> Situation:
    """Version 3, trained 100 days ago, with nothing to tell."""
    return Situation(**{"model": "support", "champion": 3, "trained": NOW - 100 * DAY, **fields})


def collected(new: Mapping[str, int], **fields: Any) -> Collected:
    return Collected(model="support", champion=3, new=dict(new), **fields)


def held(**accuracies: float) -> dict[str, Interval]:
    """Accuracies on 300 test texts of each language, and over all of them."""
    found = {name: wilson_interval(round(300 * one), 300) for name, one in accuracies.items()}
    whole = sum(one.value for one in found.values()) / len(found)
    return found | {"all": wilson_interval(round(300 * len(found) * whole), 300 * len(found))}


def row(
    language: str, *, right: int = 0, audited: int = 0, expected: float = 0.95, predictions: int = 10_000
) -> LanguageQuality:
    share = right / audited if audited else 0.0
    accuracy = effective_interval(share, audited, freedom=audited - 1, n=audited) if audited > 4 else None
    return LanguageQuality(
        language=language,
        predictions=predictions,
        mature=predictions,
        labelled=audited,
        audited=audited,
        accuracy=accuracy,
        sample=None,
        given=None,
        expected=wilson_interval(round(expected * predictions), predictions),
        evaluated=None,
    )


def quality(*rows: LanguageQuality, days: float = 30.0) -> LiveQuality:
    """Over a window that ends now; labels are mature after two days."""
    return LiveQuality(
        model="support",
        version="3",
        since=written(NOW - days * DAY),
        until=written(NOW),
        maturity_days=2.0,
        level=0.95,
        languages=list(rows),
        delays=[],
        labels=LabelCounts(labels=0, judged=0, repeated=0, contradictions=0, unknown=0, sources={}),
    )
