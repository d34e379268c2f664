"""Events of objectives as Prometheus counters: what recording and alert rules are made of."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge

from dragoman.monitoring.service import ALL, OTHER, UNKNOWN, ObjectiveName
from dragoman.monitoring.slo.objectives import objectives_of
from dragoman.spec import ModelSpec

__all__ = ["UNKNOWN_LABEL", "SliMetrics"]

UNKNOWN_LABEL = "unknown"  # an empty label is none to Prometheus
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client when it is imported

Place = tuple[str, ObjectiveName, str]


class Pair(NamedTuple):
    """Counters of one objective's events in one language."""

    total: Counter
    bad: Counter


class SliMetrics:
    """An `EventSink` of the `ServiceCounter`. Safe to share between threads.

    Labels are bounded: watched models, the indicators that have an objective, the model's languages, "other" and
    "unknown". Every series begins at 0, so that Prometheus sees the first event. The sum over languages is the
    whole. `dragoman_sli_objective` has the language "overall" for the objective over all.

    Processes that share their counts by `PROMETHEUS_MULTIPROC_DIR` add up.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("model", "slo", "language")
        self._families = Pair(
            Counter("dragoman_sli_events", "Events that an objective is about.", labels, registry=registry),
            Counter("dragoman_sli_bad_events", "Those that used up error budget.", labels, registry=registry),
        )
        self._goals = Gauge(
            "dragoman_sli_objective",
            "Share of events that must be good.",
            labels,
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self._pairs: dict[Place, Pair] = {}
        self._shown: dict[str, set[Place]] = {}  # goals by model
        self._lock = threading.Lock()

    def watch(self, spec: ModelSpec) -> None:
        """Show the objectives of a spec, in place of those that its model had."""
        objectives = objectives_of(spec)
        places = set(_places(spec))
        with self._lock:
            self._remove(spec.name, keep=places)
            for place in places - self._pairs.keys():
                self._pairs[place] = Pair(*(family.labels(*_labels(place)) for family in self._families))
            for one in objectives:
                self._goals.labels(spec.name, one.name, one.language or ALL).set(one.goal)
            self._shown[spec.name] = {(spec.name, one.name, one.language or ALL) for one in objectives}

    def forget(self, model: str) -> None:
        """The model is gone, and its series with it. Counts that processes share stay: they cannot be taken back."""
        with self._lock:
            self._remove(model, keep=set())

    def count(self, model: str, objective: ObjectiveName, language: str, *, total: int, bad: int) -> None:
        """Count events; of models and indicators without an objective none."""
        if (pair := self._pairs.get((model, objective, language))) is None:
            return
        pair.total.inc(total)
        if bad:
            pair.bad.inc(bad)

    def _remove(self, model: str, *, keep: set[Place]) -> None:
        for place in [place for place in self._pairs if place[0] == model and place not in keep]:
            del self._pairs[place]
            if MULTIPROCESS not in os.environ:
                for family in self._families:
                    family.remove(*_labels(place))
        for place in self._shown.pop(model, set()):
            self._goals.remove(*place)


def _places(spec: ModelSpec) -> Iterator[Place]:
    names = {objective.name for objective in objectives_of(spec)}
    return ((spec.name, name, language) for name in names for language in (*spec.counted_languages, OTHER, UNKNOWN))


def _labels(place: Place) -> tuple[str, str, str]:
    model, objective, language = place
    return model, objective, language or UNKNOWN_LABEL
