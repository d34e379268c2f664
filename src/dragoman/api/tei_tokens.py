"""Tokens in the dialect of text-embeddings-inference: `/tokenize` and `/decode`."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import accumulate
from typing import Any

import msgspec
import tokenizers
from starlette.requests import Request
from starlette.responses import Response

from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader
from dragoman.api.intake import Intake
from dragoman.api.token_ids import decoded
from dragoman.errors import EmptyInput, InvalidRequest
from dragoman.serving.model import Model
from dragoman.serving.tasks.choice import HEADS
from dragoman.serving.tasks.embedding import Embedding, EmbeddingParameters

__all__ = ["TeiTokens"]


class TokenizeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    inputs: str | list[str]
    add_special_tokens: bool = True
    prompt_name: str | None = None


class DecodeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ids: list[int | list[int]]
    skip_special_tokens: bool = True


TEXT_TASKS = tuple(HEADS)  # whose models have a tokenizer
TOKENIZE = BodyReader(TokenizeRequest, example='{"inputs": "Where is my order?"}')
DECODE = BodyReader(DecodeRequest, example='{"ids": [0, 5, 2]}')


class TeiTokens:
    """What the tokenizer of a model makes of texts, and texts of ids."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake

    async def tokenize(self, request: Request, body: bytes) -> Response:
        asked = TOKENIZE.read(body)
        texts = [asked.inputs] if isinstance(asked.inputs, str) else asked.inputs
        with self.intake.model(request.path_params.get("name") or self.intake.default(TEXT_TASKS)) as model:
            check_texts(texts, model)
            texts = [prompt_of(model, asked.prompt_name) + text for text in texts]
            encode = partial(model.tokenizer.backend.encode, add_special_tokens=asked.add_special_tokens)
            return await asyncio.to_thread(lambda: json_answer([tokens_of(text, encode(text)) for text in texts]))

    async def decode(self, request: Request, body: bytes) -> Response:
        asked = DECODE.read(body)
        numbers = [one for one in asked.ids if isinstance(one, int)]
        lists = [one for one in asked.ids if not isinstance(one, int)]
        if not asked.ids or (numbers and lists):
            raise InvalidRequest("'ids' is neither ids nor lists of ids.", help="send [0, 5, 2] or [[0, 5, 2]].")
        with self.intake.model(request.path_params.get("name") or self.intake.default(TEXT_TASKS)) as model:
            decode = partial(decoded, tokenizer=model.tokenizer, skip_special_tokens=asked.skip_special_tokens)
            return await asyncio.to_thread(lambda: json_answer([decode(ids) for ids in lists or [numbers]]))


def prompt_of(model: Model, name: str | None) -> str:
    """What the prompt of that name puts before a text; nothing without a name. Raises `InvalidRequest`."""
    if name is None:
        return ""
    if not isinstance(model.task, Embedding):
        raise InvalidRequest(f"Model '{model.name}' has no prompts.", help="leave 'prompt_name' out.")
    return model.task.prompt(EmbeddingParameters(prompt_name=name))


def check_texts(texts: list[str], model: Model) -> None:
    """The bounds of a prediction hold here too."""
    if not texts or not all(texts):
        raise EmptyInput("An input is empty.", help="send texts.")
    most, longest = model.serving.max_inputs, model.serving.max_text_characters
    if len(texts) > most or max(map(len, texts)) > longest:
        raise InvalidRequest(f"At most {most} texts of {longest} characters are accepted.", help="send less at once.")


def tokens_of(text: str, encoding: tokenizers.Encoding) -> list[dict[str, Any]]:
    """Each token; `start` and `stop` count UTF-8 bytes, as TEI's do, so that they fit into no other string."""
    place = (
        [0, *accumulate(len(character.encode()) for character in text)] if not text.isascii() else range(len(text) + 1)
    )
    return [
        {"id": id, "text": token, "special": True, "start": None, "stop": None}
        if special
        else {"id": id, "text": text[start:end], "special": False, "start": place[start], "stop": place[end]}
        for id, token, special, (start, end) in zip(
            encoding.ids, encoding.tokens, encoding.special_tokens_mask, encoding.offsets, strict=True
        )
    ]
