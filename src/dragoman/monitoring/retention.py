"""What happens to counts when they are old: those of several replicas become one row, and then they are forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import groupby

from dragoman.errors import Conflict, InvalidInput, Untrusted
from dragoman.monitoring.service import ServiceCounts
from dragoman.monitoring.times import stamp
from dragoman.profiles import Profile
from dragoman.records import Counts, CountsKind
from dragoman.spec import ModelSpec
from dragoman.store.base import Catalog

__all__ = ["KEPT_DAYS", "MERGED_HOURS", "Retention"]

DAY = 86_400.0
MERGED_HOURS = 48.0  # by then every replica has stored what it counted, or never will
KEPT_DAYS = 100.0  # longer than any period of an objective
EVERY_SECONDS = 3_600.0
TOGETHER = "all"  # the replica of merged rows


class Retention:
    """Keeps the counts of a workspace small, one row per version and bucket, and its alerts.

    Profiles stay as long as any model compares its traffic with its own first days. Not safe to share between threads.
    """

    def __init__(self, catalog: Catalog, specs: Iterable[ModelSpec]) -> None:
        self.catalog, self.specs = catalog, tuple(specs)
        self._done = 0.0

    def tidy(self, now: float) -> None:
        """Merge what is two days old and forget what is older than 100 days, if an hour has passed since the last time.

        Alerts that are over, and what was told of them, are forgotten when counts are. `now` is in seconds since 1970.
        Raises what the catalog raises.
        """
        if now - self._done < EVERY_SECONDS:
            return
        self._done = now
        for spec in self.specs:
            self._merge("service", spec.name, now, merged_service)
            self._merge("profile", spec.name, now, merged_profiles)
        self.catalog.forget_counts("service", before=stamp(now - KEPT_DAYS * DAY))
        self.catalog.forget_alerts(before=stamp(now - KEPT_DAYS * DAY))
        if all(spec.drift.reference == "bundle" for spec in self.specs):
            self.catalog.forget_counts("profile", before=stamp(now - KEPT_DAYS * DAY))

    def _merge(self, kind: CountsKind, model: str, now: float, merged: Callable[[list[bytes]], bytes]) -> None:
        until = stamp(now - MERGED_HOURS * 3_600)
        rows = self.catalog.counts(kind, model, since=stamp(now - MERGED_HOURS * 3_600 - DAY), until=until)
        for (start, version), group in groupby(sorted(rows, key=_bucket), key=_bucket):
            replicas = list(group)
            if len(replicas) > 1:
                try:
                    content = merged([row.content for row in replicas])
                except (InvalidInput, Untrusted):  # of several references, or unreadable: they stay apart
                    continue
                row = Counts(kind=kind, model=model, version=version, start=start, replica=TOGETHER, content=content)
                with suppress(Conflict):  # a replica has stored more meanwhile: next time
                    self.catalog.save_counts([row], instead_of=[one for one in replicas if one.replica != TOGETHER])


def merged_service(contents: list[bytes]) -> bytes:
    together = ServiceCounts()
    for content in contents:
        together.merge(ServiceCounts.decode(content))
    return together.encode()


def merged_profiles(contents: list[bytes]) -> bytes:
    """Raises `InvalidInput` for profiles of several references."""
    together, *others = map(Profile.decode, contents)
    for other in others:
        together.merge(other)
    return together.encode()


def _bucket(row: Counts) -> tuple[str, str]:
    return row.start, row.version
