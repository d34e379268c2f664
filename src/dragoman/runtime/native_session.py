"""The native kernels as a session: int8 matrix products over packed tokens, nothing padded.

What it computes for a text is the same to the last bit alone and in any batch, in any order, with any number of
threads.
"""

from __future__ import annotations

import ctypes
import tempfile
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import DragomanError, InvalidInput, InvalidRequest
from dragoman.models.checkpoint import Checkpoint
from dragoman.models.config import EncoderConfig
from dragoman.models.packing import PackedBatch
from dragoman.runtime.footprint import Footprint
from dragoman.runtime.native_library import (
    PlainLayer,
    PlainWeights,
    Shape,
    check_code,
    isa_number,
    load_library,
    pointer,
    usable_cores,
)
from dragoman.runtime.quantization import QUANTIZED_FILE, QuantizedFile, read_quantized, write_quantized
from dragoman.runtime.word_tables import WordTable, shared_table

__all__ = ["STAGES", "NativeSession", "native_session_of"]

ACTIVATIONS = {"gelu": 0, "gelu_new": 1, "relu": 2}
STAGES = (
    "embedding", "mixing", "attending", "projecting", "normalizing", "widening", "quantizing", "narrowing", "output",
)  # fmt: skip
HALVES, WHOLE = (0, 1), 2  # `enum class Part` of engine.h
EMBEDDINGS = "roberta.embeddings."
PACK = "make the batch with models.packing.pack."

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class NativeSession:
    """Runs a quantised encoder on the CPU with `threads` threads (0: as many as this process may use cores).

    `isa` forces an instruction set ("amx", "avx512_vnni"). A word table that is equal to that of another session is
    shared with it; `words` replaces the file's own.
    Raises `InvalidCheckpoint` for a file that does not hold `config`, `MissingExtra` or `Unavailable` where the kernels
    cannot run, and `MemoryError`.
    """

    def __init__(
        self,
        weights: Path,
        config: EncoderConfig,
        *,
        threads: int = 0,
        isa: str = "auto",
        words: WordTable | None = None,
    ) -> None:
        self.config = config
        self.threads = threads or usable_cores()
        self._library = load_library()
        self._engine = _new_engine(config, self.threads, isa)
        try:
            stored = read_quantized(weights, config)
            self.words = _checked(words, config) if words else shared_table(_word_table(stored))
            self.footprint = _footprint(stored, self.words)
            self._load(stored)
        except BaseException:
            self.close()
            raise

    def _load(self, stored: QuantizedFile) -> None:
        """Pack the weights. The word table stays where it is; its pages are read when a word needs them."""
        names = ("position_embeddings.weight", "token_type_embeddings.weight", "LayerNorm.weight", "LayerNorm.bias")
        floats = [pointer(stored.arrays[EMBEDDINGS + name]) for name in names]
        check_code(
            self._library.dragoman_set_embeddings(
                self._engine, pointer(self.words.values), pointer(self.words.scale), *floats
            )
        )
        for number in range(self.config.layers):
            layer = _plain_layer(stored, number)
            check_code(self._library.dragoman_set_layer(self._engine, number, ctypes.byref(layer)))
        stored.forget()

    @property
    def halves(self) -> int:
        return min(self.threads, len(HALVES))

    def run(self, batch: PackedBatch, half: int | None = None) -> Floats:
        """Hidden states of the last layer, `[T, hidden]`, by the threads of one half, or by all.

        Raises `InvalidRequest` for a token, position or type outside its table, and `MemoryError`.
        """
        engine = self._open_engine()
        inputs = _checked_inputs(batch, self.config)
        out = np.empty((batch.tokens, self.config.hidden), dtype=np.float32)
        pointers = [pointer(array) for array in inputs]
        part = WHOLE if half is None else HALVES[half]
        check_code(self._library.dragoman_run(engine, *pointers, batch.texts, batch.tokens, pointer(out), part))
        return out

    def take_profile(self) -> dict[str, int]:
        """Clock ticks of each stage since the last call, of one thread of each team."""
        ticks = np.zeros(len(STAGES), dtype=np.uint64)
        self._library.dragoman_take_profile(self._open_engine(), pointer(ticks))
        return dict(zip(STAGES, ticks.tolist(), strict=True))

    def close(self) -> None:
        """Stop the threads and free the weights. Not while another thread is in `run`."""
        engine, self._engine = self._engine, None
        if engine:
            self._library.dragoman_destroy(engine)

    def _open_engine(self) -> ctypes.c_void_p:
        if self._engine is None:
            raise DragomanError("The session is closed.", help="open another one.")
        return self._engine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_engine", None):
            self.close()


