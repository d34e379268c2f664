"""Rows of a table by the digest of their values: which rows there are, whatever their order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["checksums_of", "digest_rows"]

PART = 8192  # rows that are handled at once

Digests = NDArray[np.bytes_]  # [rows], 32 bytes each


def digest_rows(table: pa.Table, *, without: Sequence[str] = ()) -> Digests:
    """SHA-256 of each row: of a JSON object with its columns by name, without some columns."""
    names = sorted(set(table.column_names) - set(without))
    encode = msgspec.json.Encoder(enc_hook=str, order="sorted").encode
    digests = np.empty(table.num_rows, dtype="S32")
    at = 0
    for batch in table.select(names).to_batches(max_chunksize=PART):
        rows = batch.to_pylist()
        digests[at : at + len(rows)] = [hashlib.sha256(encode(row)).digest() for row in rows]
        at += len(rows)
    return digests


def checksums_of(digests: Digests, splits: NDArray[np.int64], names: Sequence[str]) -> dict[str, str]:
    """Split → SHA-256 of the digests of its rows, sorted. `splits` is `[rows]`, the place of each row's in `names`."""
    return {
        name: hashlib.sha256(np.sort(digests[splits == number]).tobytes()).hexdigest()
        for number, name in enumerate(names)
    }
