"""The online rows of a workspace's views: made, added to, read, and held against the offline values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from dragoman.app.feature_values import sample_keys, values_at
from dragoman.app.features import Features, view_of
from dragoman.clock import seconds
from dragoman.errors import DragomanError, InvalidInput
from dragoman.features.offline.sources import EventSources
from dragoman.features.online import (
    Asked,
    Found,
    OnlineFeatures,
    Progress,
    Pushed,
    forget,
    materialize,
    push,
    watermark,
)
from dragoman.features.skew import FeatureSkew, Triple, compare_feature
from dragoman.features.times import text_of
from dragoman.records import AppliedView, Key, Watermark

__all__ = ["FeatureRows", "Materialized", "Verified"]

MICROSECONDS = 1_000_000

Tell = Callable[[AppliedView, Progress], None]


class Materialized(NamedTuple):
    """The rows of one definition after they were brought up to date."""

    view: AppliedView
    in_force: bool
    before: Watermark | None
    after: Watermark

    @property
    def is_new(self) -> bool:
        """Whether there was anything to do."""
        return self.before is None or (self.before.available, self.before.dataset_number, self.before.rows) != (
            self.after.available,
            self.after.dataset_number,
            self.after.rows,
        )


class Verified(NamedTuple):
    """Online values beside those of the offline source, of some keys at one moment."""

    view: AppliedView
    at: str
    keys: int
    features: list[FeatureSkew]
    made_from: int  # version of the dataset that the online rows know
    newest: int  # version that the offline values are of

    @property
    def differs(self) -> bool:
        return any(one.differing for one in self.features)


class FeatureRows:
    """What can be done with online rows."""

    def __init__(self, features: Features, *, clock: Callable[[], float] = seconds) -> None:
        self.features, self.clock = features, clock
        self._is_tidy = False

    @property
    def now(self) -> int:
        """Microseconds since 1970, at this moment."""
        return int(self.clock() * MICROSECONDS)

    def materialize(
        self, names: Sequence[str] = (), *, full: bool = False, report: Tell = lambda view, progress: None
    ) -> Iterator[Materialized]:
        """Bring the rows of all kept definitions up to date, one after the other; afterwards remove those of others.

        Raises `NotFound` for an unknown view, `Conflict` while another process does the same, and what sources raise:
        at the end, so that a definition that does not fit its source any more keeps no other one from its rows.
        """
        in_force = {(view.name, view.digest) for view in self.features.place.catalog.views()}
        kept = self.features.alive(names)
        in_order = sorted(kept, key=lambda view: (view.name, view.digest) not in in_force)
        sources, failed = self.features.sources(), None
        for view in in_order:
            try:
                before, after = self._materialize(view, sources, partial(report, view), full=full)
            except DragomanError as error:
                failed = failed or error
                continue
            yield Materialized(view, (view.name, view.digest) in in_force, before, after)
        self._forget()
        if failed is not None:
            raise failed

    def _materialize(
        self, view: AppliedView, sources: EventSources, report: Callable[[Progress], None], *, full: bool
    ) -> tuple[Watermark | None, Watermark]:
        """The watermarks before and after."""
        before = watermark(view, self.features.store)
        after = materialize(view, sources, self.features.store, now=self.now, full=full, report=report)
        self.features.place.catalog.save_watermark(after)
        return before, after

    def _forget(self) -> None:
        """Remove the rows of definitions that nobody needs any more. The store is looked through only if some may be
        there.
        """
        kept, catalog = self.features.alive(), self.features.place.catalog
        known = {(view.name, view.digest) for view in kept}
        gone = [mark for mark in catalog.watermarks() if (mark.view, mark.digest) not in known]
        if gone or not self._is_tidy:
            forget(self.features.store, kept)
        for mark in gone:
            catalog.forget_watermark(mark.view, mark.digest)
        self._is_tidy = True

    def push(self, name: str, events: Sequence[Mapping[str, Any]]) -> Pushed:
        """Add events to the rows of every kept definition of a view at once; what came of the one in force.

        Raises `NotFound` for a view that is not applied, and `InvalidData` naming an event that fits it not.
        """
        wanted = self.features.applied(name)
        others = [view for view in self.features.alive([name]) if view.digest != wanted.digest]
        pushed = push(wanted, events, self.features.store, now=self.now)
        for view in others:
            push(view, events, self.features.store, now=self.now)
        return pushed

    # Reading

    def get(self, name: str, key: Key, *, at: int | None = None) -> Found:
        """The online values of a key, by the definition in force. Raises `NotFound` and `InvalidInput`."""
        view = self.features.applied(name)
        asked = Asked((name,), key)
        return OnlineFeatures(self.features.store, [view]).get([asked], now=self.now if at is None else at)[0]

    def offline(self, name: str, key: Key, *, at: int | None = None) -> dict[str, Any]:
        """The values that the offline source gives for a key at a moment. Raises as `get` and as sources do."""
        view = view_of(self.features.applied(name))
        columns = _columns_of(key, view.entity.keys)
        (values,) = values_at(view, [columns], [self.now if at is None else at], self.features.sources())
        return values

    def verify(self, name: str, *, keys: int) -> Verified:
        """Hold the online values of a sample of the source's keys against the offline ones, at this moment."""
        record, at, sources = self.features.applied(name), self.now, self.features.sources()
        view = view_of(record)
        chosen = sample_keys(view, sources, keys)
        offline = values_at(view, chosen, [at] * len(chosen), sources)
        asked = [Asked((name,), dict(key)) for key in chosen]
        online = OnlineFeatures(self.features.store, [record]).get(asked, now=at) if asked else []
        triples: defaultdict[str, list[Triple]] = defaultdict(list)
        for key, found, values in zip(chosen, online, offline, strict=True):
            for feature, value in values.items():
                triples[feature].append(Triple(_key_words(key), text_of(at), found.values[feature], value, value))
        mark = watermark(record, self.features.store)
        return Verified(
            record,
            text_of(at),
            len(chosen),
            [compare_feature(feature, values) for feature, values in triples.items()],
            mark.dataset_number if mark else 0,
            sources.number(view),
        )


def _columns_of(key: Key, names: Sequence[str]) -> dict[str, str | int]:
    """The values of a key by column. Raises `InvalidInput` for one that does not fit."""
    if not isinstance(key, dict):
        if len(names) == 1:
            return {names[0]: key}
        key = {}
    if sorted(key) != sorted(names):
        raise InvalidInput(
            f"The key names {', '.join(sorted(key)) or 'no columns'}.",
            help=f"Give {', '.join(f'{name}=…' for name in names)}.",
        )
    return key


def _key_words(key: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in key.items())
