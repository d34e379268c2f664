"""What was counted lately, as the catalog has it: summed over replicas, and read once when a bucket is over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Generic, Protocol, Self, TypeVar

from dragoman.errors import InvalidInput, Untrusted
from dragoman.monitoring.times import bucket_of, seconds_of
from dragoman.records import CountsKind
from dragoman.store.base import Catalog

__all__ = ["History", "read_by_version", "read_sums"]

logger = logging.getLogger(__name__)

GRACE_SECONDS = 60.0  # after the end of a bucket, replicas may still store what they counted in it


class Mergeable(Protocol):
    """Counts that add up."""

    def merge(self, other: Self) -> None: ...


C = TypeVar("C", bound=Mergeable)


def read_by_version(
    catalog: Catalog, kind: CountsKind, model: str, *, version: str = "", since: str, decode: Callable[[bytes], C]
) -> dict[str, dict[str, C]]:
    """Counts by version, and by the start of their buckets from `since` on, summed over replicas.

    Rows that `decode` refuses count nowhere: with `InvalidInput` those of another reference, with `Untrusted` those
    that nobody can read any more.
    """
    versions: dict[str, dict[str, C]] = {}
    for row in catalog.counts(kind, model, version=version, since=since):
        try:
            _add(versions.setdefault(row.version, {}), row.start, decode(row.content))
        except InvalidInput:
            continue
        except Untrusted as error:
            logger.warning("The counts of '%s' from %s are left out: %s", model, row.start, error)
    return versions


def read_sums(
    catalog: Catalog, kind: CountsKind, model: str, *, version: str = "", since: str, decode: Callable[[bytes], C]
) -> dict[str, C]:
    """What `read_by_version` reads, summed over versions."""
    summed: dict[str, C] = {}
    for buckets in read_by_version(catalog, kind, model, version=version, since=since, decode=decode).values():
        for start, counts in buckets.items():
            _add(summed, start, counts)
    return summed


def _add(summed: dict[str, C], start: str, counts: C) -> None:
    if start in summed:
        summed[start].merge(counts)
    else:
        summed[start] = counts


class History(Generic[C]):
    """Counts of one version, or of all versions of a model, by the start of their buckets of `minutes`.

    Rows are read as `read_sums` reads them. Not safe to share between threads.
    """

    def __init__(
        self,
        catalog: Catalog,
        kind: CountsKind,
        model: str,
        *,
        version: str = "",
        minutes: int,
        decode: Callable[[bytes], C],
    ) -> None:
        self._read = partial(read_sums, catalog, kind, model, version=version, decode=decode)
        self.minutes = minutes
        self._over: dict[str, C] = {}  # buckets that nothing is added to any more
        self._since = self._until = ""  # those are all that start from `_since` on and before `_until`

    def read(self, *, since: str, until: str, now: float) -> dict[str, C]:
        """The buckets that start from `since` on and before `until`, by their start, in order. Do not change them."""
        if not self._since or since < self._since:
            self._over, self._since, self._until = {}, since, since
        read = self._read(since=self._until)
        closed = bucket_of(now - GRACE_SECONDS, minutes=self.minutes)  # what starts before then is over
        self._over |= {start: counts for start, counts in read.items() if start < closed}
        self._until = max(self._until, closed)
        self._forget(since)
        both = self._over | read
        return {start: both[start] for start in sorted(both) if since <= start < until}

    def _forget(self, since: str) -> None:
        """Nobody asks for what is older than this any more, as a rule; who does, reads it again."""
        if seconds_of(since) - seconds_of(self._since) > 60.0 * self.minutes:
            self._over = {start: counts for start, counts in self._over.items() if start >= since}
            self._since = since
