"""An encoder in eight bits: what is stored, and how it is read back without being loaded.

Matrices are int8 with one scale per output, so that `weight ≈ values * scale[:, None]`; the word table has one scale
per word. Query, key and value are one matrix of `3 * hidden` outputs. Norms, biases, positions and token types stay
float32. The file is plain safetensors, the same for every processor: a session packs it for the machine it runs on.

Activations are quantised while running, per token, so that an answer never depends on its neighbours
(Dettmers et al. 2022, arXiv:2208.07339, call it row-wise).
"""

from __future__ import annotations

import json
import math
import mmap
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidCheckpoint
from dragoman.models.config import EncoderConfig
from dragoman.store.files import atomic_file

__all__ = [
    "QUANTIZED_FILE",
    "QuantizedFile",
    "quantize_encoder",
    "quantize_rows",
    "quantized_arrays",
    "read_quantized",
    "write_quantized",
]

QUANTIZED_FILE = "model.int8.safetensors"
FORMAT = "dragoman-int8-1"
LARGEST = 127
SMALLEST = 1e-30  # below it a row counts as zeros: the inverse of its scale would be infinite
ROWS_AT_ONCE = 4096  # of the word table: what is worked on stays in the processor's cache
PARTS = ("query", "key", "value")
WORDS = "roberta.embeddings.word_embeddings"

Array = NDArray[Any]
Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]
KINDS: dict[str, Any] = {"I8": np.int8, "F32": np.float32}


class Place(NamedTuple):
    """An array of the file: kind, shape, first and last byte of the data."""

    kind: str
    shape: tuple[int, ...]
    start: int
    end: int


class QuantizedFile(NamedTuple):
    """A quantised encoder, mapped from its file: an array is read from disk when it is first used."""

    arrays: dict[str, Array]
    mapping: mmap.mmap

    def forget(self) -> None:
        """Give back the memory of everything read so far; what is used again is read again."""
        self.mapping.madvise(mmap.MADV_DONTNEED)


def quantize_rows(rows: Floats, *, name: str = "rows") -> tuple[Bytes, Floats]:
    """`[N, K]` → int8 `[N, K]` and scales `[N]`: a row's largest magnitude becomes 127; a row of zeros has scale 0.

    Raises `InvalidCheckpoint`, with `name`, for a value that is infinite or not a number.
    """
    values = np.empty(rows.shape, dtype=np.int8)
    scales = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        scales[part] = _scales(rows[part], name)
        inverse = np.divide(np.float32(1), scales[part], out=np.zeros_like(scales[part]), where=scales[part] > 0)
        scaled = rows[part] * inverse[:, None]
        values[part] = np.rint(scaled, out=scaled)
    return values, scales


def _scales(rows: Floats, name: str) -> Floats:
    largest = np.maximum(rows.max(axis=1), -rows.min(axis=1))
    if not np.isfinite(largest).all():
        raise InvalidCheckpoint(
            f"'{name}' has a value that is infinite or not a number.", help="Train or fetch the checkpoint again."
        )
    largest[largest < SMALLEST] = 0
    scales: Floats = largest / np.float32(LARGEST)
    return scales


# What is stored ------------------------------------------------------------------------------------------------------


