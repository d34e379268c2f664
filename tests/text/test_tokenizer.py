from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.errors import InvalidCheckpoint
from dragoman.text.tokenizer import TOKENIZER_FILE, Tokenizer, train_unigram

TEXTS = ["where is my order", "où est ma commande", "где мой заказ", "注文した荷物はどこですか"] * 3


def test_special_tokens_have_the_ids_of_xlm_r(tokenizer: Tokenizer) -> None:
    pieces = [tokenizer.backend.id_to_token(id) for id in range(4)]
    assert pieces == ["<s>", "<pad>", "</s>", "<unk>"]
    assert tokenizer.mask_token == tokenizer.vocabulary - 1


def test_a_text_stands_between_its_special_tokens(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("where is my order").ids
    assert (ids[0], ids[-1]) == (0, 2)
    assert tokenizer.encode("").ids == [0, 2]


@given(text=st.text(max_size=200))
def test_no_text_is_longer_than_allowed_or_unknown(tokenizer: Tokenizer, text: str) -> None:
    encoded = tokenizer.encode(text)
    assert 2 <= len(encoded.ids) <= tokenizer.max_tokens
    assert encoded.unknown == 0


@given(texts=st.lists(st.text(max_size=100), max_size=5))
def test_many_texts_give_what_each_gives_alone(tokenizer: Tokenizer, texts: list[str]) -> None:
    assert tokenizer.encode_many(texts) == [tokenizer.encode(text) for text in texts]


@pytest.mark.parametrize("length", [10, 500])
def test_a_cut_text_says_so(tokenizer: Tokenizer, length: int) -> None:
    truncated = length > tokenizer.max_tokens
    assert tokenizer.encode("q " * length).truncated is truncated
    assert tokenizer.encode_many(["q " * length])[0].truncated is truncated


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("où est ma commande", "ou\u0300 est ma commande"),
        ("ＷＨＥＲＥ　ｉｓ", "where is"),
        ("می\u200cخواهم", "میخواهم"),
        ("\u200fطلبيتي\u200e", "طلبيتي"),
        ("my\x00\t order\u2028", "my order"),
    ],
)
def test_spellings_that_look_the_same_give_the_same_ids(tokenizer: Tokenizer, text: str, same: str) -> None:
    assert tokenizer.encode(text).ids == tokenizer.encode(same).ids


def test_training_again_gives_the_same_tokenizer() -> None:
    first, second = (train_unigram(TEXTS, vocabulary=500, max_tokens=16) for _ in range(2))
    assert first.to_json() == second.to_json()


def test_a_written_tokenizer_reads_back(tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / TOKENIZER_FILE).write_text(tokenizer.to_json(), encoding="utf-8")
    again = Tokenizer.read(tmp_path, max_tokens=tokenizer.max_tokens)
    assert again.encode_many(TEXTS) == tokenizer.encode_many(TEXTS)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match=r"has no tokenizer\.json"):
        Tokenizer.read(tmp_path, max_tokens=16)


def test_a_tokenizer_with_more_pieces_than_the_model_is_refused(tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / TOKENIZER_FILE).write_text(tokenizer.to_json(), encoding="utf-8")
    pieces = tokenizer.vocabulary
    assert Tokenizer.read(tmp_path, max_tokens=16, vocabulary=pieces).vocabulary == pieces

    with pytest.raises(InvalidCheckpoint, match=rf"has {pieces} pieces; .* rows for {pieces - 1}\."):
        Tokenizer.read(tmp_path, max_tokens=16, vocabulary=pieces - 1)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff"])
def test_a_broken_tokenizer_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / TOKENIZER_FILE).write_bytes(content)
    with pytest.raises(InvalidCheckpoint, match="cannot be read"):
        Tokenizer.read(tmp_path, max_tokens=16)


def test_a_text_is_cut_while_another_thread_writes_the_tokenizer(tokenizer: Tokenizer) -> None:
    stop = threading.Event()

    def write_until_stopped() -> None:
        while not stop.is_set():
            tokenizer.to_json()

    writer = threading.Thread(target=write_until_stopped)
    writer.start()
    longest = max(len(tokenizer.encode("q " * 500).ids) for _ in range(300))
    stop.set()
    writer.join()
    assert longest == tokenizer.max_tokens
