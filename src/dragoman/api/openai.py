"""OpenAI's dialect: embeddings."""

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
from dragoman.api.token_ids import Text, texts_aside
from dragoman.api.truncation import Direction, is_cut, long_texts
from dragoman.errors import InvalidRequest
from dragoman.records import EmbeddingPrediction
from dragoman.serving.options import Priority

__all__ = ["OpenaiApi"]

MAX_INPUTS = 2_048  # the most that any array of a request may hold


class EmbeddingsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/embeddings`; what OpenAI does not know, but for `prompt_name`, is vLLM's."""

    input: str | list[str | int | list[int]]
    model: str
    encoding_format: Literal["float", "base64"] | None = None  # float
    dimensions: Annotated[int, Meta(ge=1)] | None = None
    user: str | None = None
    prompt_name: str | None = None
    truncate_prompt_tokens: int | None = None
    truncation_side: Direction | None = None
    priority: int | None = None  # 0: online; more: bulk


class OpenaiApi:
    """`/v1/embeddings`, also as `/embeddings` and `/openai/v1/embeddings`."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self._reader = BodyReader(EmbeddingsRequest, example='{"model": "NAME", "input": ["Where is my order?"]}')

    def routes(self) -> list[Route]:
        paths = ("/v1/embeddings", "/embeddings", "/openai/v1/embeddings")
        return [Route(path, self.intake.endpoint(self.embeddings), methods=["POST"]) for path in paths]

    async def embeddings(self, request: Request, body: bytes) -> Response:
        asked = self._reader.read(body)
        with self.intake.model(asked.model, "embedding") as model:
            texts = await texts_aside(checked(asked.input), model.tokenizer)
            cut = is_cut(asked.truncate_prompt_tokens, model.backbone.max_tokens)
            parameters = parameters_of(
                model,
                normalize=True,
                dimensions=asked.dimensions,
                prompt_name=asked.prompt_name,
                **long_texts(cut, asked.truncation_side, model.serving),
            )
            priority: Priority = "bulk" if (asked.priority or 0) > 0 else "online"
            options = options_of(request, priority=priority, subject=asked.user)
            answer = await self.intake.ask(model, texts, parameters, options)
        vectors = [vector_of(one, asked.encoding_format) for one in answer.predictions]
        return json_answer(embeddings_answer(vectors, model=asked.model, tokens=answer.usage.tokens))


def embeddings_answer(vectors: list[Any], *, model: str, tokens: int) -> dict[str, Any]:
    data = [{"object": "embedding", "index": index, "embedding": one} for index, one in enumerate(vectors)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def vector_of(prediction: Any, encoding: str | None) -> Any:
    """The vector as an array, or as bytes, which become base64 in JSON: little-endian float32."""
    assert isinstance(prediction, EmbeddingPrediction)
    vector = np.asarray(prediction.embedding)
    return vector.astype("<f4", copy=False).tobytes() if encoding == "base64" else vector


def checked(given: str | list[Text | int]) -> str | list[Text | int]:
    for array in [given, *given] if isinstance(given, list) else []:
        if isinstance(array, list) and not 0 < len(array) <= MAX_INPUTS:
            raise InvalidRequest(
                f"'input' has an array of {len(array)}; 1 to {MAX_INPUTS} are accepted.", help="send several requests."
            )
    return given
