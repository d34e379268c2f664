"""Arrays that are stored in a folder, read one at a time."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes
import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from dragoman.errors import InvalidCheckpoint, MissingExtra
from dragoman.store.files import full_disk_as_error

__all__ = ["INDEX_FILE", "TORCH_FILE", "WEIGHTS_FILE", "StoredArray", "StoredArrays", "find_arrays", "write_arrays"]

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
TORCH_FILE = "pytorch_model.bin"
FETCH_AGAIN = "Fetch the checkpoint again."

Array = NDArray[Any]

DTYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16}


class StoredArray(NamedTuple):
    """An array whose shape is known and whose numbers are still in their file."""

    shape: tuple[int, ...]
    read: Callable[[], Array]


class StoredArrays(Mapping[str, NDArray[np.float32]]):
    """Arrays by name. Each look-up reads its array anew, as float32, and keeps nothing: only what the caller holds is
    in memory.

    A look-up raises `InvalidCheckpoint` when the file cannot be read any more.
    """

    def __init__(self, stored: Mapping[str, StoredArray], folder: Path) -> None:
        self._stored, self._folder = dict(stored), folder

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: array.shape for name, array in self._stored.items()}

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        stored = self._stored[name]
        try:
            return np.asarray(stored.read(), dtype=np.float32, order="C")
        except (SafetensorError, OSError, ValueError, TypeError) as error:
            raise _unreadable(self._folder, error) from None

    def __contains__(self, name: object) -> bool:
        return name in self._stored

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)


def find_arrays(folder: Path) -> dict[str, StoredArray]:
    """The arrays of a folder, by the names in its files: safetensors, one or many, or a file of torch.

    Those of torch are read at once; the file is closed when the last array is forgotten. Raises `InvalidCheckpoint`.
    """
    try:
        if (folder / WEIGHTS_FILE).is_file():
            return _in_safetensors(folder / WEIGHTS_FILE)
        if (folder / INDEX_FILE).is_file():
            return _in_shards(folder)
    except (SafetensorError, OSError, ValueError) as error:
        raise _unreadable(folder, error) from None
    if (folder / TORCH_FILE).is_file():
        return _in_torch_file(folder / TORCH_FILE)
    raise InvalidCheckpoint(f"{folder} has no weights: neither {WEIGHTS_FILE} nor {TORCH_FILE}.", help=FETCH_AGAIN)


def _unreadable(folder: Path, error: Exception) -> InvalidCheckpoint:
    return InvalidCheckpoint(f"The weights in {folder} cannot be read: {error}.", help=FETCH_AGAIN)


# Safetensors --------------------------------------------------------------------------------------------------------


class Entry(msgspec.Struct, frozen=True):
    """What the header of a safetensors file says of an array."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]  # from the end of the header


class OpenFile:
    """A file that stays the same one, and open, as long as somebody may read from it."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)

    def read(self, start: int, size: int) -> NDArray[np.uint8]:
        """Bytes straight into their array: a library would hold them twice."""
        data = np.empty(size, dtype=np.uint8)
        rest = data.data
        while rest:
            got = os.preadv(self._descriptor, [rest], start + size - len(rest))
            if not got:
                raise OSError("the file has become shorter")
            rest = rest[got:]
        return data


def _in_safetensors(path: Path) -> dict[str, StoredArray]:
    with safe_open(path, framework="np"):  # refuses a file whose header does not fit its length
        file = OpenFile(path)
    length = int.from_bytes(file.read(0, 8).tobytes(), "little")
    header = msgspec.json.decode(file.read(8, length).tobytes(), type=dict[str, Any])
    header.pop("__metadata__", None)
    entries = msgspec.convert(header, dict[str, Entry])
    return {
        name: StoredArray(entry.shape, partial(_read_entry, file, 8 + length, entry)) for name, entry in entries.items()
    }


def _read_entry(file: OpenFile, base: int, entry: Entry) -> Array:
    if entry.dtype not in DTYPES:
        raise ValueError(f"numbers of type {entry.dtype}")
    start, end = entry.data_offsets
    numbers: Array = file.read(base + start, end - start).view(DTYPES[entry.dtype])
    return numbers.reshape(entry.shape)


class Index(msgspec.Struct, frozen=True):
    """Which file holds which array of a large checkpoint."""

    weight_map: dict[str, str]


def _in_shards(folder: Path) -> dict[str, StoredArray]:
    """The arrays of the files that the index names. One of another folder is refused: an index is not to be trusted."""
    index = msgspec.json.decode((folder / INDEX_FILE).read_bytes(), type=Index)
    shards = sorted(set(index.weight_map.values()))
    if outside := [shard for shard in shards if Path(shard).name != shard]:
        raise ValueError(f"{INDEX_FILE} names {outside[0]!r}, which is no file of the folder")
    return {name: array for shard in shards for name, array in _in_safetensors(folder / shard).items()}


def _in_torch_file(path: Path) -> dict[str, StoredArray]:
    try:
        import torch  # optional: only checkpoints in the old format need it
    except ImportError:
        raise MissingExtra.of("train", f"Reading {path.name}") from None
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InvalidCheckpoint(f"{path} cannot be read: {error}.", help=FETCH_AGAIN) from None
    if not isinstance(tensors, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in tensors.values()):
        raise InvalidCheckpoint(f"{path} holds no tensors by name.", help=FETCH_AGAIN)

    def stored(tensor: torch.Tensor) -> StoredArray:
        return StoredArray(tuple(tensor.shape), lambda: tensor.detach().float().numpy())

    return {str(name): stored(tensor) for name, tensor in tensors.items()}


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write a safetensors file that others can read. Raises `StorageFull`."""
    with full_disk_as_error(path):
        save_file(dict(arrays), path, metadata={"format": "pt"})
    path.chmod(0o644)  # safetensors writes 0600
