"""What belongs together in a table: rows of one group, translations of one text, texts that are the same or similar."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.columns import coded, first_rows
from dragoman.data.duplicates import components_of, find_duplicates
from dragoman.data.duplicates.normal_form import digests_of, normalize_texts
from dragoman.data.duplicates.texts import TextSource
from dragoman.records import SplitRules

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["Units", "draw", "units_of"]

Ints = NDArray[np.int64]
Draws = NDArray[np.uint64]
NONE = np.uint64(2**64 - 1)


class Units(NamedTuple):
    """The units of a table's rows, and a number for each that looks random and depends on what is in it alone."""

    of_row: Ints  # [rows] from 0
    draws: Draws  # [units]
    row_draws: Draws  # [rows] of the row's own text, or of all its values

    @property
    def total(self) -> int:
        return len(self.draws)


def units_of(table: pa.Table, rules: SplitRules, row_digests: NDArray[np.bytes_]) -> Units:
    """Join rows that share a group, a parallel id, or (nearly) a text, directly or through others.

    A unit draws by its least group; if it has none, by its least parallel id; else by its least text. So a row that is
    added to a group moves nothing, and neither does one that is added elsewhere.
    """
    links, kinds = [], []
    for kind, name in (("group", rules.group), ("parallel", rules.parallel)):
        if name:
            codes, values = coded(table.column(name))
            links.append(first_rows(codes))
            kinds.append(
                _of_codes(
                    codes, _draws((f"{kind}\0{value}".encode(errors="surrogatepass") for value in values), rules.seed)
                )
            )
    if rules.text:
        texts = table.column(rules.text)
        links.append(find_duplicates(texts, near=rules.near).clusters())
        row_draws = _draws(_text_digests(texts), rules.seed)
    else:
        row_draws = _draws(row_digests.tolist(), rules.seed)
    return _joined(links, [*kinds, row_draws])


def draw(key: bytes, seed: str) -> int:
    """A number of 64 bits, as if at random, but always the same for the same key and seed."""
    return int.from_bytes(hashlib.blake2b(key, key=_key_of(seed), digest_size=8).digest())


@lru_cache(maxsize=16)
def _key_of(seed: str) -> bytes:
    return hashlib.blake2b(seed.encode(errors="surrogatepass"), digest_size=32).digest()


def _draws(keys: Iterable[bytes], seed: str) -> Draws:
    return np.fromiter((draw(key, seed) for key in keys), dtype=np.uint64)


def _of_codes(codes: Ints, draws: Draws) -> Draws:
    """The draw of each row's value; the highest number for a row without one."""
    return np.concatenate([draws, [NONE]]).astype(np.uint64)[codes]


def _text_digests(column: pa.ChunkedArray) -> Iterable[bytes]:
    source, rows = TextSource(column), np.arange(len(column))
    for start, stop in source.spans(rows):
        yield from digests_of(normalize_texts(source.take(rows[start:stop])))


def _joined(links: list[Ints], kinds: list[Draws]) -> Units:
    """Units from links (each row's first relative); the first kind of draw that any row of a unit has is its own."""
    rows = np.arange(len(kinds[-1]))
    pairs = [np.stack([link, rows], axis=1)[link != rows] for link in links]
    roots = components_of(len(rows), np.concatenate([np.zeros((0, 2), dtype=np.int64), *pairs]))
    firsts, of_row = np.unique(roots, return_inverse=True)
    draws = np.full(len(firsts), NONE)
    for kind in reversed(kinds):
        least = np.full(len(firsts), NONE)
        np.minimum.at(least, of_row, kind)
        draws = np.where(least < NONE, least, draws)
    return Units(of_row.astype(np.int64), draws, kinds[-1])
