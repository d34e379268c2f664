"""Dragoman's own contenders: sessions over packed batches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.bench.contenders.base import Contender, Job
from dragoman.bench.contenders.rates import SECONDS, Rates
from dragoman.models.config_file import read_config
from dragoman.models.packing import PackedBatch, pack, plan_batches
from dragoman.runtime.base import Session

__all__ = ["Bfloat16", "CudaFloat32", "Float16", "Float32", "Int8", "OwnRates"]

RATE_ROWS = (256, 1024)  # tokens in a batch
GIGA = 1e9


class Packed(Contender):
    """A session over packed batches, shortest texts first. `batch` counts tokens."""

    packages: tuple[str, ...] = ("dragoman", "numpy")
    batches: tuple[int, ...] = (512, 1024, 2048, 4096)

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.config = read_config(job.folder).encoder

    @abstractmethod
    def open(self) -> Session:
        """Load what `prepare` left."""

    def load(self, options: dict[str, Any]) -> None:
        self.session = self.open()

    def run_all(self) -> None:
        for batch in self._packed():
            self.session.run(batch)

    def run_one(self) -> NDArray[np.float32]:
        return self.session.run(self._pack([self.job.one]))

    def _packed(self) -> Iterator[PackedBatch]:
        texts = self.job.texts
        for batch in plan_batches([len(text) for text in texts], max_tokens=self.batch):
            yield self._pack([texts[index] for index in batch])

    def _pack(self, texts: list[list[int]]) -> PackedBatch:
        return pack(texts, first_position=self.config.first_position)


class Int8(Packed):
    """The native kernels."""

    modules = ("dragoman.runtime.native_session",)

    def prepare(self) -> None:
        from dragoman.models.checkpoint import read_checkpoint  # heavy: the libraries that read checkpoints
        from dragoman.runtime.quantization import QUANTIZED_FILE, write_quantized

        write_quantized(self.job.work / QUANTIZED_FILE, self.config, read_checkpoint(self.job.folder).arrays)

    def open(self) -> Session:
        from dragoman.runtime.native_session import NativeSession  # heavy: the native library
        from dragoman.runtime.quantization import QUANTIZED_FILE

        return NativeSession(self.job.work / QUANTIZED_FILE, self.config, threads=self.job.threads)


class Float32(Packed):
    """ONNX Runtime in float32."""

    packages = ("dragoman", "onnxruntime", "numpy")
    modules = ("dragoman.runtime.onnx_session",)

    def prepare(self) -> None:
        import onnx  # heavy: the measured process does without it

        from dragoman.models.checkpoint import WEIGHTS_FILE
        from dragoman.runtime.graph import GRAPH_FILE, build_graph

        graph = build_graph(self.config, weights=self.job.folder / WEIGHTS_FILE, labels=0, pooling="cls")
        onnx.save(graph, self.job.folder / GRAPH_FILE)

    def open(self) -> Session:
        from dragoman.runtime.graph import GRAPH_FILE  # heavy: the ONNX library
        from dragoman.runtime.onnx_session import OnnxSession

        return OnnxSession(self.job.folder / GRAPH_FILE, threads=self.job.threads)


class Bfloat16(Packed):
    """torch on a card: the next batch is sent while the last one runs, and one vector a text comes back."""

    packages = ("dragoman", "torch", "numpy")
    modules = ("dragoman.runtime.torch_session",)
    batches = (4096, 16_384, 65_536)
    precision = "bf16"

    def open(self) -> Any:
        from dragoman.models.checkpoint import read_checkpoint  # heavy: torch
        from dragoman.runtime.torch_session import TorchSession

        arrays = read_checkpoint(self.job.folder).arrays
        return TorchSession(self.config, arrays, device=self.job.device, precision=self.precision)

    def run_all(self) -> None:
        pending = None
        for batch in self._packed():
            following = self.session.submit(batch, pooling="mean")  # type: ignore[attr-defined]
            if pending is not None:
                self.session.result(pending)  # type: ignore[attr-defined]
            pending = following
        self.session.result(pending)  # type: ignore[attr-defined]


class Float16(Bfloat16):
    """The same in fp16."""

    precision = "fp16"


class CudaFloat32(Bfloat16):
    """The same in float32: what the others are compared with."""

    precision = "fp32"


class OwnRates(Rates):
    """The rates of what is installed beside Dragoman, and those of its own kernels."""

    def rates(self) -> list[dict[str, Any]]:
        return super().rates() + (_torch_rates(self.job) if self.job.device == "cuda" else _native_rates(self.job))


def _native_rates(job: Job) -> list[dict[str, Any]]:
    """The native int8 products without scales, where this machine can run them."""
    from dragoman.runtime.native_library import measure_int8_rate, native_available  # heavy: the native library

    return [
        {
            "precision": "int8",
            "source": "dragoman native",
            "shape": f"{rows} rows",
            "gops": measure_int8_rate(seconds=3 * SECONDS, threads=job.threads, rows=rows) / GIGA,
        }
        for rows in (RATE_ROWS if native_available() else ())
    ]


def _torch_rates(job: Job) -> list[dict[str, Any]]:
    """Many products between two looks at the clock: on a card, each look costs as much as a small product."""
    from dragoman.runtime.torch_rates import measure_matmul_rate  # optional: torch

    config = read_config(job.folder).encoder
    return [
        {"precision": precision, "source": "dragoman torch", "shape": shape, "gops": rate / GIGA}
        for precision in ("bf16", "fp16")
        for shape, rate in measure_matmul_rate(precision, SECONDS, device=job.device, config=config).items()
    ]
