from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from tokenizers import Tokenizer as Backend
from tokenizers import normalizers

from dragoman.errors import Untrusted
from dragoman.text.lock import UNIVERSAL_TEXTS, make_lock, verify_lock
from dragoman.text.tokenizer import Tokenizer

SAMPLES = {
    "fr": ["où est ma commande", "je veux être remboursé"],
    "ko": ["내 주문은 어디에 있나요"],
    "en": ["my order"],
}
EVERYTHING = ["where is my order", "I want my money back", "wo ist meine Bestellung", "ich möchte mein Geld zurück"]


def changed(tokenizer: Tokenizer, change: Any) -> Tokenizer:
    """A copy of the tokenizer whose backend was changed."""
    backend = Backend.from_str(tokenizer.to_json())
    change(backend)
    return Tokenizer(backend, max_tokens=tokenizer.max_tokens)


def with_normalizer(backend: Backend, normalizer: Any) -> None:
    backend.normalizer = normalizer


def kind_of(char: str) -> tuple[str, str]:
    """Category, and the first word of the name: enough to tell a joiner from a direction mark."""
    return unicodedata.category(char), unicodedata.name(char, "").split(" ")[0]


def test_the_tokenizer_that_made_the_lock_passes(tokenizer: Tokenizer) -> None:
    lock = make_lock(tokenizer, SAMPLES)
    verify_lock(tokenizer, lock)
    verify_lock(changed(tokenizer, lambda backend: None), lock)
    assert json.loads(lock)["format"] == 1


def test_the_lock_holds_the_universal_texts_and_each_sample_in_both_forms(tokenizer: Tokenizer) -> None:
    texts = [(language, text) for language, text, _ in json.loads(make_lock(tokenizer, SAMPLES))["texts"]]
    assert [text for language, text in texts if language == "und"] == list(UNIVERSAL_TEXTS)
    for sample in SAMPLES["fr"]:
        assert ("fr", sample) in texts
        assert ("fr", unicodedata.normalize("NFD", sample)) in texts
    assert len(texts) == len(set(texts))


def test_the_universal_texts_are_different_and_can_be_written() -> None:
    assert len(set(UNIVERSAL_TEXTS)) == len(UNIVERSAL_TEXTS)
    assert all(text.encode().decode() == text for text in UNIVERSAL_TEXTS)


@pytest.mark.parametrize(
    "what", ["\u200c", "\u200d", "\u200f", "\u0301", "\U0001f3fd", "\uff21", "\uff76", "\u0661", "\x00", "\u00ad"]
)
def test_the_universal_texts_have_what_tokenizers_differ_in(what: str) -> None:
    assert kind_of(what) in {kind_of(char) for char in "".join(UNIVERSAL_TEXTS)}


def test_the_order_of_languages_does_not_matter_and_the_bytes_are_ascii(tokenizer: Tokenizer) -> None:
    lock = make_lock(tokenizer, SAMPLES)
    assert make_lock(tokenizer, dict(reversed(SAMPLES.items()))) == lock
    assert lock.isascii()


@pytest.mark.parametrize(
    "normalizer",
    [
        normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()]),
        normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()]),
        normalizers.Sequence([normalizers.NFKC(), normalizers.StripAccents(), normalizers.Lowercase()]),
        normalizers.NFKC(),
        normalizers.Lowercase(),
    ],
)
def test_another_normalizer_is_refused(tokenizer: Tokenizer, normalizer: Any) -> None:
    lock = make_lock(tokenizer, SAMPLES)
    other = changed(tokenizer, lambda backend: with_normalizer(backend, normalizer))
    with pytest.raises(Untrusted, match=r"differs at token \d+: expected \[.*\], got \["):
        verify_lock(other, lock)


def test_the_first_text_that_differs_is_shown_with_both_ids(tokenizer: Tokenizer) -> None:
    lock = json.loads(make_lock(tokenizer, SAMPLES))
    row = next(row for row in lock["texts"] if row[:2] == ["fr", "je veux être remboursé"])
    got, row[2][2] = list(row[2]), 599
    with pytest.raises(Untrusted) as caught:
        verify_lock(tokenizer, json.dumps(lock).encode())
    start = " ".join(map(str, got[:2]))
    assert f"'je veux \\xeatre rembours\\xe9' (fr) differs at token 2: expected [{start} 599" in caught.value.message
    assert f"got [{start} {got[2]}" in caught.value.message


def test_a_long_text_is_shown_around_the_difference(tokenizer: Tokenizer) -> None:
    lock = json.loads(make_lock(tokenizer, {}))
    row = next(row for row in lock["texts"] if row[1] == "a" * 1000)
    row[2][25] = 599
    with pytest.raises(Untrusted, match=r"a'\.\.\. \(und\) differs at token 25: expected \[\.\.\. ") as caught:
        verify_lock(tokenizer, json.dumps(lock).encode())
    assert len(caught.value.message) < 400


def test_other_ids_of_the_same_pieces_are_refused(tokenizer: Tokenizer) -> None:
    raw = json.loads(tokenizer.to_json())
    raw["model"]["vocab"][300], raw["model"]["vocab"][301] = raw["model"]["vocab"][301], raw["model"]["vocab"][300]
    swapped = Tokenizer(Backend.from_str(json.dumps(raw)), max_tokens=tokenizer.max_tokens)
    with pytest.raises(Untrusted, match="differs at token"):
        verify_lock(swapped, make_lock(tokenizer, SAMPLES | {"en": EVERYTHING}))


def test_another_size_or_length_is_refused(tokenizer: Tokenizer) -> None:
    lock = make_lock(tokenizer, SAMPLES)
    with pytest.raises(Untrusted, match="its max_tokens is 16, the lock says 32"):
        verify_lock(Tokenizer(Backend.from_str(tokenizer.to_json()), max_tokens=16), lock)
    with pytest.raises(Untrusted, match="its vocabulary is"):
        verify_lock(changed(tokenizer, lambda backend: backend.add_tokens(["order"])), lock)


@pytest.mark.parametrize(
    "lock", [b"", b"{}", b"[]", b"\xff", b'{"format": 1, "max_tokens": 32, "vocabulary": 600, "texts": [["en", "a"]]}']
)
def test_a_file_that_is_no_lock_is_refused(tokenizer: Tokenizer, lock: bytes) -> None:
    with pytest.raises(Untrusted, match="cannot be read"):
        verify_lock(tokenizer, lock)


def test_a_lock_of_a_later_format_is_refused(tokenizer: Tokenizer) -> None:
    lock = json.loads(make_lock(tokenizer, {})) | {"format": 2}
    with pytest.raises(Untrusted, match="has the format 2"):
        verify_lock(tokenizer, json.dumps(lock).encode())
