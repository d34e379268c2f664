"""Token classification: the named entities of a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.models.readouts import Readout
from dragoman.models.scores import softmax
from dragoman.records import Entity, EntityPrediction, TextInput
from dragoman.serving.inputs import refuse_pairs
from dragoman.serving.tasks.base import Piece, Prepared, TextParameters
from dragoman.serving.tasks.blanks import blank_tokens, text_spans
from dragoman.serving.tasks.classification import DECIMALS
from dragoman.serving.tasks.cutter import Cutter
from dragoman.serving.tasks.entities import Group, Marked, group_marked, place_groups, span_of
from dragoman.serving.tasks.logits import check_logits
from dragoman.serving.tasks.offsets import Unit, in_unit
from dragoman.serving.tasks.tags import read_tags
from dragoman.serving.tasks.words import group_words
from dragoman.spec import ServingSpec
from dragoman.text.graphemes import Graphemes
from dragoman.text.tokenizer import Tokenizer
from dragoman.text.tokens import Tokens
from dragoman.text.windows import covers, owned

__all__ = ["TokenClassification", "TokenParameters"]

Aggregation = Literal["simple", "first", "average", "max", "none"]
Scores = NDArray[np.float64]  # [tokens, labels], or [labels]


class TokenParameters(TextParameters, frozen=True, kw_only=True):
    """Parameters of token classification."""

    aggregation: Annotated[
        Aggregation,
        Meta(
            description="How tokens become entities. `simple`: neighbours of one kind. `first`, `average`, `max`: the "
            "same of words, which have the label of their first token, of their mean scores, or of their surest token; "
            "where a script has no spaces between words, every token is a word. `none`: every token, as labelled."
        ),
    ] = "simple"
    threshold: Annotated[float, Meta(ge=0, le=1, description="Entities with a lower score are left out.")] = 0.0
    offsets: Annotated[
        Unit,
        Meta(
            description="What `start` and `end` count: code points (Python), UTF-16 units (JavaScript, Java), or bytes "
            "of UTF-8."
        ),
    ] = "codepoint"


class Read(NamedTuple):
    """What was read of a text: its tokens, and the windows they were read in."""

    tokens: Tokens
    parts: list[range]


class TokenClassification:
    """Logits of tokens to entities, as the pipeline of `transformers` groups them.

    Each token's scores come from the window in which it stands most centrally, and all are grouped at once: an entity
    across a window's edge is found whole. Entities are spans of the caller's text, of whole characters (grapheme
    clusters), without blank edges; they do not overlap. With aggregation "none" the spans are the tokens' own: tokens
    that make up one character share it, and labels keep their prefixes.
    """

    name = "token-classification"
    Input, Parameters, Answer = TextInput, TokenParameters, EntityPrediction

    def __init__(self, *, tokenizer: Tokenizer, readout: Readout, labels: Sequence[str], serving: ServingSpec) -> None:
        self.tokenizer, self.readout, self.labels, self.serving = tokenizer, readout, tuple(labels), serving
        self.tags = read_tags(self.labels)
        self._blank = blank_tokens(tokenizer)

    def prepare(self, inputs: Sequence[TextInput], parameters: TokenParameters) -> list[Prepared]:
        """One piece per window."""
        refuse_pairs(inputs, "token classification")
        cutter = Cutter.of(parameters, self.serving, max_tokens=self.tokenizer.max_tokens)
        tokens = self.tokenizer.tokenize_many([one.text for one in inputs], with_offsets=True)
        return [self._prepare_one(index, one, tokens[index], cutter) for index, one in enumerate(inputs)]

    def finish(
        self, prepared: Prepared, outputs: Sequence[NDArray[np.float32]], parameters: TokenParameters
    ) -> dict[str, Any]:
        """`entities`, in the order of the text."""
        read: Read = prepared.state
        scores = softmax(self._logits(outputs, read.parts))
        groups = self._groups(prepared.text, read, scores, parameters.aggregation)
        place = in_unit(prepared.text, parameters.offsets)
        entities = [entity_of(group, prepared.text, place) for group in groups]
        return {"entities": [one for one in entities if one.score >= parameters.threshold]}

    def _prepare_one(self, index: int, one: TextInput, tokens: Tokens, cutter: Cutter) -> Prepared:
        ids = tokens.ids
        parts = cutter.cut(f"Text {index}", len(ids), room=self.tokenizer.room())
        pieces = [Piece(self.tokenizer.join(ids[part.start : part.stop]), None, self.readout) for part in parts]
        truncated = not covers(parts, len(ids))
        return Prepared(pieces, one.text, one.language, len(parts), truncated, Read(tokens, parts))

    def _logits(self, outputs: Sequence[NDArray[np.float32]], parts: list[range]) -> NDArray[np.float32]:
        """Of the tokens that were read, `[tokens, labels]`: each from the window that owns it."""
        start = self.tokenizer.start
        mine = [
            logits[start + own.start - part.start : start + own.stop - part.start]
            for logits, part, own in zip(outputs, parts, owned(parts), strict=True)
        ]
        return check_logits(np.concatenate(mine), width=len(self.labels))

    def _groups(self, text: str, read: Read, scores: Scores, aggregation: Aggregation) -> list[Group]:
        reach = range(read.parts[0].start, read.parts[-1].stop)
        spans = text_spans(read.tokens, self._blank)[reach.start : reach.stop]
        if aggregation == "none":
            return self._labelled(mark_tokens(spans, scores))
        graphemes = Graphemes(text)
        if aggregation == "simple":
            marked = mark_tokens(spans, scores)
        else:
            words = group_words(read.tokens, graphemes, blank=self._blank)
            marked = mark_words(words_within(words, reach), spans, scores, WORD_SCORES[aggregation])
        return list(place_groups(group_marked(marked, self.tags), graphemes))

    def _labelled(self, marked: list[Marked]) -> list[Group]:
        """Every token that holds text and is not outside."""
        kept = [one for one in marked if one.start < one.end and self.tags[one.label].kind]
        return [Group(one.start, one.end, self.labels[one.label], one.score) for one in kept]


def mark_tokens(spans: Sequence[tuple[int, int]], scores: Scores) -> list[Marked]:
    """Each token with its best label."""
    best = scores.argmax(axis=1).tolist()
    return [
        Marked(*span, label, score) for span, label, score in zip(spans, best, scores.max(axis=1).tolist(), strict=True)
    ]


def mark_words(
    words: Sequence[range], spans: Sequence[tuple[int, int]], scores: Scores, score: Callable[[Scores], Scores]
) -> list[Marked]:
    """Each word with its best label."""
    of_words = np.array([score(scores[word.start : word.stop]) for word in words]).reshape(len(words), scores.shape[1])
    return mark_tokens([span_of(spans[word.start : word.stop]) for word in words], of_words)


def words_within(words: Sequence[range], reach: range) -> list[range]:
    """The words as far as their tokens were read, counted from the first of these."""
    cut = [range(max(word.start, reach.start), min(word.stop, reach.stop)) for word in words]
    return [range(word.start - reach.start, word.stop - reach.start) for word in cut if word]


def surest(scores: Scores) -> Scores:
    """The scores of the token that is surest of its label."""
    return scores[scores.max(axis=1).argmax()]  # type: ignore[no-any-return]


WORD_SCORES: dict[str, Callable[[Scores], Scores]] = {
    "first": lambda scores: scores[0],
    "average": lambda scores: scores.mean(axis=0),
    "max": surest,
}


def entity_of(group: Group, text: str, place: Callable[[int], int]) -> Entity:
    return Entity(
        label=group.kind,
        start=place(group.start),
        end=place(group.end),
        text=text[group.start : group.end],
        score=round(group.score, DECIMALS),
    )
