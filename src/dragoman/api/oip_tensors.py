"""Tensors of the Open Inference Protocol: named, typed arrays, as JSON, as bytes, and as rows of text."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidRequest
from dragoman.serving.suggestion import shown

__all__ = ["DATATYPES", "Tensor", "bytes_tensor", "float_tensor", "from_bytes", "from_json", "texts_in", "to_bytes"]

DATATYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    **{f"UINT{8 * size}": np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
    **{f"INT{8 * size}": np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    "BYTES": np.dtype(object),  # each element a `bytes`
}
MOST_DIMENSIONS = 8
LENGTH = struct.Struct("<I")  # before each element of BYTES


class Tensor(NamedTuple):
    """A named array; `data` has the shape and the type."""

    name: str
    datatype: str
    data: NDArray[Any]

    @property
    def shape(self) -> list[int]:
        return list(self.data.shape)


def bytes_tensor(name: str, rows: Sequence[Sequence[str]] | Sequence[str]) -> Tensor:
    """Texts as a tensor of their UTF-8 bytes, `[B]` or `[B, K]`."""
    texts = np.array(rows, dtype=object)
    encoded = np.array([text.encode() for text in texts.reshape(-1)] + [None], dtype=object)[:-1]
    return Tensor(name, "BYTES", encoded.reshape(texts.shape))


def float_tensor(name: str, rows: Any) -> Tensor:
    return Tensor(name, "FP32", np.asarray(rows, dtype=np.float32))


# Reading ------------------------------------------------------------------------------------------------------------


def from_json(name: str, datatype: str, shape: Sequence[int], data: Any) -> Tensor:
    """A tensor from nested or flat JSON data. Raises `InvalidRequest` if type, shape and data do not agree."""
    dtype, flat = dtype_of(name, datatype), flattened(data, len(shape))
    if datatype == "BYTES":
        flat = [encoded(name, one) for one in flat]
    check_shape(name, shape, len(flat))
    try:
        return Tensor(name, datatype, np.array([*flat, None], dtype=object)[:-1].astype(dtype).reshape(shape))
    except (ValueError, TypeError, OverflowError):
        raise InvalidRequest(f"The data of '{name}' are not {datatype}.", help="send numbers of that type.") from None


def from_bytes(name: str, datatype: str, shape: Sequence[int], data: bytes) -> Tensor:
    """A tensor from its binary form: little-endian numbers, or texts each with its length before it."""
    dtype = dtype_of(name, datatype)
    if datatype == "BYTES":
        flat: Any = np.array([*split(name, data), None], dtype=object)[:-1]
    elif len(data) % dtype.itemsize:
        raise InvalidRequest(f"The data of '{name}' end within an element.", help="send whole elements.")
    else:
        flat = np.frombuffer(data, dtype)
    check_shape(name, shape, len(flat))
    return Tensor(name, datatype, flat.reshape(shape))


def texts_in(tensor: Tensor) -> list[str]:
    """The texts of a BYTES tensor, in row-major order."""
    if tensor.datatype != "BYTES":
        raise InvalidRequest(f"'{tensor.name}' is {tensor.datatype}; a text is BYTES.", help="send texts as BYTES.")
    try:
        return [one.decode() for one in tensor.data.reshape(-1)]
    except UnicodeDecodeError:
        raise InvalidRequest(f"A text of '{tensor.name}' is not UTF-8.", help="encode texts as UTF-8.") from None


def dtype_of(name: str, datatype: str) -> np.dtype[Any]:
    if datatype not in DATATYPES:
        raise InvalidRequest(
            f"'{name}' has the unknown datatype {shown(datatype)}.", help=f"valid ones are {', '.join(DATATYPES)}."
        )
    return DATATYPES[datatype]


def check_shape(name: str, shape: Sequence[int], count: int) -> None:
    if len(shape) > MOST_DIMENSIONS:
        raise InvalidRequest(
            f"'{name}' has {len(shape)} dimensions; at most {MOST_DIMENSIONS} are read.", help="send texts as [B]."
        )
    if any(size < 0 for size in shape) or math.prod(shape) != count:
        raise InvalidRequest(
            f"The shape of '{name}' is {list(shape)}; there are {count} elements.", help="let both agree."
        )


def flattened(data: Any, depth: int) -> list[Any]:
    """Row-major elements of lists nested up to `depth` times; what is deeper stays a list."""
    found = data if isinstance(data, list) else [data]
    for _ in range(min(depth, MOST_DIMENSIONS)):
        if not any(isinstance(one, list) for one in found):
            break
        found = [inner for one in found for inner in (one if isinstance(one, list) else [one])]
    return found


def encoded(name: str, one: Any) -> bytes:
    if not isinstance(one, str):
        raise InvalidRequest(f"An element of '{name}' is no text.", help="BYTES in JSON are strings.")
    return one.encode()


def split(name: str, data: bytes) -> list[bytes]:
    """The elements of BYTES in binary form."""
    found, place = [], 0
    while place < len(data):
        start = place + LENGTH.size
        end = start + LENGTH.unpack_from(data, place)[0] if start <= len(data) else math.inf
        if end > len(data):
            raise InvalidRequest(
                f"The data of '{name}' end within an element.", help="write each length in 4 bytes, little-endian."
            )
        found.append(data[start : int(end)])
        place = int(end)
    return found


# Writing ------------------------------------------------------------------------------------------------------------


def to_bytes(tensor: Tensor) -> bytes:
    """The binary form."""
    if tensor.datatype != "BYTES":
        return np.ascontiguousarray(tensor.data, DATATYPES[tensor.datatype]).tobytes()
    return b"".join(part for one in tensor.data.reshape(-1) for part in (LENGTH.pack(len(one)), one))
