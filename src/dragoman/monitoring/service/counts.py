"""What one replica counted of a version in one hour."""

from __future__ import annotations

from collections import Counter

from dragoman.errors import Untrusted
from dragoman.monitoring.service.events import BAD, OBJECTIVES, TOTAL, Events, no_events
from dragoman.monitoring.service.histogram import BUCKETS, LatencyHistogram
from dragoman.monitoring.service.stored_counts import (
    StoredLanguage,
    decode_languages,
    encode_languages,
    pack,
    unpack,
)

__all__ = ["ALL", "NUMBERS", "OTHER", "TIMES", "UNKNOWN", "LanguageCounts", "ServiceCounts"]

ALL = "overall"  # the sum over languages, where it is shown; "all" is the code of a language
OTHER = "other"  # languages that the model does not have
UNKNOWN = ""  # requests whose language is unknown, or whose texts are of several

NUMBERS = (
    "requests",
    "texts",
    "tokens",
    "truncated",
    "abstained",
    "cached",
    "compute_us",
    "core_us",
    "held_mbs",
    "right",
    "wrong",
    "scored",
    "score_sum",
    "score_squares",
)
SCORE_UNIT = 1e-4  # scores are summed as integers, which add up exactly
TIMES = ("queue", "inference", "total")


class LanguageCounts:
    """What was counted in one language."""

    __slots__ = (*NUMBERS, *TIMES, "errors", "events")

    def __init__(self) -> None:
        self.requests = 0  # answered with predictions
        self.texts = 0  # of them
        self.tokens = 0  # of them, and of copies
        self.truncated = 0  # texts
        self.abstained = 0  # texts
        self.cached = 0  # texts whose result was in the cache
        self.compute_us = 0  # microseconds in sessions, copies included
        self.core_us = 0  # the same, of each of a session's cores
        self.held_mbs = 0  # megabytes times seconds of the version's weights, in `UNKNOWN`
        self.right = 0  # labelled predictions
        self.wrong = 0
        self.scored = 0  # texts whose best label has a score
        self.score_sum = 0  # of these, in units of `SCORE_UNIT`
        self.score_squares = 0  # in units of its square
        self.errors: Counter[str] = Counter()  # requests that failed, by the type of their error
        self.queue = LatencyHistogram()  # of answered online requests, and so below
        self.inference = LatencyHistogram()
        self.total = LatencyHistogram()
        self.events: Events = no_events()

    @property
    def faults(self) -> int:
        """Requests that failed by a fault of the server."""
        return int(self.events[OBJECTIVES.index("availability"), :, BAD].sum())

    def add_times(self, *, queue: float, inference: float, total: float) -> None:
        """Count the seconds of a request."""
        self.queue.add(queue)
        self.inference.add(inference)
        self.total.add(total)

    def add_score(self, score: float | None) -> None:
        """Count the best label's score, a share."""
        if score is not None:
            units = round(score / SCORE_UNIT)
            self.scored += 1
            self.score_sum += units
            self.score_squares += units * units

    @property
    def score(self) -> float | None:
        """Mean score of the best labels; None without any."""
        return self.score_sum * SCORE_UNIT / self.scored if self.scored else None

    def merge(self, other: LanguageCounts) -> None:
        """Add the counts of another."""
        for name in NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in TIMES:
            getattr(self, name).merge(getattr(other, name))
        self.errors.update(other.errors)
        self.events += other.events


class ServiceCounts:
    """Counts by language: the model's, `OTHER`, and `UNKNOWN` for requests that have none.

    Counts of replicas, versions and hours add up exactly, in any order. The events of objectives add up minute by
    minute, which says something only within one hour. Not safe for threads that count at the same time.
    """

    __slots__ = ("languages",)

    def __init__(self) -> None:
        self.languages: dict[str, LanguageCounts] = {}

    def language(self, name: str) -> LanguageCounts:
        """The counts of a language, made when they are first asked for."""
        found = self.languages.get(name)
        return self.languages.setdefault(name, LanguageCounts()) if found is None else found

    def add_truth(self, language: str, *, right: bool, minute: int) -> None:
        """Count a prediction whose truth came in a minute of the hour."""
        own = self.language(language)
        own.right, own.wrong = own.right + right, own.wrong + (not right)
        place = OBJECTIVES.index("quality")
        own.events[place, minute, TOTAL] += 1
        own.events[place, minute, BAD] += not right

    def merge(self, other: ServiceCounts) -> None:
        """Add the counts of another replica, version or hour."""
        for name, counts in other.languages.items():
            self.language(name).merge(counts)

    def total(self) -> LanguageCounts:
        """The sum over languages."""
        together = LanguageCounts()
        for counts in self.languages.values():
            together.merge(counts)
        return together

    def copy(self) -> ServiceCounts:
        """Counts of their own that are the same."""
        copy = ServiceCounts()
        copy.merge(self)
        return copy

    def encode(self) -> bytes:
        """The counts as they are stored: the same bytes for the same counts."""
        return encode_languages({name: _stored(counts) for name, counts in self.languages.items()})

    @classmethod
    def decode(cls, content: bytes) -> ServiceCounts:
        """What `encode` wrote. Raises `Untrusted` for anything else."""
        counts = cls()
        counts.languages = {name: _read(stored) for name, stored in decode_languages(content).items()}
        return counts


def _stored(counts: LanguageCounts) -> StoredLanguage:
    return StoredLanguage(
        numbers=[getattr(counts, name) for name in NUMBERS],
        errors=dict(counts.errors),
        times=[pack(getattr(counts, name).counts) for name in TIMES],
        events=pack(counts.events),
    )


def _read(stored: StoredLanguage) -> LanguageCounts:
    if len(stored.numbers) != len(NUMBERS) or len(stored.times) != len(TIMES):
        raise Untrusted(
            f"Stored counts of requests have {len(stored.numbers)} numbers and {len(stored.times)} histograms.",
            help=f"This version of Dragoman writes {len(NUMBERS)} and {len(TIMES)}.",
        )
    counts = LanguageCounts()
    for name, number in zip(NUMBERS, stored.numbers, strict=True):
        setattr(counts, name, number)
    for name, packed in zip(TIMES, stored.times, strict=True):
        setattr(counts, name, LatencyHistogram(unpack(packed, (BUCKETS,))))
    counts.errors = Counter(stored.errors)
    counts.events = unpack(stored.events, counts.events.shape)
    return counts
