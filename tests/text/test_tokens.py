from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text.small import FAMILIES, SENTENCES, small_tokenizer

from dragoman.text.lock import UNIVERSAL_TEXTS
from dragoman.text.tokenizer import Tokenizer
from dragoman.text.tokens import Tokens


def tokens_of(tokenizer: Tokenizer, text: str) -> Tokens:
    return tokenizer.tokenize_many([text], with_offsets=True)[0]


def words_of(tokenizer: Tokenizer, text: str) -> list[str]:
    """What stands in the text at each word, from its first token's start to its last token's end."""
    tokens = tokens_of(tokenizer, text)
    spans: dict[int | None, list[tuple[int, int]]] = {}
    for word, (start, end) in zip(tokens.words, tokens.offsets, strict=True):
        if end > start:
            spans.setdefault(word, []).append((start, end))
    return [text[min(start for start, _ in one) : max(end for _, end in one)] for one in spans.values()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" where  is\tmy\n order ", ["where", "is", "my", "order"]),
        ("où est ma commande", ["où", "est", "ma", "commande"]),
        ("ou\u0300 e\u0301st", ["ou\u0300", "e\u0301st"]),
        (unicodedata.normalize("NFD", "đơn hàng của tôi"), unicodedata.normalize("NFD", "đơn hàng của tôi").split()),
        ("q\u0323\u0301x q\u0301\u0323", ["q\u0323\u0301x", "q\u0301\u0323"]),
        ("\u1112\u1161\u11ab \uff76\uff9e", ["\u1112\u1161\u11ab", "\uff76\uff9e"]),
        ("كِتَابٌ وين", ["كِتَابٌ", "وين"]),
        ("می\u200cخواهم ok", ["می\u200cخواهم", "ok"]),
        ("\u200fطلبيتي\u200e وين", ["طلبيتي", "وين"]),
        ("ที่นี่ ดี", ["ที่นี่", "ดี"]),
        ("मेरा ऑर्डर", ["मेरा", "ऑर्डर"]),
        ("my 👍🏻 👨\u200d👩\u200d👧 ❤\ufe0f", ["my", "👍🏻", "👨\u200d👩\u200d👧", "❤\ufe0f"]),
        ("ﬁne ① ㍿x", ["ﬁne", "①", "㍿x"]),
        ("ＷＨＥＲＥ　İs STRAẞE", ["ＷＨＥＲＥ", "İs", "STRAẞE"]),
        ("my\x00order\x07", ["my", "order"]),
        ("𠮷野家 x", ["𠮷野家", "x"]),
    ],
)
def test_words_stand_in_the_text_as_it_was_given(tokenizer: Tokenizer, text: str, words: list[str]) -> None:
    assert words_of(tokenizer, text) == words


@pytest.mark.parametrize("family", FAMILIES)
def test_spans_lie_inside_the_text_in_order_without_space_at_their_edges(family: str) -> None:
    tokenizer = small_tokenizer(family)
    for text in (*SENTENCES, *UNIVERSAL_TEXTS):
        tokens = tokens_of(tokenizer, text)
        assert len(tokens.offsets) == len(tokens.words) == len(tokens)
        starts = [start for start, _ in tokens.offsets]
        assert starts == sorted(starts)
        for start, end in tokens.offsets:
            assert 0 <= start <= end <= len(text)
            assert text[start:end] == text[start:end].strip()


@given(text=st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_every_visible_character_of_any_text_is_in_a_token(tokenizer: Tokenizer, text: str) -> None:
    covered = {place for start, end in tokens_of(tokenizer, text).offsets for place in range(start, end)}
    assert all(place in covered for place, character in enumerate(text) if unicodedata.category(character)[0] in "LNPS")


def test_bytes_of_unknown_characters_stand_at_their_own_character(tokenizer: Tokenizer) -> None:
    tokens = tokens_of(tokenizer, "ჰაჯ")
    assert sorted(set(tokens.offsets)) == [(0, 1), (1, 2), (2, 3)]


def test_a_byte_level_token_without_its_space_is_the_word() -> None:
    assert words_of(small_tokenizer("roberta"), "where is  my") == ["where", "is", "my"]


def test_stripped_accents_belong_to_their_letter() -> None:
    assert words_of(small_tokenizer("bert"), "ou\u0300 est") == ["ou\u0300", "est"]
