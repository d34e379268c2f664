"""Reranking: texts in the order of their relevance to a query, by a cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.errors import InvalidCheckpoint
from dragoman.models.readouts import Readout
from dragoman.models.scores import sigmoid
from dragoman.records import RankedText, RankInput, RankPrediction
from dragoman.serving.tasks.base import Piece, Prepared, TextParameters
from dragoman.serving.tasks.budget import check_budget
from dragoman.serving.tasks.classification import DECIMALS
from dragoman.serving.tasks.cutter import Cutter
from dragoman.serving.tasks.logits import check_logits
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import Tokenizer

__all__ = ["Rerank", "RerankParameters"]


class RerankParameters(TextParameters, frozen=True, kw_only=True):
    """Parameters of reranking."""

    top: Annotated[int, Meta(ge=1, description="How many texts to answer, best first. Default: all.")] | None = None
    raw_scores: Annotated[bool, Meta(description="Answer logits instead of scores between 0 and 1.")] = False
    max_tokens_per_text: (
        Annotated[
            int, Meta(ge=1, description="Tokens of each text that are read, whatever `too_long` says. Default: all.")
        ]
        | None
    ) = None


class Ranked(NamedTuple):
    """One text of a request on its way: its pieces are its windows."""

    pieces: list[Piece]
    truncated: bool


class Layout(NamedTuple):
    """Where the pieces of a request's texts stand. Equal texts are one: they must have equal scores."""

    starts: NDArray[np.int64]  # the first piece of each distinct text
    places: list[int]  # which distinct text each text is


class Rerank:
    """The logit of a query beside each text.

    A head of one label gives the logit, and its sigmoid the score; a head of two gives the difference of the second
    and the first, whose sigmoid is the second's softmax. A text's windows answer with the best of them. Truncation
    takes from the longer of query and text, as in `transformers`, so that the query keeps half the room at least.
    """

    name = "rerank"
    Input, Parameters, Answer = RankInput, RerankParameters, RankPrediction

    def __init__(self, *, tokenizer: Tokenizer, readout: Readout, labels: Sequence[str], serving: ServingSpec) -> None:
        if len(labels) > 2:
            raise InvalidCheckpoint(
                f"A model with {len(labels)} labels cannot rerank.", help="use a cross-encoder with one label, or two."
            )
        self.tokenizer, self.readout, self.labels, self.serving = tokenizer, readout, tuple(labels), serving

    def prepare(self, inputs: Sequence[RankInput], parameters: RerankParameters) -> list[Prepared]:
        """One piece per window of each text, beside its query. Every query and text is tokenised once."""
        texts = list(dict.fromkeys(text for one in inputs for text in (one.query, *one.texts)))
        ids = dict(zip(texts, [tokens.ids for tokens in self.tokenizer.tokenize_many(texts)], strict=True))
        cutter, tokens, pieces = Cutter.of(parameters, self.serving, max_tokens=self.tokenizer.max_tokens), 0, 0
        prepared: list[Prepared] = []
        for index, one in enumerate(inputs):
            prepared.append(self._prepare_one(index, one, ids, cutter, parameters))
            tokens, pieces = tokens + prepared[-1].tokens, pieces + len(prepared[-1].pieces)
            check_budget(tokens, pieces, self.serving)
        return prepared

    def finish(
        self, prepared: Prepared, outputs: Sequence[NDArray[np.float32]], parameters: RerankParameters
    ) -> dict[str, Any]:
        logits = check_logits(np.stack(outputs), width=len(self.labels))
        relevance = logits[:, -1] - logits[:, 0] if len(self.labels) == 2 else logits[:, 0]
        best = np.maximum.reduceat(relevance, prepared.state.starts)[prepared.state.places]
        scores = best if parameters.raw_scores else sigmoid(best)
        order = np.argsort(-best, kind="stable")[: parameters.top].tolist()
        return {"results": [RankedText(index=one, score=round(float(scores[one]), DECIMALS)) for one in order]}

    def _prepare_one(
        self, index: int, one: RankInput, ids: dict[str, list[int]], cutter: Cutter, parameters: RerankParameters
    ) -> Prepared:
        numbers: dict[str, int] = {}
        for number, text in enumerate(one.texts):
            numbers.setdefault(text, number)
        ranked = [
            self._rank(f"Text {number} of input {index} with its query", ids[one.query], ids[text], cutter, parameters)
            for text, number in numbers.items()
        ]
        counts = [len(text.pieces) for text in ranked]
        places = {text: place for place, text in enumerate(numbers)}
        return Prepared(
            pieces=[piece for text in ranked for piece in text.pieces],
            text=one.query,
            language=one.language,
            windows=max(counts),
            truncated=any(text.truncated for text in ranked),
            state=Layout(np.cumsum([0, *counts[:-1]], dtype=np.int64), [places[text] for text in one.texts]),
        )

    def _rank(
        self, place: str, query: list[int], text: list[int], cutter: Cutter, parameters: RerankParameters
    ) -> Ranked:
        most = parameters.max_tokens_per_text
        short = text if most is None else kept_of(text, cutter.keep(len(text), most))
        room = self.tokenizer.room(pair=True)
        parts, kept, truncated = cutter.cut_pair(place, len(short), len(query), room=room, is_first=False)
        joined = [self.tokenizer.join_pair(kept_of(query, kept), kept_of(short, part)) for part in parts]
        return Ranked([Piece(*piece, self.readout) for piece in joined], truncated or len(short) < len(text))


def kept_of(ids: list[int], kept: range) -> list[int]:
    return ids[kept.start : kept.stop]
