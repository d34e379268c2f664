from __future__ import annotations

import pytest
from tests.serving.tasks.asking import unigram, word_piece

from dragoman.serving.tasks.blanks import blank_tokens
from dragoman.serving.tasks.words import group_words, widen_to_words
from dragoman.text.graphemes import Graphemes
from dragoman.text.tokenizer import Tokenizer


def words_of(text: str, tokenizer: Tokenizer) -> list[str]:
    """The text of each word, of those that hold any."""
    tokens = tokenizer.tokenize_many([text], with_offsets=True)[0]
    blank = blank_tokens(tokenizer)
    words = group_words(tokens, Graphemes(text), blank=blank)
    assert [index for word in words for index in word] == list(range(len(tokens)))
    held = [[tokens.offsets[index] for index in word if tokens.ids[index] not in blank] for word in words]
    return [text[min(one)[0] : max(end for _, end in one)] for one in held if one]


def test_words_are_what_stands_between_spaces() -> None:
    assert words_of("where  Владимир\tсейчас, Hà", unigram()) == ["where", "Владимир", "сейчас,", "Hà"]


def test_words_are_what_the_pre_tokenizer_makes_them() -> None:
    assert words_of("Merkel, Été", word_piece()) == ["Merkel", ",", "Été"]


@pytest.mark.parametrize("text", ["東京都に住んで", "我住在北京市", "กรุงเทพ", "မြန်မာ"])
def test_every_token_is_a_word_where_there_are_no_spaces(text: str) -> None:
    words = words_of(text, unigram())
    borders = set(Graphemes(text).borders)
    assert "".join(words) == text
    assert len(words) > 1
    assert all(sum(map(len, words[:count])) in borders for count in range(len(words)))


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ("in Paris, now", (4, 6), "Paris"),
        ("у Владимира", (3, 4), "Владимира"),
        ("می\u200cخواهم بروم", (0, 2), "می\u200cخواهم"),
        ("iPhoneを買う", (1, 3), "iPhone"),
        ("東京都に", (1, 2), "京"),
        ("3.5 km", (0, 1), "3"),
    ],
)
def test_a_span_is_widened_to_whole_words(text: str, span: tuple[int, int], expected: str) -> None:
    start, end = widen_to_words(Graphemes(text), *span)
    assert text[start:end] == expected
