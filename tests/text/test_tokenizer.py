from __future__ import annotations

import threading
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text.small import FAMILIES, SENTENCES, small_tokenizer

from dragoman.errors import InvalidCheckpoint
from dragoman.text.lock import UNIVERSAL_TEXTS
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


def test_threads_that_ask_for_different_things_do_not_disturb_each_other(tokenizer: Tokenizer) -> None:
    stop, text = threading.Event(), "q " * 500
    uncut = len(tokenizer.tokenize_many([text])[0])

    def work_until_stopped() -> None:
        while not stop.is_set():
            tokenizer.to_json()
            tokenizer.tokenize_many([text], with_offsets=True)

    worker = threading.Thread(target=work_until_stopped)
    worker.start()
    found = {(len(tokenizer.encode(text).ids), len(tokenizer.tokenize_many([text])[0])) for _ in range(200)}
    stop.set()
    worker.join()
    assert found == {(tokenizer.max_tokens, uncut)}


# Pieces -------------------------------------------------------------------------------------------------------------

MANY_SCRIPTS = [*SENTENCES, *UNIVERSAL_TEXTS]


@pytest.fixture(scope="module", params=FAMILIES)
def any_tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return small_tokenizer(request.param)


def library_of(tokenizer: Tokenizer, *, max_tokens: int) -> tokenizers.Tokenizer:
    """The same tokenizer, cut by the library."""
    library = tokenizers.Tokenizer.from_str(tokenizer.to_json())
    library.enable_truncation(max_tokens)
    return library


def test_joined_tokens_are_what_the_library_gives_when_it_cuts(any_tokenizer: Tokenizer) -> None:
    library, room = library_of(any_tokenizer, max_tokens=any_tokenizer.max_tokens), any_tokenizer.room()
    expected = [library.encode(text).ids for text in MANY_SCRIPTS]
    assert [any_tokenizer.join(one.ids[:room]) for one in any_tokenizer.tokenize_many(MANY_SCRIPTS)] == expected
    assert [one.ids for one in any_tokenizer.encode_many(MANY_SCRIPTS)] == expected


@given(text=st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_joined_tokens_are_what_the_library_gives(tokenizer: Tokenizer, text: str) -> None:
    library = library_of(tokenizer, max_tokens=tokenizer.max_tokens)
    (tokens,) = tokenizer.tokenize_many([text])
    assert tokenizer.join(tokens.ids[: tokenizer.room()]) == library.encode(text).ids


def test_joined_pairs_have_the_ids_and_types_of_the_library(any_tokenizer: Tokenizer) -> None:
    library = library_of(any_tokenizer, max_tokens=100_000)
    for first, second in zip(MANY_SCRIPTS, reversed(MANY_SCRIPTS), strict=True):
        one, two = any_tokenizer.tokenize_many([first, second])
        ids, types = any_tokenizer.join_pair(one.ids, two.ids)
        encoding = library.encode(first, second)
        assert ids == encoding.ids
        assert (types or [0] * len(ids)) == encoding.type_ids


def test_only_token_types_that_are_not_zero_are_given() -> None:
    assert small_tokenizer("xlm-roberta").join_pair([7], [8, 9]) == ([0, 7, 2, 2, 8, 9, 2], None)
    assert small_tokenizer("bert").join_pair([7], [8, 9]) == ([2, 7, 3, 8, 9, 3], [0, 0, 0, 1, 1, 1])


def test_room_and_starts_count_the_special_tokens(tokenizer: Tokenizer) -> None:
    assert (tokenizer.room(), tokenizer.room(pair=True)) == (30, 28)
    assert (tokenizer.start, tokenizer.pair_starts(5)) == (1, (1, 8))


def test_ids_become_text_and_pieces_again(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("where is my order").ids
    assert tokenizer.decode(ids) == "where is my order"
    assert tokenizer.decode(ids, skip_special_tokens=False).startswith("<s>")
    assert [tokenizer.token(id) for id in (0, 2, 10**6)] == ["<s>", "</s>", ""]
    assert (tokenizer.pad_token, tokenizer.unknown_token) == (1, 3)


def test_few_and_many_texts_give_the_same(tokenizer: Tokenizer) -> None:
    alone = [tokenizer.tokenize_many([text], with_offsets=True)[0] for text in MANY_SCRIPTS]
    together = tokenizer.tokenize_many(MANY_SCRIPTS, with_offsets=True)
    assert [(one.ids, one.offsets, one.words) for one in alone] == [
        (one.ids, one.offsets, one.words) for one in together
    ]
    assert [one.ids for one in tokenizer.tokenize_many(MANY_SCRIPTS)] == [one.ids for one in together]


def test_a_tokenizer_that_makes_no_tokens_is_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match="makes no tokens"):
        Tokenizer(tokenizers.Tokenizer(tokenizers.models.BPE()), max_tokens=16)
