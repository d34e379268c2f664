from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from sentencepiece import SentencePieceProcessor
from tests.training.world import small_examples

from dragoman.text import tokenizer as module
from dragoman.text.tokenizer import Tokenizer, train_unigram


class Unigram(NamedTuple):
    """A trained tokenizer, and the SentencePiece model that it was made from."""

    tokenizer: Tokenizer
    sentencepiece: SentencePieceProcessor


@pytest.fixture(scope="session")
def unigram() -> Iterator[Unigram]:
    models: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        convert = module._from_sentencepiece
        patch.setattr(module, "_from_sentencepiece", lambda model: models.append(model) or convert(model))
        texts = [example.text for example in small_examples()]
        tokenizer = train_unigram(texts, vocabulary=400, max_tokens=24)
    yield Unigram(tokenizer, SentencePieceProcessor(model_proto=models[0]))


@pytest.fixture(scope="session")
def tokenizer(unigram: Unigram) -> Tokenizer:
    return unigram.tokenizer
