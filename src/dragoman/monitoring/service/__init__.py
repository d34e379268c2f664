"""What is counted of requests while models answer: traffic, errors, times, compute, and the events of objectives.

A `ServiceCounter` listens in each server; its `ServiceCounts`, one per version and hour, add up exactly over replicas,
versions and time.
"""

from __future__ import annotations

from dragoman.monitoring.service.counter import ChangedCounts, ServiceCounter, TextAnswered
from dragoman.monitoring.service.counts import ALL, OTHER, UNKNOWN, LanguageCounts, ServiceCounts
from dragoman.monitoring.service.events import OBJECTIVES, ObjectiveName
from dragoman.monitoring.service.histogram import LatencyHistogram

__all__ = [
    "ALL",
    "OBJECTIVES",
    "OTHER",
    "UNKNOWN",
    "ChangedCounts",
    "LanguageCounts",
    "LatencyHistogram",
    "ObjectiveName",
    "ServiceCounter",
    "ServiceCounts",
    "TextAnswered",
]
