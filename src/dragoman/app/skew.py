"""Skew of a model: what the prediction log says was served, beside what the events give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from dragoman.app.feature_values import values_at
from dragoman.app.features import Features, view_of
from dragoman.app.operations import LOG_FOLDER, pseudonym_key
from dragoman.errors import NotFound
from dragoman.features.offline.sources import EventSources
from dragoman.features.skew import FeatureSkew, Triple, compare_feature
from dragoman.features.skew.hindsight import HindsightSources
from dragoman.features.times import moment_of
from dragoman.features.view import View
from dragoman.monitoring.feature_shift import FeatureShift, feature_shifts
from dragoman.monitoring.prediction_log.keys import key_pseudonym
from dragoman.monitoring.prediction_log.query import read_pending, read_predictions
from dragoman.monitoring.prediction_log.schema import rows_of
from dragoman.records import PinnedView, PredictionRow, Record, Version
from dragoman.text.redaction import Redactor

__all__ = ["SkewReport", "Span", "skew_of"]


class Span(NamedTuple):
    """Which rows of the log are looked at: the newest `last` since a time, of one version or all."""

    since: datetime | None = None
    last: int = 10_000
    version: str = ""


class SkewReport(Record, frozen=True, kw_only=True):
    """The skew of one version."""

    model: str
    version: str
    rows: int  # whose features were looked up
    strangers: int  # of those: the source has no events of their key
    first: str
    newest: str
    views: list[PinnedView]
    features: list[FeatureSkew]
    shifts: list[FeatureShift]

    @property
    def differs(self) -> bool:
        """Whether something was served that the events known at that moment do not give."""
        return any(one.differing for one in self.features)


def skew_of(features: Features, model: str, span: Span) -> list[SkewReport]:
    """The skew of every version of a model that has answered, the newest first.

    Keys are pseudonyms in the log: they are found again among those of the source. Raises `NotFound` for a model
    that is none, and where the log has no row of it whose features were looked up.
    """
    if model not in (known := features.place.catalog.models()):
        raise NotFound(f"There is no model '{model}'.", help=f"Known are {', '.join(known) or 'none: train one'}.")
    served: defaultdict[str, list[PredictionRow]] = defaultdict(list)
    for row in _logged(features, model, span):
        if row.features_time and row.key and span.version in ("", row.version):
            served[row.version].append(row)
    if not served:
        raise NotFound(
            f"The log has no prediction of '{model}' whose features were looked up.",
            help="Ask a model that reads feature views with a `key`, or look further back with --since.",
        )
    redactor = Redactor(pseudonym_key(features.place.state / "keys" / "pseudonyms.key"))
    versions = sorted(served, key=lambda number: -int(number))
    return [_report(features, model, number, served[number], redactor) for number in versions]


def _logged(features: Features, model: str, span: Span) -> list[PredictionRow]:
    """Rows of the table and of what is on its way there, in order of time."""
    stored = rows_of(read_predictions(features.place.tables, model=model, since=span.since, limit=span.last))
    found = {row.id: row for row in stored}
    for row in rows_of(read_pending(features.place.state / LOG_FOLDER)):
        if row.model == model and (span.since is None or datetime.fromisoformat(row.time) >= span.since):
            found[row.id] = row
    return sorted(found.values(), key=lambda row: row.time)[-span.last :]


def _report(
    features: Features, model: str, number: str, rows: Sequence[PredictionRow], redactor: Redactor
) -> SkewReport:
    version = features.place.catalog.version(model, int(number))
    pins = features.pinned.of(version)
    sources = features.sources()
    found: list[FeatureSkew] = []
    strangers: set[str] = set()
    for pin in pins:
        view = view_of(features.applied(pin.name, pin.digest))
        keys = _Keys(view, sources, redactor)
        asked = keys.of(rows)
        strangers |= {row.id for row, key in zip(rows, asked, strict=True) if None in key.values()}
        found += _compared(view, rows, asked, sources, redactor)
    return SkewReport(
        model=model,
        version=number,
        rows=len(rows),
        strangers=len(strangers),
        first=rows[0].time,
        newest=rows[-1].time,
        views=pins,
        features=sorted(found, key=lambda one: (-one.differing, -one.late, one.feature)),
        shifts=_shifts(features, version, rows),
    )


def _compared(
    view: View,
    rows: Sequence[PredictionRow],
    keys: Sequence[Mapping[str, Any]],
    sources: EventSources,
    redactor: Redactor,
) -> Iterator[FeatureSkew]:
    moments = [moment for row in rows if (moment := moment_of(row.features_time)) is not None]
    known = values_at(view, keys, moments, sources)
    hindsight = values_at(view, keys, moments, HindsightSources(sources))
    for feature in (f"{view.name}.{name}" for name in view.features):
        triples = [
            Triple(row.id, row.features_time, served, _as_logged(then[feature], served, redactor), now[feature])
            for row, then, now in zip(rows, known, hindsight, strict=True)
            if (served := row.features.get(feature, ...)) is not ...
        ]
        if triples:
            yield compare_feature(feature, triples)


def _as_logged(value: Any, served: Any, redactor: Redactor) -> Any:
    """A text that the log keeps redacted, in the same way."""
    if isinstance(value, str) and value != served:
        return redactor.redact(value)
    return value


def _shifts(features: Features, version: Version, rows: Sequence[PredictionRow]) -> list[FeatureShift]:
    """Served columns against the reference in the bundle; none where it has no reference."""
    bundle = features.place.registry.look(version)
    if bundle.reference is None or bundle.features is None:
        return []
    columns = bundle.features.columns
    return feature_shifts(bundle.reference, [row.features for row in rows], columns, [row.language for row in rows])


class _Keys:
    """Keys of a source by their pseudonyms."""

    def __init__(self, view: View, sources: EventSources, redactor: Redactor) -> None:
        self.view, self.sources, self.redactor = view, sources, redactor

    def of(self, rows: Sequence[PredictionRow]) -> list[dict[str, Any]]:
        """The key of each row by column; None for a part that the source does not have."""
        logged = [self._parts(row.key) for row in rows]
        known = {name: self._known(name, {one[name] for one in logged}) for name in self.view.entity.keys}
        return [{name: known[name].get(part) for name, part in one.items()} for one in logged]

    def _parts(self, key: str) -> dict[str, str]:
        """`"k1"`, or `{"shop": "k1", "day": "k2"}`, by the columns of the entity."""
        decoded = msgspec.json.decode(key)
        names = self.view.entity.keys
        given = decoded if isinstance(decoded, dict) else dict.fromkeys(names, decoded)
        return {name: given.get(name, "") for name in names}

    def _known(self, name: str, wanted: set[str]) -> dict[str, Any]:
        """Pseudonym → value, of those that are wanted."""
        found: dict[str, Any] = {}
        seen: set[Any] = set()
        for value in self._values(name):
            if value not in seen:
                seen.add(value)
                pseudonym = key_pseudonym(value, self.redactor)
                if pseudonym in wanted:
                    found[pseudonym] = value
                    if len(found) == len(wanted):
                        break
        return found

    def _values(self, name: str) -> Iterable[Any]:
        for batch in self.sources.batches(self.view, [name]):
            yield from (value for value in batch.column(name).unique().to_pylist() if value is not None)
