"""The dialect of text-embeddings-inference (TEI), version 1.9."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api.abilities import Ability, needs
from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader
from dragoman.api.compute_headers import compute_headers
from dragoman.api.intake import Intake, options_of, parameters_of
from dragoman.api.readiness import Readiness
from dragoman.api.rerank import RerankApi
from dragoman.api.tei_info import info_of
from dragoman.api.tei_tokens import TeiTokens
from dragoman.api.token_ids import texts_aside
from dragoman.api.truncation import Direction, long_texts
from dragoman.errors import EmptyInput, InvalidRequest, WrongTask
from dragoman.records import TextInput
from dragoman.serving.model import Answer

__all__ = ["TeiApi"]

MOST_OF_A_PAIR = 2
TASKS = ("text-classification", "embedding", "rerank")


class TeiRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every request may say of long texts."""

    truncate: bool | None = None
    truncation_direction: Direction | None = None


class EmbedAllRequest(TeiRequest, frozen=True, kw_only=True):
    inputs: str | list[str | int | list[int]]
    prompt_name: str | None = None


class EmbedRequest(EmbedAllRequest, frozen=True, kw_only=True):
    normalize: bool = True
    dimensions: Annotated[int, Meta(ge=1)] | None = None


class ClassifyRequest(TeiRequest, frozen=True, kw_only=True):
    inputs: str | list[str | list[str]]
    raw_scores: bool = False


class Sentences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    source_sentence: str
    sentences: list[str]


class SimilarityParameters(TeiRequest, frozen=True, kw_only=True):
    prompt_name: str | None = None


class SimilarityRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    inputs: Sentences
    parameters: SimilarityParameters | None = None


class VertexRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What Vertex AI sends: requests of the other kinds, and `parameters`, which TEI does not read either."""

    instances: list[msgspec.Raw]


EMBED = BodyReader(EmbedRequest, example='{"inputs": "Where is my order?"}')
EMBED_ALL = BodyReader(EmbedAllRequest, example='{"inputs": "Where is my order?"}')
CLASSIFY = BodyReader(ClassifyRequest, example='{"inputs": "Where is my order?"}')
VERTEX = BodyReader(VertexRequest, example='{"instances": [{"inputs": "Where is my order?"}]}')
SIMILARITY = BodyReader(SimilarityRequest, example='{"inputs": {"source_sentence": "a", "sentences": ["b"]}}')


class Embedded(NamedTuple):
    """Texts, and the answer for each."""

    texts: list[str]
    answer: Answer

    @property
    def vectors(self) -> list[Any]:
        return [one.embedding for one in self.answer.predictions]  # type: ignore[attr-defined]


class TeiApi:
    """The routes of TEI, for the first model of the right task; under `/models/{name}`, for that model."""

    def __init__(self, intake: Intake, readiness: Readiness, rerank: RerankApi) -> None:
        self.intake, self.readiness, self.rerank = intake, readiness, rerank
        self.tokens = TeiTokens(intake)

    def routes(self) -> list[Route]:
        posts: dict[str, Callable[[Request, bytes], Coroutine[Any, Any, Response]]] = {
            "/embed": self.embed,
            "/embed_all": self.embed_all,
            "/embed_sparse": self.embed_sparse,
            "/predict": self.predict,
            "/similarity": self.similarity,
            "/tokenize": self.tokens.tokenize,
            "/decode": self.tokens.decode,
        }
        asked = [
            Route(f"{prefix}{path}", self.intake.endpoint(handler), methods=["POST"])
            for prefix in ("", "/models/{name}")
            for path, handler in posts.items()
        ]
        default = self.intake.endpoint(self.default)
        return [
            *asked,
            Route("/", default, methods=["POST"]),
            Route("/invocations", default, methods=["POST"]),
            Route("/vertex", self.intake.endpoint(self.vertex), methods=["POST"]),
            Route("/info", self.info, methods=["GET"]),
            Route("/models/{name}/info", self.info, methods=["GET"]),
            Route("/health", self.health, methods=["GET"]),
            Route("/ping", self.health, methods=["GET"]),
        ]

    async def embed(self, request: Request, body: bytes) -> Response:
        started, asked = time.monotonic(), EMBED.read(body)
        with self.intake.model(request.path_params.get("name"), "embedding") as model:
            parameters = parameters_of(
                model,
                normalize=asked.normalize,
                dimensions=asked.dimensions,
                prompt_name=asked.prompt_name,
                **long_texts(asked.truncate, asked.truncation_direction, model.serving),
            )
            texts = await texts_aside(asked.inputs, model.tokenizer)
            embedded = Embedded(texts, await self.intake.ask(model, texts, parameters, options_of(request)))
        return told(embedded.vectors, embedded, started)

    async def embed_all(self, request: Request, body: bytes) -> Response:
        started, asked = time.monotonic(), EMBED_ALL.read(body)
        with self.intake.model(request.path_params.get("name"), "embedding") as model:
            parameters = parameters_of(
                model,
                pooling="none",
                prompt_name=asked.prompt_name,
                **long_texts(asked.truncate, asked.truncation_direction, model.serving),
            )
            texts = await texts_aside(asked.inputs, model.tokenizer)
            embedded = Embedded(texts, await self.intake.ask(model, texts, parameters, options_of(request)))
        return told(embedded.vectors, embedded, started)

    async def embed_sparse(self, request: Request, body: bytes) -> Response:
        raise WrongTask("No model here gives sparse vectors.", help="use /embed.")

    async def predict(self, request: Request, body: bytes) -> Response:
        started, asked = time.monotonic(), CLASSIFY.read(body)
        inputs, is_batch = pairs_of(asked.inputs)
        with self.intake.model(request.path_params.get("name"), "text-classification") as model:
            parameters = parameters_of(
                model,
                raw_scores=asked.raw_scores or None,
                **long_texts(asked.truncate, asked.truncation_direction, model.serving),
            )
            answer = await self.intake.ask(model, inputs, parameters, options_of(request))
        rows = [one.labels for one in answer.predictions]  # type: ignore[attr-defined]
        texts = [one.text + (one.pair or "") for one in inputs]
        return told(rows if is_batch else rows[0], Embedded(texts, answer), started)

    async def similarity(self, request: Request, body: bytes) -> Response:
        started, asked = time.monotonic(), SIMILARITY.read(body)
        said = asked.parameters or SimilarityParameters()
        texts = [asked.inputs.source_sentence, *asked.inputs.sentences]
        if not asked.inputs.sentences:
            raise EmptyInput("There are no sentences to compare with.", help="send at least one.")
        with self.intake.model(request.path_params.get("name"), "embedding") as model:
            parameters = parameters_of(
                model,
                normalize=True,
                prompt_name=said.prompt_name,
                **long_texts(said.truncate, said.truncation_direction, model.serving),
            )
            embedded = Embedded(texts, await self.intake.ask(model, texts, parameters, options_of(request)))
        source, *others = embedded.vectors
        return told(np.stack(others) @ source, embedded, started)

    async def default(self, request: Request, body: bytes) -> Response:
        """What the first model does: classify, rank, embed; compare, if the body has sentences to compare."""
        if b'"source_sentence"' in body:
            return await self.similarity(request, body)
        with self.intake.model(None, *TASKS) as model:
            task = model.task.name
        handlers = {"text-classification": self.predict, "embedding": self.embed, "rerank": self.rerank.rerank}
        return await handlers[task](request, body)

    async def vertex(self, request: Request, body: bytes) -> Response:
        """Several requests in one, each for what the first model does; the first error is the answer to all."""
        instances = VERTEX.read(body).instances
        if not instances:
            raise EmptyInput("There are no instances.", help="send at least one.")
        try:
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(self.default(request, bytes(one))) for one in instances]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return json_answer({"predictions": [msgspec.Raw(one.result().body) for one in asked]})

    @needs(Ability.SEE, keeps_scope=True)
    async def info(self, request: Request) -> Response:
        with self.intake.model(request.path_params.get("name")) as model:
            return json_answer(info_of(model))

    @needs(None)
    async def health(self, request: Request) -> Response:
        await self.readiness.check()
        return Response()


def told(content: Any, embedded: Embedded, started: float) -> Response:
    """An answer with what it cost in its headers."""
    return json_answer(content, headers=compute_headers(embedded.answer.usage, embedded.texts, started))


def pairs_of(given: str | Sequence[str | list[str]]) -> tuple[list[TextInput], bool]:
    """What to classify, and whether it is a batch: `["a", "b"]` is one pair, `[["a"], ["b"]]` are two texts."""
    if not given:
        raise EmptyInput("The input is empty.", help="send a text.")
    if isinstance(given, str):
        return [TextInput(text=given)], False
    flat = [one for one in given if isinstance(one, str)]
    if flat and len(flat) < len(given):
        raise InvalidRequest("The input mixes texts and lists.", help='send a batch as [["a"], ["b", "c"]].')
    if flat:
        return [pair_of(flat)], False
    return [pair_of(one) for one in given if isinstance(one, list)], True


def pair_of(texts: list[str]) -> TextInput:
    if not 0 < len(texts) <= MOST_OF_A_PAIR:
        raise InvalidRequest(
            f"A list of {len(texts)} texts is no text and no pair.", help='send a batch as [["a"], ["b", "c"]].'
        )
    return TextInput(text=texts[0], pair=texts[1] if len(texts) == MOST_OF_A_PAIR else None)
