"""Which silence keeps an alert from being told."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.monitoring.alerts.moments import moment_of
from dragoman.records import Alert, Silence

__all__ = ["fits", "silence_of"]

FILTERS = ("model", "version", "language", "kind", "severity")


def fits(silence: Silence, alert: Alert) -> bool:
    """Whether the silence is about alerts like this one, whenever it holds."""
    return all(getattr(silence, name) in ("", getattr(alert, name)) for name in FILTERS)


def silence_of(alert: Alert, silences: Sequence[Silence], now: str) -> str:
    """The id of the silence that keeps the alert from being told now: of several the one that ends last; or empty."""
    moment = moment_of(now)
    holding = [one for one in silences if moment_of(one.starts) <= moment < moment_of(one.ends) and fits(one, alert)]
    return max(holding, key=lambda one: (moment_of(one.ends), one.id)).id if holding else ""
