"""Prometheus metrics of serving, with bounded labels."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from dragoman import errors
from dragoman.profiles import UNKNOWN_LANGUAGE
from dragoman.serving.observer import Answered, BatchRan, Failed

__all__ = ["CONTENT_TYPE", "MAX_SERIES", "Metrics", "forget_process"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MAX_SERIES = 1_000  # of model, version, task and language
MAX_ENGINES = 100
OTHER = "other"
MIXED = "mixed"
ERROR_TYPES = frozenset(errors.__all__)
RESTART_REASONS = frozenset({"died", "wedged"})
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client when it is imported

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SHARES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

Place = tuple[str, str, str, str]  # model, version, task, language


class Series(NamedTuple):
    """What is counted of one model in one language."""

    requests: Counter
    seconds: Histogram
    queue_seconds: Histogram
    texts: Counter
    tokens: Counter
    truncated: Counter
    compute: Counter


class EngineSeries(NamedTuple):
    """What is counted of one backbone."""

    batch_texts: Histogram
    batch_tokens: Counter
    batch_fill: Histogram
    batch_seconds: Histogram
    hits: Counter
    misses: Counter
    coalesced: Counter
    queue_tokens: Gauge
    cache_bytes: Gauge


class Metrics:
    """An `Observer` that counts, and shows its counts in Prometheus' text format. Safe to share between threads.

    Labels are bounded. A model is told apart once `watch` has named it; a language if it is one of the model's; past
    `max_series` combinations what is new counts as "other". Error types are those of `errors`. A request whose texts
    are of several languages has the language "mixed"; its texts count each under their own.

    Each object has its own registry. With `PROMETHEUS_MULTIPROC_DIR` in the environment of processes that share that
    folder, each of them shows the counts of all.
    """

    def __init__(self, *, max_series: int = MAX_SERIES) -> None:
        self.max_series = max_series
        self.registry = CollectorRegistry()
        self._collectors: list[Collector] = []
        self._languages: dict[tuple[str, str], frozenset[str]] = {}
        self._series: dict[Place, Series] = {}
        self._failed: set[Place] = set()  # with the type of the error in the language's place
        self._engines: dict[str, EngineSeries] = {}
        self._lock = threading.Lock()  # guards the making of series; counting has locks of its own
        self._families = _families(self.registry)
        self._engine_families = _engine_families(self.registry)
        labels = ("model", "version", "task", "type")
        self._errors = Counter("dragoman_errors", "Requests answered with an error.", labels, registry=self.registry)
        self._restarts = Counter(
            "dragoman_worker_restarts", "Workers replaced.", ("engine", "reason"), registry=self.registry
        )

    def watch(self, model: str, version: str, languages: Collection[str]) -> None:
        """Tell this version, and these languages of it, apart from now on."""
        self._languages[model, version] = frozenset(languages or [UNKNOWN_LANGUAGE])

    def forget(self, model: str, version: str) -> None:
        """The version is gone, and its series with it. Counts that processes share stay: they cannot be taken back."""
        with self._lock:
            self._languages.pop((model, version), None)
            for place in [place for place in self._series if place[:2] == (model, version)]:
                del self._series[place]
                self._remove(self._families, place)
            for place in [place for place in list(self._failed) if place[:2] == (model, version)]:
                self._failed.discard(place)
                self._remove((self._errors,), place)

    def add(self, collector: Collector) -> None:
        """Show also what a collector finds at every scrape; each process finds it by itself."""
        self.registry.register(collector)
        self._collectors.append(collector)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format: the answer to `GET /metrics`, of type `CONTENT_TYPE`."""
        if MULTIPROCESS not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        for collector in self._collectors:
            together.register(collector)
        return generate_latest(together)

    # Observer

    def answered(self, request: Answered) -> None:
        languages = {text.language for text in request.texts}
        language = next(iter(languages)) if len(languages) == 1 else MIXED
        series = self._series_of((request.model, request.version, request.task, language))
        series.requests.inc()
        series.seconds.observe(request.seconds)
        series.queue_seconds.observe(request.queue_seconds)
        for text in request.texts:
            own = self._series_of((request.model, request.version, request.task, text.language))
            own.texts.inc()
            own.tokens.inc(text.tokens)
            own.compute.inc(text.compute)
            if text.truncated:
                own.truncated.inc()

    def failed(self, request: Failed) -> None:
        kind = type(request.error).__name__
        is_known = (request.model, request.version) in self._languages
        names = (request.model, request.version, request.task) if is_known else (OTHER, OTHER, OTHER)
        place = (*names, kind if kind in ERROR_TYPES else OTHER)
        self._failed.add(place)
        self._errors.labels(*place).inc()

    def batch_ran(self, engine: str, batch: BatchRan) -> None:
        series = self._engine(engine)
        series.batch_texts.observe(batch.texts)
        series.batch_tokens.inc(batch.tokens)
        series.batch_fill.observe(batch.tokens / max(batch.budget, 1))
        series.batch_seconds.observe(batch.seconds)
        series.queue_tokens.set(batch.queue_tokens)

    def asked(self, engine: str, *, hits: int, misses: int, coalesced: int, queue_tokens: int) -> None:
        series = self._engine(engine)
        for counter, count in ((series.hits, hits), (series.misses, misses), (series.coalesced, coalesced)):
            if count:
                counter.inc(count)
        series.queue_tokens.set(queue_tokens)

    def cached(self, engine: str, size: int) -> None:
        self._engine(engine).cache_bytes.set(size)

    def restarted(self, engine: str, reason: str) -> None:
        self._restarts.labels(self._engine_name(engine), reason if reason in RESTART_REASONS else OTHER).inc()

    # Series

    def _remove(self, families: tuple[Any, ...], place: Place) -> None:
        if MULTIPROCESS not in os.environ:
            for family in families:
                family.remove(*place)

    def _series_of(self, place: Place) -> Series:
        return self._series.get(place) or self._new_series(place)

    def _new_series(self, place: Place) -> Series:
        with self._lock:
            place = self._bounded(place)
            if (found := self._series.get(place)) is None:
                found = self._series[place] = Series(*_children(self._families, place))
            return found

    def _bounded(self, place: Place) -> Place:
        model, version, task, language = place
        languages = self._languages.get((model, version))
        if languages is None:
            return (OTHER, OTHER, OTHER, OTHER)
        if language not in languages and language != MIXED:
            place = (model, version, task, OTHER)
        is_full = place not in self._series and len(self._series) >= self.max_series
        return (OTHER, OTHER, OTHER, OTHER) if is_full else place

    def _engine(self, name: str) -> EngineSeries:
        if (found := self._engines.get(name)) is not None:
            return found
        with self._lock:
            name = self._engine_name(name)
            if (found := self._engines.get(name)) is None:
                found = self._engines[name] = EngineSeries(*_children(self._engine_families, (name,)))
            return found

    def _engine_name(self, name: str) -> str:
        return name if name in self._engines or len(self._engines) < MAX_ENGINES else OTHER


