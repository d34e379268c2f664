"""Reranking, as clients of Cohere v1 and v2, Jina, vLLM, infinity and text-embeddings-inference ask for it."""

from __future__ import annotations

import time
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader
from dragoman.api.compute_headers import compute_headers
from dragoman.api.envelopes import DIALECT
from dragoman.api.intake import Intake, options_of, parameters_of
from dragoman.api.truncation import Direction, is_cut, long_texts
from dragoman.errors import EmptyInput, InvalidRequest
from dragoman.records import RankedText, RankInput, RankPrediction
from dragoman.serving.ids import new_id
from dragoman.serving.model import Answer

__all__ = ["RerankApi"]

Document = str | dict[str, Any]  # a text, or an object with its fields


class RerankRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of all families: `documents` or, of text-embeddings-inference, `texts`."""

    query: str
    documents: list[Document] | None = None
    texts: list[str] | None = None
    model: str | None = None
    top_n: Annotated[int, Meta(ge=0)] | None = None  # 0: all
    return_documents: bool | None = None
    return_text: bool = False
    raw_scores: bool = False
    max_tokens_per_doc: Annotated[int, Meta(ge=1)] | None = None
    max_chunks_per_doc: Annotated[int, Meta(ge=1)] | None = None  # documents are one chunk: of no effect
    rank_fields: list[str] | None = None
    priority: int | None = None  # 0: online; more: bulk
    truncate: bool | None = None
    truncation_direction: Direction | None = None
    truncate_prompt_tokens: int | None = None  # of vLLM, as are the next two
    truncation_side: Direction | None = None
    use_activation: bool | None = None  # False: raw scores


class Ranked(NamedTuple):
    """What was asked, and in which order the documents are relevant."""

    asked: RerankRequest
    documents: list[Document]
    texts: list[str]
    model: str
    answer: Answer

    @property
    def results(self) -> list[RankedText]:
        (prediction,) = self.answer.predictions
        assert isinstance(prediction, RankPrediction)
        return prediction.results


class RerankApi:
    """`/rerank`, `/v1/rerank` and `/v2/rerank`; the body says whose dialect it is."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self._reader = BodyReader(RerankRequest, example='{"query": "refund", "documents": ["Money back", "Hours"]}')

    def routes(self) -> list[Route]:
        paths = ("/rerank", "/v1/rerank", "/v2/rerank", "/openai/v1/rerank", "/models/{name}/rerank")
        return [Route(path, self.intake.endpoint(self.rerank), methods=["POST"]) for path in paths]

    async def rerank(self, request: Request, body: bytes) -> Response:
        started = time.monotonic()
        if b'"texts"' in body:
            request.scope[DIALECT] = "tei"
        asked = self._reader.read(body)
        request.scope[DIALECT] = "cohere" if asked.texts is None else "tei"
        ranked = await self.rank(request, asked)
        if asked.texts is not None:
            return json_answer(tei_answer(ranked), headers=compute_headers(ranked.answer.usage, ranked.texts, started))
        return json_answer(superset_answer(ranked, version="2" if request.url.path.startswith("/v2") else "1"))

    async def rank(self, request: Request, asked: RerankRequest) -> Ranked:
        documents = documents_of(asked)
        texts = [text_of(one, asked.rank_fields) for one in documents]
        options = options_of(request, priority="bulk" if (asked.priority or 0) > 0 else "online")
        with self.intake.model(request.path_params.get("name") or asked.model, "rerank") as model:
            cut = is_cut(asked.truncate_prompt_tokens, model.backbone.max_tokens)
            side = asked.truncation_direction or asked.truncation_side
            parameters = parameters_of(
                model,
                top=asked.top_n or None,
                raw_scores=asked.raw_scores or asked.use_activation is False or None,
                max_tokens_per_text=asked.max_tokens_per_doc,
                **long_texts(asked.truncate if cut is None else cut, side, model.serving),
            )
            inputs = [RankInput(query=asked.query, texts=texts)]
            answer = await self.intake.ask(model, inputs, parameters, options)
        return Ranked(asked, documents, texts, asked.model or model.name, answer)


def documents_of(asked: RerankRequest) -> list[Document]:
    given: list[Document] | None = asked.documents if asked.texts is None else [*asked.texts]
    if given is None or (asked.documents is not None and asked.texts is not None):
        raise InvalidRequest(
            "The body needs 'documents' or 'texts', and not both.", help="send a list of texts as 'documents'."
        )
    if not given:
        raise EmptyInput("There are no documents to rank.", help="send at least one.")
    return given


def text_of(document: Document, fields: list[str] | None) -> str:
    """The text of a document: itself, its `text`, or the values of `rank_fields`, one a line."""
    if isinstance(document, str):
        return document
    names = fields or ["text"]
    values = [document.get(name) for name in names]
    if not all(isinstance(value, str) for value in values):
        raise InvalidRequest(
            f"A document has no text at {' and '.join(map(repr, names))}.",
            help='send texts or {"text": …}, or name the fields in rank_fields.',
        )
    return "\n".join(map(str, values))


def superset_answer(ranked: Ranked, *, version: str) -> dict[str, Any]:
    """What clients of Cohere, Jina, vLLM and infinity each find their own fields in."""
    tokens = ranked.answer.usage.tokens
    return {
        "id": new_id(),
        "object": "rerank",
        "created": int(time.time()),
        "model": ranked.model,
        "results": [superset_result(one, ranked) for one in ranked.results],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "meta": {
            "api_version": {"version": version},
            "billed_units": {"search_units": 1},
            "tokens": {"input_tokens": tokens},
        },
    }


def superset_result(one: RankedText, ranked: Ranked) -> dict[str, Any]:
    result: dict[str, Any] = {"index": one.index, "relevance_score": one.score}
    if ranked.asked.return_documents:
        document = ranked.documents[one.index]
        result["document"] = {"text": document} if isinstance(document, str) else document
    return result


def tei_answer(ranked: Ranked) -> list[dict[str, Any]]:
    """The bare list of text-embeddings-inference."""
    rows: list[dict[str, Any]] = [{"index": one.index, "score": one.score} for one in ranked.results]
    if ranked.asked.return_text:
        rows = [row | {"text": ranked.texts[row["index"]]} for row in rows]
    return rows
