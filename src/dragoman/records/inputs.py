"""What a model is asked."""

from __future__ import annotations

from dragoman.records.base import Record

__all__ = ["QuestionInput", "RankInput", "TextInput"]


class TextInput(Record, frozen=True, kw_only=True):
    """A text, with its language if the caller knows it, and the second text of a pair where the model takes pairs."""

    text: str
    language: str | None = None
    pair: str | None = None


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
