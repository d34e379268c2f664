"""Two versions side by side: what differs between their specs, data, results, packages, code, forms and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dragoman.records import DatasetVersion, Interval, Record, Run, Version
from dragoman.registry.bundle import LOCK_FILE, TOKENIZER_FILE, Bundle
from dragoman.registry.results import Found, Result, results_of
from dragoman.spec import spec_to_dict

__all__ = ["Change", "Score", "Side", "VersionDiff", "diff_versions"]


class Side(NamedTuple):
    """One of two versions, with all that is recorded of it."""

    version: Version
    run: Run
    dataset: DatasetVersion | None  # None: its record is gone
    bundle: Bundle


class Change(Record, frozen=True, kw_only=True):
    """One thing that differs; None where a side does not have it."""

    name: str
    a: Any
    b: Any


class Score(Record, frozen=True, kw_only=True):
    """One result of both evaluations; some have intervals."""

    name: str  # "accuracy", …
    language: str = ""  # empty: over all
    a: float | None
    b: float | None
    difference: float | None  # b - a
    a_interval: Interval | None = None
    b_interval: Interval | None = None
    overlap: bool | None = None  # whether the intervals do


class VersionDiff(Record, frozen=True, kw_only=True):
    """What differs between two versions. A list is empty where they are the same."""

    a: str
    b: str
    spec: list[Change]
    data: list[Change]
    scores: list[Score]
    environment: list[Change]
    code: list[Change]
    form: list[Change]
    tokenizer: list[Change]
    files: list[Change]  # sizes in bytes
    same_texts: bool  # whether both were evaluated on the same data


def diff_versions(a: Side, b: Side) -> VersionDiff:
    """Compare what is recorded of two versions. Nothing is run: their answers to the same texts are not compared."""
    sides = (a, b)
    return VersionDiff(
        a=a.version.uri,
        b=b.version.uri,
        spec=_changes(*(_flat(spec_to_dict(side.bundle.spec)) for side in sides)),
        data=_changes(*map(_data, sides)),
        scores=list(_scores(a, b)),
        environment=_changes(a.run.environment, b.run.environment),
        code=_changes(a.run.code, b.run.code),
        form=_changes(*map(_form, sides)),
        tokenizer=_changes(*map(_tokenizer, sides)),
        files=_files(a, b),
        same_texts=a.run.dataset_digest == b.run.dataset_digest,
    )


def _changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Change]:
    names = [*a, *(name for name in b if name not in a)]
    found = [Change(name=name, a=a.get(name), b=b.get(name)) for name in names]
    return [_shortened(one) for one in found if one.a != one.b]


def _shortened(change: Change) -> Change:
    """Of two lists with other members, each only with those that the other lacks."""
    if not (isinstance(change.a, list) and isinstance(change.b, list)):
        return change
    only_a, only_b = ([one for one in x if one not in y] for x, y in ((change.a, change.b), (change.b, change.a)))
    return Change(name=change.name, a=only_a, b=only_b) if only_a or only_b else change


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as dotted keys, as they are written in TOML."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def _data(side: Side) -> dict[str, Any]:
    lineage = side.bundle.lineage
    known = {
        "dataset": f"{lineage.dataset}, version {lineage.dataset_number}",
        "digest": lineage.dataset_digest,
        **{f"source {name}": digest for name, digest in sorted(lineage.sources.items())},
    }
    if (dataset := side.dataset) is None:
        return known
    counts = (("split", dataset.splits), ("language", dataset.languages), ("label", dataset.labels))
    return known | {
        "rows": dataset.rows,
        **{f"rows of {kind} {name}": rows for kind, of in counts for name, rows in sorted(of.items())},
    }


def _form(side: Side) -> dict[str, Any]:
    tuning = side.bundle.tuning
    return {
        "form": tuning.chosen.name if tuning else "fp32, not tuned",
        "trimming": tuning.trimming if tuning else "",
        "temperature": side.bundle.temperature,
    }


def _tokenizer(side: Side) -> dict[str, Any]:
    if (text := side.bundle.text) is None:
        return {}
    digests = {file.path: file.digest for file in side.bundle.manifest.files}
    return {
        "pieces": text.tokenizer.vocabulary,
        "longest text in tokens": text.tokenizer.max_tokens,
        "tokenizer": digests.get(TOKENIZER_FILE),
        "lock": digests.get(LOCK_FILE),
    }


def _files(a: Side, b: Side) -> list[Change]:
    """Files with another content; two of the same size are told by their digests."""
    mine, other = ({file.path: file for file in side.bundle.manifest.files} for side in (a, b))
    return [
        Change(name=path, a=mine[path].size if path in mine else None, b=other[path].size if path in other else None)
        for path in sorted(mine.keys() | other.keys())
        if mine.get(path) != other.get(path)
    ]


# Scores -------------------------------------------------------------------------------------------------------------


def _scores(a: Side, b: Side) -> Iterable[Score]:
    """Those that differ, those over all first."""
    mine, other = (results_of(side.bundle.evaluation) for side in (a, b))
    names = sorted({**mine, **other}, key=lambda name: name.language)
    rows = (_score(name, mine.get(name), other.get(name)) for name in names)
    return (row for row in rows if row.difference != 0)


def _score(name: Result, a: Found | None, b: Found | None) -> Score:
    mine, other = (found.value if isinstance(found, Interval) else found for found in (a, b))
    return Score(
        name=name.metric,
        language=name.language,
        a=mine,
        b=other,
        difference=None if mine is None or other is None else other - mine,
        a_interval=a if isinstance(a, Interval) else None,
        b_interval=b if isinstance(b, Interval) else None,
        overlap=a.low <= b.high and b.low <= a.high if isinstance(a, Interval) and isinstance(b, Interval) else None,
    )
