"""Keys of many rows on disk, and which of them are not the only one. Exact, in bounded memory."""

from __future__ import annotations

import secrets
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dragoman.data.rules.key_hash import WORD, Words, hash_texts, mix, unmix
from dragoman.data.rules.key_texts import KeyTexts
from dragoman.data.rules.utf8 import text_bytes
from dragoman.store.files import full_disk_as_error

__all__ = ["Doubles", "KeyStore"]

PART_KEYS = 4_000_000  # sorted at once: some 60 bytes of memory for each
READ_KEYS = 1_000_000

Ints = NDArray[np.int64]


class Doubles(NamedTuple):
    """Rows whose key another row has as well."""

    numbers: Ints  # of the rows, ascending
    keys: int  # how many different keys they have


class _Files(NamedTuple):
    hashes: IO[bytes]
    numbers: IO[bytes]
    texts: KeyTexts | None


class KeyStore:
    """Keys and the numbers of their rows in temporary files: 16 bytes a key, and for a text 8 more and the text.

    Keys are compared by 64-bit hashes, a part of their range sorted at a time. Texts with the same hash are then
    compared byte by byte; different integers have different hashes.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.count = 0
        self._folder = folder or Path(tempfile.gettempdir())
        self._seed = secrets.randbits(64)
        self._files: _Files | None = None  # until the first key comes

    def add(self, keys: pa.Array, numbers: Ints) -> None:
        """Add keys without nulls, always of the same type: 64-bit integers, or texts. Raises `StorageFull`."""
        with full_disk_as_error(self._folder):
            files = self._files = self._files or _open(self._folder, texts=not pa.types.is_integer(keys.type))
            if files.texts is None:
                hashes = mix(np.asarray(keys.to_numpy()).view(np.uint64) ^ np.uint64(self._seed))
            else:
                data, starts = text_bytes(keys)
                hashes = hash_texts(data, starts, self._seed)
                files.texts.add(data, starts)
            files.hashes.write(hashes.data)
            files.numbers.write(np.ascontiguousarray(numbers).data)
        self.count += len(keys)

    def close(self) -> None:
        for file in self._files or ():
            if file is not None:
                file.close()
        self._files = None

    def doubles(self) -> Doubles:
        """The rows whose keys are not the only ones of their kind. Nothing can be added afterwards."""
        if (files := self._files) is None or not self.count:
            return Doubles(np.zeros(0, np.int64), 0)
        files.numbers.flush()
        if files.texts is not None:
            files.texts.flush()
        found = [_in_part(places, hashes, files.texts) for places, hashes in _parts(files.hashes, self.count)]
        numbers = np.memmap(files.numbers, np.int64, mode="r")
        return Doubles(np.sort(numbers[np.concatenate([part for part, _ in found])]), sum(keys for _, keys in found))

    def key_of(self, number: int) -> int | bytes:
        """The key of a row that `doubles` named: an integer, or a text in UTF-8."""
        assert self._files is not None
        place = int(np.searchsorted(np.memmap(self._files.numbers, np.int64, mode="r"), number))
        if self._files.texts is not None:
            return self._files.texts.text(place)
        self._files.hashes.seek(place * WORD)
        value = unmix(int.from_bytes(self._files.hashes.read(WORD), "little")) ^ self._seed
        return value - 2**64 if value >= 2**63 else value


def _open(folder: Path, *, texts: bool) -> _Files:
    hashes, numbers = (tempfile.TemporaryFile(dir=folder) for _ in range(2))  # noqa: SIM115 (see `close`)
    return _Files(hashes, numbers, KeyTexts(folder) if texts else None)


def _parts(file: IO[bytes], count: int) -> Iterator[tuple[Ints, Words]]:
    """Places and hashes of the keys, one part of the range of hashes after the other."""
    parts = -(-count // PART_KEYS)
    width = np.uint64(2**64 // parts + 1) if parts > 1 else None
    for part in range(parts):
        read = [_read_part(file, start, part, width) for start in range(0, count, READ_KEYS)]
        places, hashes = zip(*read, strict=True)
        yield np.concatenate(places), np.concatenate(hashes)


def _read_part(file: IO[bytes], start: int, part: int, width: np.uint64 | None) -> tuple[Ints, Words]:
    file.seek(start * WORD)
    hashes = np.frombuffer(file.read(READ_KEYS * WORD), np.uint64)
    places = np.arange(start, start + len(hashes))
    if width is None:
        return places, hashes
    inside = np.flatnonzero(hashes // width == part)
    return places[inside], hashes[inside]


def _in_part(places: Ints, hashes: Words, texts: KeyTexts | None) -> tuple[Ints, int]:
    """The places of the doubles, and how many keys they have."""
    ordered = np.sort(hashes)
    double = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(double):
        return np.zeros(0, np.int64), 0
    groups = np.minimum(np.searchsorted(double, hashes), len(double) - 1)
    hits = np.flatnonzero(double[groups] == hashes)
    if texts is None:
        return places[hits], len(double)
    return _verified(texts, places[hits], groups[hits])


def _verified(texts: KeyTexts, places: Ints, groups: Ints) -> tuple[Ints, int]:
    """Leave out texts that share the hash of others, but are not the same."""
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    same = texts.same(places, places[first][group])
    mixed = np.isin(group, group[~same])
    alike: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for place, number in zip(places[mixed].tolist(), group[mixed].tolist(), strict=True):
        alike[number, texts.text(place)].append(place)
    doubles = [found for found in alike.values() if len(found) > 1]
    by_hand = [np.array(found, np.int64) for found in doubles]
    return np.concatenate([places[~mixed], *by_hand]), len(np.unique(group[~mixed])) + len(doubles)
