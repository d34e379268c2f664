from __future__ import annotations

from itertools import islice

import pytest
import tokenizers
from tokenizers import models

from dragoman.bench.texts import made_texts
from dragoman.errors import InvalidInput
from dragoman.serving.fakes import fake_tokenizer
from dragoman.text.tokenizer import SPACE_MARK, Tokenizer

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def tokenizer_of(*pieces: str) -> Tokenizer:
    names = ("<s>", "<pad>", "</s>", "<unk>", *pieces)
    backend = tokenizers.Tokenizer(models.WordLevel({piece: id for id, piece in enumerate(names)}, unk_token="<unk>"))
    return Tokenizer(backend, max_tokens=16)


def test_no_two_texts_are_the_same() -> None:
    texts = list(islice(made_texts(tokenizer_of(*LETTERS), words=12, seed=0), 50_000))
    assert len(set(texts)) == 50_000


@pytest.mark.parametrize("words", [7, 12])
def test_texts_have_the_words_that_are_asked_for(words: int) -> None:
    texts = islice(made_texts(tokenizer_of(*LETTERS), words=words, seed=0), 100)
    assert {len(text.split(" ")) for text in texts} == {words}


def test_the_seed_decides_the_texts() -> None:
    tokenizer = tokenizer_of(*LETTERS)
    first, again, other = (list(islice(made_texts(tokenizer, words=8, seed=seed), 50)) for seed in (1, 1, 2))
    assert first == again != other


def test_words_are_pieces_that_begin_one_and_consist_of_letters() -> None:
    marked = [f"{SPACE_MARK}{letter}" for letter in LETTERS]
    texts = made_texts(tokenizer_of(*marked, "ing", f"{SPACE_MARK}7", SPACE_MARK), words=8, seed=0)
    assert {word for text in islice(texts, 5_000) for word in text.split(" ")} == set(LETTERS)


def test_a_vocabulary_with_too_few_words_is_refused() -> None:
    with pytest.raises(InvalidInput, match="has 10 whole words: too few for many texts"):
        made_texts(fake_tokenizer(), words=6, seed=0)