def native_session_of(checkpoint: Checkpoint, *, threads: int = 0, isa: str = "auto") -> NativeSession:
    """A session of a checkpoint in memory. Its quantised file has no name left once it is mapped."""
    with tempfile.TemporaryDirectory(prefix="dragoman-") as folder:
        path = Path(folder) / QUANTIZED_FILE
        write_quantized(path, checkpoint.config, checkpoint.arrays)
        return NativeSession(path, checkpoint.config, threads=threads, isa=isa)


# Loading -------------------------------------------------------------------------------------------------------------


def _new_engine(config: EncoderConfig, threads: int, isa: str) -> ctypes.c_void_p | None:
    if config.activation not in ACTIVATIONS:
        raise InvalidInput(f"The native kernels have no activation '{config.activation}'.", help="Use ONNX Runtime.")
    shape = Shape(
        vocabulary=config.vocabulary,
        hidden=config.hidden,
        layers=config.layers,
        heads=config.heads,
        intermediate=config.intermediate,
        positions=config.positions,
        token_types=config.token_types,
        activation=ACTIVATIONS[config.activation],
        norm_epsilon=config.norm_epsilon,
    )
    engine = ctypes.c_void_p()
    check_code(load_library().dragoman_create(ctypes.byref(shape), threads, isa_number(isa), ctypes.byref(engine)))
    return engine


def _word_table(stored: QuantizedFile) -> WordTable:
    name = f"{EMBEDDINGS}word_embeddings.weight"
    return WordTable(stored.arrays[name], stored.arrays[f"{name}_scale"])


def _footprint(stored: QuantizedFile, words: WordTable) -> Footprint:
    own = sum(array.nbytes for array in stored.arrays.values()) - _word_table(stored).values.nbytes
    return Footprint(own, ((id(words.values), words.values.nbytes),))


def _checked(words: WordTable, config: EncoderConfig) -> WordTable:
    if words.values.shape != (config.vocabulary, config.hidden):
        raise InvalidInput(
            f"The word table has shape {words.values.shape}, expected {(config.vocabulary, config.hidden)}.",
            help="Share tables between models of one base and vocabulary.",
        )
    return words


def _plain_layer(stored: QuantizedFile, number: int) -> PlainLayer:
    layer = f"roberta.encoder.layer.{number}."
    norms = [
        pointer(stored.arrays[f"{layer}{part}.LayerNorm.{name}"])
        for part in ("attention.output", "output")
        for name in ("weight", "bias")
    ]
    matrices = ("attention.self.mixed", "attention.output.dense", "intermediate.dense", "output.dense")
    return PlainLayer(*(_plain_weights(stored, layer + name) for name in matrices), *norms)


def _plain_weights(stored: QuantizedFile, name: str) -> PlainWeights:
    values = stored.arrays[f"{name}.weight"]
    scale, bias = stored.arrays[f"{name}.weight_scale"], stored.arrays[f"{name}.bias"]
    return PlainWeights(pointer(values), pointer(scale), pointer(bias), values.shape[1])


# Checking: a wrong number must never reach the kernels, which look nothing up twice ----------------------------------


def _checked_inputs(batch: PackedBatch, config: EncoderConfig) -> list[Ints]:
    tables = (
        ("token", batch.input_ids, config.vocabulary),
        ("position", batch.position_ids, config.positions),
        ("token type", batch.type_ids, config.token_types),
    )
    arrays = [_checked_ids(name, ids, rows, batch.tokens) for name, ids, rows in tables]
    first = np.ascontiguousarray(batch.first, dtype=np.int64)
    if not len(first) or first[0] != 0 or (np.diff(first, append=batch.tokens) <= 0).any():
        raise InvalidRequest("A packed batch needs texts of at least one token each, end to end.", help=PACK)
    return [*arrays, first]


def _checked_ids(name: str, ids: Ints, rows: int, tokens: int) -> Ints:
    ids = np.ascontiguousarray(ids, dtype=np.int64)
    if ids.shape != (tokens,):
        raise InvalidRequest(f"There are {ids.size} {name} ids for {tokens} tokens.", help=PACK)
    if tokens and (ids.min() < 0 or ids.max() >= rows):
        wrong = ids[(ids < 0) | (ids >= rows)][0]
        raise InvalidRequest(
            f"There is no {name} {wrong}: the model has {rows}.", help="Use the model's own tokenizer."
        )
    return ids