def quantized_arrays(config: EncoderConfig, arrays: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    """Name and array of everything stored, one after the other, from a checkpoint's `arrays`.

    Raises `InvalidCheckpoint` for a weight that is infinite or not a number.
    """
    yield from _quantized_matrix(WORDS, arrays[f"{WORDS}.weight"])
    for name in ("position_embeddings.weight", "token_type_embeddings.weight", "LayerNorm.weight", "LayerNorm.bias"):
        yield f"roberta.embeddings.{name}", arrays[f"roberta.embeddings.{name}"]
    for number in range(config.layers):
        yield from _quantized_layer(f"roberta.encoder.layer.{number}.", arrays)


def _quantized_layer(layer: str, arrays: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    mixed = f"{layer}attention.self."
    yield from _quantized_matrix(f"{mixed}mixed", np.concatenate([arrays[f"{mixed}{part}.weight"] for part in PARTS]))
    yield f"{mixed}mixed.bias", np.concatenate([arrays[f"{mixed}{part}.bias"] for part in PARTS])
    for name in ("attention.output", "output"):
        yield f"{layer}{name}.LayerNorm.weight", arrays[f"{layer}{name}.LayerNorm.weight"]
        yield f"{layer}{name}.LayerNorm.bias", arrays[f"{layer}{name}.LayerNorm.bias"]
    for name in ("attention.output.dense", "intermediate.dense", "output.dense"):
        yield from _quantized_matrix(f"{layer}{name}", arrays[f"{layer}{name}.weight"])
        yield f"{layer}{name}.bias", arrays[f"{layer}{name}.bias"]


def _quantized_matrix(name: str, matrix: Floats) -> Iterator[tuple[str, Array]]:
    values, scale = quantize_rows(matrix, name=f"{name}.weight")
    yield f"{name}.weight", values
    yield f"{name}.weight_scale", scale


def quantize_encoder(config: EncoderConfig, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Everything that `write_quantized` stores, in memory."""
    return dict(quantized_arrays(config, arrays))


def stored_shapes(config: EncoderConfig) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Kind and shape of every stored array, by name. Floats come first: so all are aligned."""
    hidden, wide = config.hidden, config.intermediate
    floats: dict[str, tuple[int, ...]] = {
        "roberta.embeddings.position_embeddings.weight": (config.positions, hidden),
        "roberta.embeddings.token_type_embeddings.weight": (config.token_types, hidden),
        "roberta.embeddings.LayerNorm.weight": (hidden,),
        "roberta.embeddings.LayerNorm.bias": (hidden,),
    }
    matrices: dict[str, tuple[int, int]] = {}
    for number in range(config.layers):
        layer = f"roberta.encoder.layer.{number}."
        matrices[f"{layer}attention.self.mixed"] = (3 * hidden, hidden)
        matrices[f"{layer}attention.output.dense"] = (hidden, hidden)
        matrices[f"{layer}intermediate.dense"] = (wide, hidden)
        matrices[f"{layer}output.dense"] = (hidden, wide)
        for name in ("attention.output", "output"):
            floats |= {f"{layer}{name}.LayerNorm.{part}": (hidden,) for part in ("weight", "bias")}
    floats |= {f"{name}.bias": shape[:1] for name, shape in matrices.items()}
    matrices[WORDS] = (config.vocabulary, hidden)
    floats |= {f"{name}.weight_scale": shape[:1] for name, shape in matrices.items()}
    bytes_ = {f"{name}.weight": shape for name, shape in matrices.items()}
    return {name: ("F32", shape) for name, shape in floats.items()} | {
        name: ("I8", shape) for name, shape in bytes_.items()
    }


# The file ------------------------------------------------------------------------------------------------------------


def write_quantized(path: Path, config: EncoderConfig, arrays: Mapping[str, Array]) -> None:
    """Quantise a checkpoint's `arrays` into the file, one array at a time.

    Raises `InvalidCheckpoint` for weights that are not finite, and `StorageFull`.
    """
    places = _places(config)
    head = _head(config, places)
    with atomic_file(path) as file:
        file.write(head)
        for name, array in quantized_arrays(config, arrays):
            file.seek(len(head) + places[name].start)
            file.write(np.ascontiguousarray(array, dtype=KINDS[places[name].kind]).data)


def _places(config: EncoderConfig) -> dict[str, Place]:
    places, start = {}, 0
    for name, (kind, shape) in stored_shapes(config).items():
        end = start + math.prod(shape) * np.dtype(KINDS[kind]).itemsize
        places[name] = Place(kind, shape, start, end)
        start = end
    return places


def _head(config: EncoderConfig, places: Mapping[str, Place]) -> bytes:
    """Length and JSON header of a safetensors file, padded so that the data begin at a cache line."""
    described: dict[str, Any] = {
        "__metadata__": {"format": FORMAT, "config": msgspec.json.encode(config).decode()},
    }
    for name, place in places.items():
        described[name] = {"dtype": place.kind, "shape": place.shape, "data_offsets": [place.start, place.end]}
    text = json.dumps(described, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % 64)
    return struct.pack("<Q", len(text)) + text


def read_quantized(path: Path, config: EncoderConfig) -> QuantizedFile:
    """Map the file. Raises `InvalidCheckpoint` unless it holds exactly the arrays of a quantised `config`."""
    places, head = _places(config), _head(config, _places(config))
    try:
        with path.open("rb") as file:
            same = file.read(len(head)) == head
            mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise InvalidCheckpoint(f"{path} cannot be read: {error}.", help="Quantise the checkpoint again.") from None
    if not same or len(mapping) != len(head) + max(place.end for place in places.values()):
        mapping.close()
        raise InvalidCheckpoint(
            f"{path} is not the quantised form of this {config.family} encoder.", help="Quantise the checkpoint again."
        )
    return QuantizedFile({name: _mapped(mapping, len(head), place) for name, place in places.items()}, mapping)


def _mapped(mapping: mmap.mmap, base: int, place: Place) -> Array:
    count = math.prod(place.shape)
    return np.frombuffer(mapping, KINDS[place.kind], count, base + place.start).reshape(place.shape)
