from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.training.conftest import Unigram
from tests.training.world import small_examples

from dragoman.errors import MissingExtra
from dragoman.text.tokenizer import TOKENIZER_FILE, Tokenizer, train_unigram

TEXTS = [example.text for example in small_examples()]
FIRST, LAST = 0, 2
WRITTEN = st.text(
    st.one_of(
        st.sampled_from("please refund invoice верните деньги счёт 0123456789"),
        st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_characters="<▁", exclude_categories=["Cs"]),
        st.sampled_from("日本語ニ\u3000안녕😀👍🏽\u200d\u200b"),
    ),
    max_size=12,
)


def train(texts: list[str]) -> Tokenizer:
    return train_unigram(texts, vocabulary=400, max_tokens=24)


def test_the_same_texts_train_the_same_tokenizer(tokenizer: Tokenizer) -> None:
    assert train(TEXTS).to_json() == tokenizer.to_json()


def test_a_written_tokenizer_reads_back_the_same(tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / TOKENIZER_FILE).write_text(tokenizer.to_json(), encoding="utf-8")

    assert Tokenizer.read(tmp_path, max_tokens=24).to_json() == tokenizer.to_json()


def test_other_texts_train_another_tokenizer(tokenizer: Tokenizer) -> None:
    assert train(TEXTS[:40]).to_json() != tokenizer.to_json()


def test_a_text_gets_the_segmentation_of_sentencepiece(unigram: Unigram) -> None:
    assert_same_segmentation(unigram, TEXTS)


@given(st.lists(WRITTEN, min_size=1, max_size=20))
def test_any_text_gets_the_segmentation_of_sentencepiece(unigram: Unigram, texts: list[str]) -> None:
    assert_same_segmentation(unigram, texts)


def assert_same_segmentation(unigram: Unigram, texts: list[str]) -> None:
    room = unigram.tokenizer.max_tokens - 2
    for text, encoded in zip(texts, unigram.tokenizer.encode_many(texts), strict=True):
        ids = unigram.sentencepiece.encode(unigram.tokenizer.normalize(text))
        assert encoded.ids == [FIRST, *ids[:room], LAST], text
        assert encoded.truncated == (len(ids) > room)
        assert encoded.unknown == 0


def test_the_ids_of_special_tokens_are_those_of_xlm_r(tokenizer: Tokenizer) -> None:
    assert [tokenizer.backend.token_to_id(token) for token in ("<s>", "<pad>", "</s>", "<unk>")] == [0, 1, 2, 3]
    assert tokenizer.mask_token == tokenizer.vocabulary - 1


def test_training_a_tokenizer_without_sentencepiece_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentencepiece", None)

    with pytest.raises(MissingExtra, match=r"dragoman\[train\]"):
        train(TEXTS)
