"""The native kernels, found beside this package and called through ctypes, which lets other threads run meanwhile.

The library is C++17 without dependencies (`native/`), built when the package is installed, for Linux on x86-64. Where
this machine cannot use it, `why_native_is_unavailable` says why and ONNX Runtime runs the model.
"""

from __future__ import annotations

import ctypes
import functools
import os
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from dragoman.errors import InvalidInput, MissingExtra, Unavailable

__all__ = [
    "ISAS",
    "LIBRARY_FILE",
    "PlainLayer",
    "PlainWeights",
    "Shape",
    "check_code",
    "isa_number",
    "load_library",
    "measure_int8_rate",
    "measure_product_rate",
    "native_available",
    "native_isas",
    "pointer",
    "usable_cores",
    "why_native_is_unavailable",
]

LIBRARY_FILE = Path(__file__).with_name("native") / "libdragoman_native.so"
ISAS = {"amx": 1, "avx512_vnni": 2}  # the numbers that the library knows them by; best first
BEST = 0
PRODUCT_SHAPES = ((768, 768), (768, 3072), (3072, 768))  # inputs and outputs of an XLM-R base layer's products

OK, OUT_OF_MEMORY, NO_THREADS = 0, 1, 2

Pointer = ctypes.c_void_p
Array = NDArray[Any]


class Shape(ctypes.Structure):
    """`struct Shape` of shape.h."""

    _fields_ = (
        ("vocabulary", ctypes.c_int32),
        ("hidden", ctypes.c_int32),
        ("layers", ctypes.c_int32),
        ("heads", ctypes.c_int32),
        ("intermediate", ctypes.c_int32),
        ("positions", ctypes.c_int32),
        ("token_types", ctypes.c_int32),
        ("activation", ctypes.c_int32),
        ("norm_epsilon", ctypes.c_float),
    )


class PlainWeights(ctypes.Structure):
    """`struct PlainWeights` of packing.h."""

    _fields_ = (("values", Pointer), ("scale", Pointer), ("bias", Pointer), ("inputs", ctypes.c_int))


class PlainLayer(ctypes.Structure):
    """`struct PlainLayer` of model.h."""

    _fields_ = (
        ("mix", PlainWeights),
        ("attended", PlainWeights),
        ("widen", PlainWeights),
        ("narrow", PlainWeights),
        ("attended_norm_weight", Pointer),
        ("attended_norm_bias", Pointer),
        ("output_norm_weight", Pointer),
        ("output_norm_bias", Pointer),
    )


INT, LONG = ctypes.c_int, ctypes.c_int64
SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "dragoman_isas": (INT, []),
    "dragoman_create": (INT, [ctypes.POINTER(Shape), INT, INT, ctypes.POINTER(Pointer)]),
    "dragoman_destroy": (None, [Pointer]),
    "dragoman_set_embeddings": (INT, [Pointer] * 7),
    "dragoman_set_layer": (INT, [Pointer, INT, ctypes.POINTER(PlainLayer)]),
    "dragoman_run": (INT, [*[Pointer] * 5, LONG, LONG, Pointer, INT]),
    "dragoman_take_profile": (None, [Pointer, Pointer]),
    "dragoman_int8_rate": (INT, [INT, INT, INT, INT, INT, ctypes.c_double, ctypes.POINTER(ctypes.c_double)]),
}


@functools.cache
def load_library() -> ctypes.CDLL:
    """The library. Raises `MissingExtra` where it was not built."""
    try:
        library = ctypes.CDLL(str(LIBRARY_FILE))
    except OSError as error:
        raise MissingExtra(
            f"The native kernels cannot be loaded: {error}.",
            help="Install a C++ compiler and then this package again, on Linux and x86-64.",
        ) from None
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def native_isas() -> list[str]:
    """The instruction sets that the library can use on this machine, best first."""
    bits = load_library().dragoman_isas()
    return [name for name, bit in ISAS.items() if bits & bit]


def why_native_is_unavailable() -> str:
    """One sentence; empty if this machine can run the native kernels."""
    try:
        found = native_isas()
    except MissingExtra as error:
        return error.message
    return "" if found else "This processor has neither AMX nor AVX-512 VNNI."


def native_available() -> bool:
    """Whether `NativeSession` works here. `why_native_is_unavailable` tells the reason if not."""
    return not why_native_is_unavailable()


def isa_number(isa: str) -> int:
    """The library's number of an instruction set, or of "auto". Raises `InvalidInput` or `Unavailable`."""
    if isa == "auto":
        return BEST
    if isa not in ISAS:
        raise InvalidInput(f"There is no instruction set '{isa}'.", help=f"Choose auto, {' or '.join(ISAS)}.")
    if isa not in native_isas():
        raise Unavailable(f"This processor has no '{isa}'.", help=f"It has: {', '.join(native_isas()) or 'none'}.")
    return ISAS[isa]


def check_code(code: int) -> None:
    """Raise what a return code of the library means."""
    if code == OUT_OF_MEMORY:
        raise MemoryError("The native kernels got no memory for this batch.")
    if code == NO_THREADS:
        raise Unavailable("The system gives no more threads.", help="Raise the limit of threads, or use fewer.")
    if code != OK:
        raise Unavailable(why_native_is_unavailable(), help="Use ONNX Runtime on this machine.")


def pointer(array: Array) -> int:
    """Where the array's numbers lie. The caller keeps the array alive while the library uses it."""
    assert array.flags.c_contiguous
    return int(array.__array_interface__["data"][0])


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0))


def measure_product_rate(
    inputs: int, outputs: int, *, rows: int, seconds: float, threads: int = 0, isa: str = "auto"
) -> float:
    """Operations per second of one bare int8 matrix product over and over: what its operands' place in memory costs."""
    rate = ctypes.c_double()
    code = load_library().dragoman_int8_rate(
        isa_number(isa), threads or usable_cores(), rows, inputs, outputs, seconds, ctypes.byref(rate)
    )
    check_code(code)
    return rate.value


def measure_int8_rate(*, seconds: float = 3.0, threads: int = 0, rows: int = 256, isa: str = "auto") -> float:
    """Operations per second of bare int8 matrix products (2 per multiply-add), all threads, no scales and no biases.

    The best of the shapes of an XLM-R base layer, each measured for its part of `seconds`.
    """
    part = seconds / len(PRODUCT_SHAPES)
    return max(
        measure_product_rate(inputs, outputs, rows=rows, seconds=part, threads=threads, isa=isa)
        for inputs, outputs in PRODUCT_SHAPES
    )
