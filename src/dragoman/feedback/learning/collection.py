"""From labels to rows: what is refused, what is known, what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import msgspec

from dragoman.data.served_rows import LABEL_PREFIX
from dragoman.feedback.learning.collected import Collected
from dragoman.feedback.learning.columns import Columns
from dragoman.feedback.learning.contents import key_of_features, keys_of_texts, split_of
from dragoman.feedback.learning.distinct import settled
from dragoman.feedback.learning.heard import Heard, Said
from dragoman.feedback.learning.known import Known
from dragoman.feedback.learning.shares import Fresh, shared
from dragoman.records import Example

__all__ = ["Terms", "collected_of"]

replace = msgspec.structs.replace
Refusals = Counter[str]
Subject = tuple[str, bytes, bytes]


class Terms(NamedTuple):
    """What a model can learn from."""

    model: str
    champion: int
    labels: Collection[str]
    languages: Collection[str]  # declared ones; empty: any
    columns: Columns
    reads_text: bool
    replay: float


class Told(NamedTuple):
    """A label that can be learned from."""

    id: str
    moment: int
    language: str
    label: str
    text: str
    features: dict[str, Any]


def collected_of(heard: Heard, known: Known, learned: Sequence[Example], terms: Terms) -> Collected:
    """The rows that a training now would learn from.

    `known` are the rows of the spec's data, `learned` those of labels that the champion has learned from. What the log
    still has of the latter is looked at anew; what it has no longer stays as it was.
    """
    refused: Refusals = Counter({"source": heard.others, "not in the log": heard.unlogged})
    refused["echo"] = sum(one.held for one in heard.echoes)
    told = _told(heard, terms, refused)
    former = _by_subject([one for one in learned if _fits(one, terms)], known, terms)
    rows = {one.id: one for one in former.values() if one.id.removeprefix(LABEL_PREFIX) in heard.gone}
    keys, fresh = _keys_of(told, terms), []
    subjects = _subjects(told, keys, terms)
    for found in settled(subjects, [one.label for one in told]):
        first, key = told[found.first], keys[found.first]
        refused["repeated"] += found.labels - 1
        if not found.label:
            refused["contradicted"] += 1
        elif _content(first, key, found.label) in known.contents:
            refused["in the data"] += 1
        elif before := former.get(subjects[found.first]):
            rows[before.id] = replace(before, label=found.label)
        else:
            split = known.splits.get(key) or split_of(key)
            fresh.append(Fresh(_example(first, found.label, split), told[found.last].moment))
    old = Counter(known.train) + Counter(one.language for one in rows.values() if one.split == "train")
    taken, waiting = shared(fresh, old, replay=terms.replay)
    return Collected(
        model=terms.model,
        champion=terms.champion,
        rows=sorted([*rows.values(), *taken], key=lambda one: one.id),
        new=_languages(taken),
        held=_languages(waiting),
        refused={reason: count for reason, count in sorted(refused.items()) if count},
        echoes=heard.echoes,
    )


def _example(row: Told, label: str, split: str) -> Example:
    return Example(
        id=f"{LABEL_PREFIX}{row.id}",
        text=row.text,
        label=label,
        language=row.language,
        split=split,
        features=row.features,
    )


def _fits(row: Example, terms: Terms) -> bool:
    """Whether the spec as it is now still has what the row says."""
    return row.label in terms.labels and (not terms.languages or row.language in terms.languages)


def _languages(rows: Iterable[Example]) -> dict[str, int]:
    return dict(sorted(Counter(one.language for one in rows).items()))


# Labels -------------------------------------------------------------------------------------------------------------


def _told(heard: Heard, terms: Terms, refused: Refusals) -> list[Told]:
    """The labels that a model could learn, in order of time; the others are counted."""
    spoken = cache(partial(_declared, declared=frozenset(terms.languages)))
    rows = []
    for row in heard.rows():
        features = terms.columns.read(msgspec.json.decode(row.features or "{}") or {}) if terms.columns else {}
        language = spoken(row.language)
        if reason := _reason(row, language, features, terms):
            refused[reason] += 1
        else:
            text = row.text if terms.reads_text else ""
            rows.append(Told(row.id, row.moment, language, row.label, text, features))
    return rows


def _reason(row: Said, language: str, features: Mapping[str, Any], terms: Terms) -> str:
    """Why a label does not train; empty where it does."""
    if row.is_overruled:
        return "overruled"
    if row.label not in terms.labels:
        return "unknown label"
    if not language:
        return "language"
    is_kept = row.text.strip() if terms.reads_text else features
    return "" if is_kept else "nothing kept"


def _declared(language: str, *, declared: Collection[str]) -> str:
    """The declared language that a prediction's is, regions apart; empty if there is none."""
    if not declared or language in declared:
        return language
    base = language.partition("-")[0]
    return base if base in declared else ""


# What rows say ------------------------------------------------------------------------------------------------------


def _keys_of(rows: Sequence[Told | Example], terms: Terms) -> list[bytes]:
    """What tells texts apart, or rows of a table."""
    if terms.reads_text:
        return keys_of_texts([one.text for one in rows])
    return [key_of_features(one.features) for one in rows]


def _subjects(rows: Iterable[Told | Example], keys: Sequence[bytes], terms: Terms) -> list[Subject]:
    """What rows are about: the same words may mean something else in another language, or beside other columns."""
    beside = terms.reads_text and bool(terms.columns)
    return [
        (row.language, key, key_of_features(row.features) if beside else b"")
        for row, key in zip(rows, keys, strict=True)
    ]


def _by_subject(rows: Sequence[Example], known: Known, terms: Terms) -> dict[Subject, Example]:
    """Rows that were learned from and are not in the data by now, in the splits that the data say."""
    keys = _keys_of(rows, terms)
    return {
        subject: replace(row, split=known.splits.get(key, row.split))
        for subject, key, row in zip(_subjects(rows, keys, terms), keys, rows, strict=True)
        if _content(row, key, row.label) not in known.contents
    }


def _content(row: Told | Example, key: bytes, label: str) -> tuple[str, ...]:
    return (row.text,) if row.text else (key.hex(), label)
