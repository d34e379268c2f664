"""Online features for models that answer. Implements `serving.lookup.FeatureLookup`."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.features.online import Asked, OnlineFeatures
from dragoman.features.online import Found as Row
from dragoman.records import AppliedView
from dragoman.serving.lookup import Found, Wanted
from dragoman.store.online import OnlineStore

__all__ = ["OnlineLookup"]


class OnlineLookup:
    """Finds rows of the definitions that a model was trained with, whatever is applied since."""

    waits = True  # for a disk or a network

    def __init__(self, store: OnlineStore, views: Sequence[AppliedView]) -> None:
        self._features = OnlineFeatures(store, views)

    def find(self, asked: Sequence[Wanted], now: int) -> list[Found]:
        """As the contract says. Raises `InvalidRequest` for a key that does not fit, and `Unavailable`."""
        rows = self._features.get([Asked(one.views, one.key) for one in asked], now=now)
        return [Found(row.values, any(row.known.values()), _oldest(row)) for row in rows]


def _oldest(row: Row) -> float | None:
    """Of all views; None where one of them knows nothing."""
    ages = [age for age in row.ages.values() if age is not None]
    return max(ages) if len(ages) == len(row.ages) and ages else None
