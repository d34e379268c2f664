"""What a model is asked."""

from __future__ import annotations

from typing import Any

from dragoman.records.base import Record

__all__ = ["Key", "QuestionInput", "RankInput", "RowInput", "TextInput"]

Key = str | int | dict[str, str | int]  # of an entity: its one column's value, or the values by column


class TextInput(Record, frozen=True, kw_only=True):
    """A text, with its language if the caller knows it, and the second text of a pair where the model takes pairs."""

    text: str
    language: str | None = None
    pair: str | None = None
    features: dict[str, Any] | None = None  # column → value, where the model reads columns
    key: Key | None = None  # of the entity whose features the server looks up


class RowInput(Record, frozen=True, kw_only=True):
    """A row of a table: the values that the caller knows, and the key of the entity whose features the server looks up.

    A forecast takes `history`, the last known values in order, the newest last, and `time`, when the newest one was.
    `known` has, for each column that is known ahead, one value per step that is told.
    """

    features: dict[str, Any] = {}
    key: Key | None = None
    language: str | None = None
    time: str | None = None
    history: list[float | None] | None = None
    known: dict[str, list[Any]] | None = None


class QuestionInput(Record, frozen=True, kw_only=True):
    """A question and the text in which its answer stands."""

    question: str
    context: str
    language: str | None = None


class RankInput(Record, frozen=True, kw_only=True):
    """A query and the texts to put in order of relevance."""

    query: str
    texts: list[str]
    language: str | None = None
