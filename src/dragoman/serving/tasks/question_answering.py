"""Extractive question answering: the part of a context that answers a question, or that there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.errors import TextTooLong
from dragoman.models.readouts import Readout
from dragoman.models.scores import softmax
from dragoman.records import AnswerPrediction, AnswerSpan, QuestionInput
from dragoman.serving.tasks.base import Piece, Prepared, TextParameters, TooLong
from dragoman.serving.tasks.blanks import blank_tokens, text_spans
from dragoman.serving.tasks.classification import DECIMALS
from dragoman.serving.tasks.cutter import Cutter
from dragoman.serving.tasks.entities import span_of
from dragoman.serving.tasks.logits import check_logits
from dragoman.serving.tasks.offsets import Unit, in_unit
from dragoman.serving.tasks.spans import TokenSpan, best_span
from dragoman.serving.tasks.words import widen_to_words
from dragoman.spec import ServingSpec
from dragoman.text.graphemes import Graphemes
from dragoman.text.tokenizer import Tokenizer
from dragoman.text.tokens import Span, Tokens
from dragoman.text.windows import covers

__all__ = ["QuestionAnswering", "QuestionParameters"]

NO_ANSWER = 0  # the model says with the first token that a piece holds no answer
Floats = NDArray[np.float32]


class QuestionParameters(TextParameters, frozen=True, kw_only=True):
    """Parameters of question answering. `too_long` is "windows" unless the spec says "refuse"."""

    max_answer_tokens: Annotated[int, Meta(ge=1, le=8_192, description="Longest answer in tokens.")] = 15
    allow_no_answer: Annotated[
        bool,
        Meta(
            description="Answer null where the model finds no answer more likely than any. Set it to false for a model "
            "that never saw questions without one."
        ),
    ] = True
    whole_words: Annotated[
        bool,
        Meta(description="Widen the answer to whole words; where a script has no spaces, to whole characters only."),
    ] = True
    offsets: Annotated[
        Unit,
        Meta(
            description="What `start` and `end` count: code points (Python), UTF-16 units (JavaScript, Java), or bytes "
            "of UTF-8."
        ),
    ] = "codepoint"


class Asked(NamedTuple):
    """What was read of a context: its tokens' spans, its windows, and how many tokens of the question stand before."""

    spans: list[Span]
    parts: list[range]
    question: int


class Found(NamedTuple):
    """What one window says."""

    answer: TokenSpan | None  # in tokens of the context
    no_answer: float  # the score of there being none


class QuestionAnswering:
    """Start and end logits to an answer, scored as the pipeline of `transformers` 4 did.

    Each window's logits become shares over its context and its first token, which stands for no answer. A span's score
    is the product of its start's and its end's share; the best over all windows wins. That there is no answer is as
    likely as the window says that is least sure of it.

    A question that does not fit beside its context keeps up to half the room: a longer one is refused, or cut when
    `too_long` is "truncate".
    """

    name = "question-answering"
    labels: tuple[str, ...] = ()
    Input, Parameters, Answer = QuestionInput, QuestionParameters, AnswerPrediction

    def __init__(self, *, tokenizer: Tokenizer, readout: Readout, serving: ServingSpec) -> None:
        self.tokenizer, self.readout, self.serving = tokenizer, readout, serving
        self._blank = blank_tokens(tokenizer)

    def prepare(self, inputs: Sequence[QuestionInput], parameters: QuestionParameters) -> list[Prepared]:
        """One piece per window of the context, each beside the question."""
        cutter = self._cutter(parameters)
        questions = self.tokenizer.tokenize_many([one.question for one in inputs])
        contexts = self.tokenizer.tokenize_many([one.context for one in inputs], with_offsets=True)
        return [
            self._prepare_one(index, one, question.ids, context, cutter)
            for index, (one, question, context) in enumerate(zip(inputs, questions, contexts, strict=True))
        ]

    def finish(self, prepared: Prepared, outputs: Sequence[Floats], parameters: QuestionParameters) -> dict[str, Any]:
        """`answer`, or None."""
        asked: Asked = prepared.state
        found = [
            self._find(logits, part, asked, parameters.max_answer_tokens)
            for logits, part in zip(outputs, asked.parts, strict=True)
        ]
        best = max((one.answer for one in found if one.answer), key=lambda answer: answer.score, default=None)
        no_answer = min(one.no_answer for one in found)
        if best is None or (parameters.allow_no_answer and no_answer > best.score):
            return {"answer": None}
        return {"answer": place_answer(prepared.text, asked.spans, best, parameters)}

    def _cutter(self, parameters: QuestionParameters) -> Cutter:
        usual: TooLong = "refuse" if self.serving.too_long == "refuse" else "windows"
        return Cutter.of(parameters, self.serving, max_tokens=self.tokenizer.max_tokens, usual=usual)

    def _prepare_one(
        self, index: int, one: QuestionInput, question: list[int], context: Tokens, cutter: Cutter
    ) -> Prepared:
        room, ids = self.tokenizer.room(pair=True), context.ids
        kept = self._cut_question(index, question, room - len(ids), cutter)
        parts = cutter.cut(f"Input {index} with its question", len(ids), room=room - len(kept))
        joined = [self.tokenizer.join_pair(kept, ids[part.start : part.stop]) for part in parts]
        pieces = [Piece(*piece, self.readout) for piece in joined]
        truncated = len(kept) < len(question) or not covers(parts, len(ids))
        asked = Asked(text_spans(context, self._blank), parts, len(kept))
        return Prepared(pieces, one.context, one.language, len(parts), truncated, asked)

    def _cut_question(self, index: int, question: list[int], left: int, cutter: Cutter) -> list[int]:
        """The question, cut to what its context leaves or to half the room, whichever is more."""
        most = max(left, self.tokenizer.room(pair=True) // 2)
        if len(question) > most and cutter.too_long != "truncate":
            raise TextTooLong(
                f"The question of input {index} has {len(question)} tokens; beside its context, {most} are read.",
                help='shorten it, or ask for too_long "truncate".',
            )
        kept = cutter.keep(len(question), most)
        return question[kept.start : kept.stop]

    def _find(self, logits: Floats, part: range, asked: Asked, longest: int) -> Found:
        _, start = self.tokenizer.pair_starts(asked.question)
        rows = [NO_ANSWER, *range(start, start + len(part))]
        starts, ends = softmax(check_logits(logits, width=2)[rows].T)
        has_text = [first < last for first, last in asked.spans[part.start : part.stop]]
        span = best_span(starts[1:], ends[1:], longest=longest, has_text=has_text)
        answer = span and span._replace(first=span.first + part.start, last=span.last + part.start)
        return Found(answer, float(starts[0] * ends[0]))


def place_answer(context: str, spans: Sequence[Span], answer: TokenSpan, parameters: QuestionParameters) -> AnswerSpan:
    """The answer as a span of the context, without blank edges, of whole characters at least."""
    graphemes, place = Graphemes(context), in_unit(context, parameters.offsets)
    start, end = graphemes.tidy(*span_of(spans[answer.first : answer.last + 1]))
    if parameters.whole_words:
        start, end = widen_to_words(graphemes, start, end)
    return AnswerSpan(text=context[start:end], start=place(start), end=place(end), score=round(answer.score, DECIMALS))
