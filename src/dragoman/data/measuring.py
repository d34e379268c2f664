"""What is in a version: how many rows, of which splits, languages and labels, and the digest of all of them."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["Measure", "Measured", "RowsDigest"]

MOST_VALUES = 1_000  # of a column that is counted; one that has more is no category
RUN_ROWS = 2**20  # digests that are sorted at once: 32 MB
BUCKETS = 256  # a power of two
DIGEST_BYTES = 32

Digests = NDArray[np.bytes_]  # [rows], 32 bytes each


class Measured(NamedTuple):
    """What is in a version."""

    rows: int
    digest: str
    counts: dict[str, dict[str, int]]  # column → value → rows; empty for a column with very many values


class Measure:
    """Looks at all rows once; `folder` takes what does not fit into some 50 MB. Use it in a `with` block."""

    def __init__(self, *, categories: Iterable[str], folder: Path) -> None:
        self.rows = 0
        self._digest = RowsDigest(folder)
        self._counts = {name: Counter[str]() for name in categories}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._digest.close()

    def add(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        self._digest.add(batch)
        for name in self._counts.keys() & set(batch.schema.names):
            _count(batch.column(name), self._counts[name])

    def measured(self) -> Measured:
        """What was seen so far."""
        counts = {name: _few(found) for name, found in self._counts.items()}
        return Measured(self.rows, self._digest.hexdigest(), counts)


def _count(column: Any, counts: Counter[str]) -> None:
    if len(counts) <= MOST_VALUES:
        for value in column.value_counts().to_pylist():
            if value["values"] is not None:
                counts[str(value["values"])] += value["counts"]


def _few(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items())) if len(counts) <= MOST_VALUES else {}


class RowsDigest:
    """SHA-256 of the sorted SHA-256 digests of rows: the same for any order of the same rows, however often they stand.

    Sorting, unlike adding digests up, leaves no way to make other rows with the same result. Runs of sorted digests go
    to a temporary file; at the end one bucket (by first byte) after the other is merged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._waiting: list[Digests] = []
        self._runs: list[tuple[int, NDArray[np.int64]]] = []  # where each begins, and its buckets in it
        self._file: IO[bytes] | None = None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(digests_of(batch))
        if sum(map(len, self._waiting)) >= RUN_ROWS:
            self._write_run()

    def hexdigest(self) -> str:
        """The digest of the rows so far."""
        total = hashlib.sha256()
        if not self._runs:
            total.update(_sorted(self._waiting).tobytes())
            return total.hexdigest()
        self._write_run()
        for bucket in range(BUCKETS):
            total.update(_sorted([self._read(run, bucket) for run in self._runs]).tobytes())
        return total.hexdigest()

    def _write_run(self) -> None:
        run, self._waiting = _sorted(self._waiting), []
        if not len(run):
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115 (closed at the end of the block)
        first_bytes = run.view(np.uint8).reshape(-1, DIGEST_BYTES)[:, 0]
        borders = np.searchsorted(first_bytes, np.arange(BUCKETS + 1))
        self._runs.append((self._file.seek(0, 2), borders))
        self._file.write(run.tobytes())

    def _read(self, run: tuple[int, NDArray[np.int64]], bucket: int) -> Digests:
        assert self._file is not None
        start, borders = run
        low, high = int(borders[bucket]), int(borders[bucket + 1])
        self._file.seek(start + low * DIGEST_BYTES)
        return np.frombuffer(self._file.read((high - low) * DIGEST_BYTES), dtype=f"S{DIGEST_BYTES}")


def _sorted(digests: Sequence[Digests]) -> Digests:
    return np.sort(np.concatenate([np.zeros(0, f"S{DIGEST_BYTES}"), *digests]))


# One row ------------------------------------------------------------------------------------------------------------


def digests_of(batch: pa.RecordBatch) -> Digests:
    """SHA-256 of each row: of its values with the names and kinds of their columns; no value counts as no column."""
    sha256 = hashlib.sha256
    found = b"".join([sha256(row).digest() for row in _encoded(batch)])
    return np.frombuffer(found, dtype=f"S{DIGEST_BYTES}")


def _encoded(batch: pa.RecordBatch) -> Iterator[memoryview]:
    """Each row as bytes: for each of its values in the order of their names `NAME KIND LENGTH:VALUE`, end to end."""
    import pyarrow as pa  # heavy: serving does without it
    import pyarrow.compute as pc

    large = pa.large_binary()
    pieces: list[Any] = [pa.array([b""] * batch.num_rows, large)]
    for name in sorted(batch.schema.names):
        kind, values = _as_bytes(batch.column(name))
        lengths = pc.binary_length(values).cast(pa.string()).cast(large)
        start = pa.scalar(f"{msgspec.json.encode(name).decode()} {kind} ".encode(), large)
        separator = pa.scalar(b":", large)
        pieces.append(pc.binary_join_element_wise(start, lengths, separator, values, pa.scalar(b"", large)))
    rows = pc.binary_join_element_wise(*pieces, pa.scalar(b"", large), null_handling="skip")
    offsets = np.frombuffer(rows.buffers()[1], dtype=np.int64)[: len(rows) + 1].tolist() if len(rows) else [0]
    data = memoryview(rows.buffers()[2] or b"")
    return (data[start:stop] for start, stop in pairwise(offsets))


def _as_bytes(array: pa.Array) -> tuple[str, pa.Array]:
    """The kind of a column, and its values as bytes that differ where they do."""
    import pyarrow as pa  # heavy: as above

    kind, large = _kind_of(array.type), pa.large_binary()
    if kind == "o":
        return kind, pa.array([None if value is None else _as_json(value) for value in array.to_pylist()], large)
    if kind == "f":
        array = array.cast(pa.float64()).view(pa.int64())
    elif kind == "t":
        array = array.cast(pa.timestamp("us")).cast(pa.int64())
    elif kind == "b":
        array = array.cast(pa.int8())
    return kind, (array if kind == "y" else array.cast(pa.large_string())).cast(large)


def _kind_of(type: Any) -> str:
    import pyarrow as pa  # heavy: as above

    types = pa.types
    kinds = {
        "s": types.is_string(type) or types.is_large_string(type),
        "y": types.is_binary(type) or types.is_large_binary(type),
        "b": types.is_boolean(type),
        "i": types.is_integer(type),
        "f": types.is_floating(type),
        "t": types.is_timestamp(type),
    }
    return next((kind for kind, is_it in kinds.items() if is_it), "o")


def _as_json(value: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=str)
