"""Profiles of what models are asked and answer, made beside the requests: a random sample, on a thread of its own."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.clock import seconds
from dragoman.monitoring.sampler import Sampler
from dragoman.monitoring.times import bucket_of
from dragoman.profiles import (
    DIRECTIONS,
    Measured,
    Profile,
    Reference,
    TokenFacts,
    columns_of,
    columns_of_rows,
    measure,
    measure_answer,
)
from dragoman.records import ForecastPrediction, ForecastValue, LabelPrediction, Prediction, ValuePrediction
from dragoman.serving.model import Model
from dragoman.serving.observer import Answered, TextSeen
from dragoman.spec import DriftSpec
from dragoman.text.language import Detector

__all__ = ["ChangedProfile", "Profiler"]

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
CLOSE_SECONDS = 5.0

Place = tuple[str, str]  # model and version


class ChangedProfile(NamedTuple):
    """A bucket of a version that is not stored as it is now."""

    model: str
    version: str
    start: str
    content: bytes
    revision: int


class Watched(NamedTuple):
    """A version whose texts are profiled; one that reads no texts has no facts of tokens."""

    reference: Reference
    facts: TokenFacts | None
    detector: Detector
    labels: int
    drift: DriftSpec
    sample: Sampler[TextSeen]


class Bucket:
    """The profile of one version in one bucket of time."""

    __slots__ = ("profile", "revision", "stored")

    def __init__(self, reference: Reference) -> None:
        self.profile, self.revision, self.stored = Profile(reference), 0, 0


class Profiler:
    """Counts the texts of the versions that it watches. `answered` takes microseconds; the rest runs aside.

    Of more than `drift.texts_per_second` a random sample is profiled: its distribution is that of all. Safe to share
    between threads; `close` it.
    """

    def __init__(self, clock: Callable[[], float] = seconds) -> None:
        self.clock = clock
        self._watched: dict[Place, Watched] = {}
        self._buckets: dict[tuple[str, str, str], Bucket] = {}
        self._lock = threading.Lock()  # guards the buckets
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dragoman-profiler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Count what has come, and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)
        self.count()

    def watch(self, model: Model, drift: DriftSpec) -> None:
        """Profile the texts of a version from now on, if its bundle has a reference and its spec wants it."""
        if model.reference is None or not drift.enabled:
            self.forget(model.name, model.version)
            return
        tokenizer = model.backbone.tokenizer
        self._watched[model.name, model.version] = Watched(
            model.reference,
            None if tokenizer is None else TokenFacts.of(tokenizer),
            model.detector,
            len(model.task.labels),
            drift,
            Sampler(math.ceil(drift.texts_per_second * TICK_SECONDS)),
        )

    def forget(self, model: str, version: str) -> None:
        """The version is gone; what was counted of it stays until it is stored."""
        self._watched.pop((model, version), None)

    def answered(self, request: Answered) -> None:
        watched = self._watched.get((request.model, request.version))
        if watched is not None:
            for text in request.texts:
                watched.sample.offer(text)

    def count(self) -> None:
        """Measure what was sampled since the last call, and count it in the bucket of now."""
        for (model, version), watched in list(self._watched.items()):
            if texts := watched.sample.take():
                start = bucket_of(self.clock(), minutes=watched.drift.every_minutes)
                self._count((model, version, start), watched, texts)

    def changed(self) -> list[ChangedProfile]:
        """The buckets that are not stored as they are now."""
        with self._lock:
            return [
                ChangedProfile(*place, bucket.profile.encode(), bucket.revision)
                for place, bucket in self._buckets.items()
                if bucket.revision != bucket.stored
            ]

    def mark_stored(self, rows: Sequence[ChangedProfile]) -> None:
        """These are stored; a bucket that is over is forgotten."""
        with self._lock:
            for row in rows:
                if bucket := self._buckets.get((row.model, row.version, row.start)):
                    bucket.stored = row.revision
            for place in list(self._over()):
                del self._buckets[place]

    def _run(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            try:
                self.count()
            except Exception:
                logger.exception("Texts could not be profiled.")

    def _count(self, place: tuple[str, str, str], watched: Watched, texts: Sequence[TextSeen]) -> None:
        measured = [measured_of(text, watched) for text in texts]
        languages = [text.language for text in texts]
        signals = columns_of(measured, projections_of(texts) if watched.reference.probe else None)
        read = columns_of_rows([features_of(text) for text in texts], watched.reference.columns)
        with self._lock:
            bucket = self._buckets.setdefault(place, Bucket(watched.reference))
            bucket.profile.add_columns(languages, {**signals, **read})
            bucket.revision += 1

    def _over(self) -> Iterator[tuple[str, str, str]]:
        """Stored buckets that nothing will be added to."""
        newest: dict[Place, str] = {}
        for model, version, start in self._buckets:
            newest[model, version] = max(start, newest.get((model, version), ""))
        for (model, version, start), bucket in self._buckets.items():
            if start < newest[model, version] and bucket.revision == bucket.stored:
                yield model, version, start


def measured_of(text: TextSeen, watched: Watched) -> Measured:
    """The signals of an answered text; of a row of a table, what its answer says."""
    said = answer_of(text.prediction, watched.labels)
    if watched.facts is None:
        return said
    assert text.prepared is not None  # models with a reference tell it
    return measure(
        text.prepared.text,
        [id for piece in text.prepared.pieces for id in piece.ids],
        watched.facts,
        truncated=text.truncated,
        confidence=watched.detector.probability_of(text.language, text.prepared.text),
    )._replace(label=said.label, score=said.score, entropy=said.entropy)


def answer_of(prediction: Prediction | None, labels: int) -> Measured:
    """What an answer says. Scores are those of an answer that has all `labels`, as shares; of a forecast, its first."""
    if isinstance(prediction, LabelPrediction):
        best = prediction.labels[0].label if prediction.labels else None
        scores = [one.score for one in prediction.labels]
        is_share = bool(scores) and min(scores) >= 0.0 and max(scores) <= 1.0  # raw scores may be anything
        return measure_answer(label=best, scores=scores if is_share else None, labels=labels)
    first = prediction.forecast[0] if isinstance(prediction, ForecastPrediction) else prediction
    if isinstance(first, ValuePrediction | ForecastValue):
        return measure_answer(value=first.value, width=first.high - first.low)
    return measure_answer()


def projections_of(texts: Sequence[TextSeen]) -> NDArray[np.float32]:
    """`[texts, 16]`; of a text without a vector, numbers that count nowhere."""
    missing = np.full(DIRECTIONS, np.nan, dtype=np.float32)
    return np.stack([missing if text.projections is None else text.projections for text in texts])


def features_of(text: TextSeen) -> Mapping[str, Any]:
    """Column → value as the model read it; empty for one that reads none."""
    return (text.prepared.features if text.prepared is not None else None) or {}