def forget_process(process: int) -> None:
    """A process that shared its counts has ended: its gauges no longer count."""
    mark_process_dead(process)  # type: ignore[no-untyped-call]


def _children(families: tuple[Any, ...], labels: tuple[str, ...]) -> Iterator[Any]:
    return (family.labels(*labels) for family in families)


def _families(registry: CollectorRegistry) -> Series:
    labels = ("model", "version", "task", "language")
    return Series(
        requests=Counter("dragoman_requests", "Requests answered with predictions.", labels, registry=registry),
        seconds=Histogram(
            "dragoman_request_seconds", "From a request to its answer.", labels, registry=registry, buckets=SECONDS
        ),
        queue_seconds=Histogram(
            "dragoman_queue_seconds", "Time of a request in the queue.", labels, registry=registry, buckets=SECONDS
        ),
        texts=Counter("dragoman_texts", "Inputs answered.", labels, registry=registry),
        tokens=Counter("dragoman_tokens", "Tokens of inputs answered.", labels, registry=registry),
        truncated=Counter("dragoman_truncated_texts", "Inputs that were cut.", labels, registry=registry),
        compute=Counter(
            "dragoman_compute_seconds", "Time of sessions that was the inputs' share.", labels, registry=registry
        ),
    )


def _engine_families(registry: CollectorRegistry) -> EngineSeries:
    def counter(name: str, what: str) -> Counter:
        return Counter(f"dragoman_{name}", what, ("engine",), registry=registry)

    def gauge(name: str, what: str) -> Gauge:
        return Gauge(f"dragoman_{name}", what, ("engine",), registry=registry, multiprocess_mode="livesum")

    def histogram(name: str, what: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"dragoman_{name}", what, ("engine",), registry=registry, buckets=buckets)

    return EngineSeries(
        batch_texts=histogram("batch_texts", "Texts of a batch.", SIZES),
        batch_tokens=counter("batch_tokens", "Tokens of all batches."),
        batch_fill=histogram("batch_fill", "Tokens of a batch as a share of what it might have had.", SHARES),
        batch_seconds=histogram("batch_seconds", "Time of a batch in the session.", SECONDS),
        hits=counter("cache_hits", "Texts whose result was in the cache."),
        misses=counter("cache_misses", "Texts that had to be run."),
        coalesced=counter("coalesced_texts", "Texts that were on their way already."),
        queue_tokens=gauge("queue_tokens", "Tokens that wait."),
        cache_bytes=gauge("cache_bytes", "Size of the result cache."),
    )
