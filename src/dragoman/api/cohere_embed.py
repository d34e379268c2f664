"""Cohere's dialect: embeddings, versions 1 and 2 of its API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader
from dragoman.api.intake import Intake, options_of, parameters_of
from dragoman.api.truncation import LongTexts
from dragoman.errors import EmptyInput, InvalidRequest
from dragoman.serving.ids import new_id
from dragoman.serving.model import Answer, Model
from dragoman.serving.tasks.embedding import Embedding

__all__ = ["CohereEmbedApi"]

EmbeddingType = Literal["float", "base64", "binary", "ubinary"]
InputType = Literal["search_query", "search_document", "classification", "clustering"]

PROMPTS: dict[InputType, tuple[str, ...]] = {  # by what names models have prompts for them
    "search_query": ("search_query", "query"),
    "search_document": ("search_document", "document", "passage"),
    "classification": ("classification",),
    "clustering": ("clustering",),
}
LONG_TEXTS: dict[str, LongTexts] = {
    "NONE": {"too_long": "refuse", "truncate_from": None},
    "START": {"too_long": "truncate", "truncate_from": "start"},
    "END": {"too_long": "truncate", "truncate_from": None},
}


class CohereEmbedRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v2/embed`, and of `/v1/embed`, whose `model` may be left out."""

    texts: list[str]
    model: str | None = None
    input_type: InputType | None = None
    embedding_types: list[EmbeddingType] | None = None
    output_dimension: Annotated[int, Meta(ge=1)] | None = None
    truncate: Literal["NONE", "START", "END"] = "END"
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    priority: int | None = None  # 0: online; more: bulk


class CohereEmbedApi:
    """`/v1/embed` and `/v2/embed`. Vectors have length 1."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self._reader = BodyReader(CohereEmbedRequest, example='{"model": "NAME", "texts": ["Where is my order?"]}')

    def routes(self) -> list[Route]:
        return [Route(path, self.intake.endpoint(self.embed), methods=["POST"]) for path in ("/v1/embed", "/v2/embed")]

    async def embed(self, request: Request, body: bytes) -> Response:
        asked = self._reader.read(body)
        if not asked.texts:
            raise EmptyInput("There are no texts to embed.", help="send at least one.")
        options = options_of(request, priority="bulk" if (asked.priority or 0) > 0 else "online")
        with self.intake.model(asked.model, "embedding") as model:
            check_limit(asked.max_tokens, model)
            parameters = parameters_of(
                model,
                normalize=True,
                dimensions=asked.output_dimension,
                prompt_name=prompt_for(asked.input_type, model),
                **LONG_TEXTS[asked.truncate],
            )
            answer = await self.intake.ask(model, asked.texts, parameters, options)
        return json_answer(cohere_answer(asked, answer, version="2" if request.url.path.startswith("/v2") else "1"))


def prompt_for(kind: InputType | None, model: Model) -> str | None:
    """The name of the model's prompt for a kind of input; None where it has none."""
    prompts = model.task.settings.prompts if isinstance(model.task, Embedding) else {}
    return next((name for name in PROMPTS[kind] if name in prompts), None) if kind else None


def check_limit(limit: int | None, model: Model) -> None:
    if limit is not None and limit < model.backbone.max_tokens:
        raise InvalidRequest(
            f"'max_tokens' is {limit}; the model reads {model.backbone.max_tokens} tokens.",
            help="leave it out, and shorten the texts.",
        )


def cohere_answer(asked: CohereEmbedRequest, answer: Answer, *, version: str) -> dict[str, Any]:
    """Vectors by type; version 1, where no type is asked for, has a list of vectors."""
    vectors: list[Any] = [np.asarray(one.embedding) for one in answer.predictions]  # type: ignore[attr-defined]
    is_list = version == "1" and asked.embedding_types is None
    by_type = {kind: [vector_as(kind, one) for one in vectors] for kind in asked.embedding_types or ["float"]}
    tokens = answer.usage.tokens
    return {
        "id": new_id(),
        "response_type": "embeddings_floats" if is_list else "embeddings_by_type",
        "embeddings": by_type["float"] if is_list else by_type,
        "texts": asked.texts,
        "meta": {
            "api_version": {"version": version},
            "billed_units": {"input_tokens": tokens},
            "tokens": {"input_tokens": tokens},
        },
    }


def vector_as(kind: EmbeddingType, vector: Any) -> Any:
    """An array, or bytes, which become base64: little-endian float32. Bits are signs, eight in a number."""
    if kind == "float":
        return vector
    if kind == "base64":
        return vector.astype("<f4", copy=False).tobytes()
    bits = np.packbits(vector > 0)
    return bits if kind == "ubinary" else (bits.astype(np.int16) - 128).astype(np.int8)
