"""What a row says, in a form in which the same is the same: keys that do not change from one collection to the next."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from dragoman.data.duplicates.normal_form import digests_of, normalize_texts

__all__ = ["key_of_features", "keys_of_texts", "split_of"]

TEXTS_AT_ONCE = 20_000  # bounds memory: code points are numbers of 32 bits
DEV, TEST = 0.1, 0.1

encode = msgspec.json.Encoder(order="sorted", enc_hook=str).encode


def keys_of_texts(texts: Sequence[str]) -> list[bytes]:
    """16 bytes for each text: the same for texts that differ in case, marks that nobody sees, signs or spaces only."""
    return [key for chunk in _chunks(texts) for key in digests_of(normalize_texts(chunk))]


def key_of_features(features: Mapping[str, Any]) -> bytes:
    """16 bytes for the columns of a row; a number is the same whether it is whole or not, and what is missing is not
    there.
    """
    known = {name: _plain(value) for name, value in features.items() if value is not None}
    return hashlib.blake2b(encode(known), digest_size=16).digest()


def split_of(key: bytes) -> str:
    """The split of a row that no old one has a say in: 80% train, 10% dev, 10% test, by its key alone."""
    drawn = int.from_bytes(hashlib.blake2b(key, digest_size=8, person=b"split").digest()) / 2**64
    return "test" if drawn < TEST else "dev" if drawn < TEST + DEV else "train"


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        yield texts[start : start + TEXTS_AT_ONCE]


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
