"""How fast this machine multiplies matrices of the model's sizes: the peak is the best of all that is installed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .base import Contender, library, versions

__all__ = ["Product", "Rates", "Shape", "measure"]

ROWS = (512, 2048)  # tokens in a batch
LOOK_SECONDS = 0.03  # for each product, to find the fastest
SECONDS = 0.15  # for the fastest, in each round


class Shape(NamedTuple):
    """A product `[rows, inner] @ [inner, columns]`."""

    rows: int
    inner: int
    columns: int

    @property
    def operations(self) -> int:
        return 2 * self.rows * self.inner * self.columns


class Product(NamedTuple):
    """One way to multiply."""

    precision: str  # "int8", "bf16", "fp16" or "fp32"
    source: str
    shape: Shape
    run: Callable[[], Any]


class Rates(Contender):
    """Not a program but the machine: rates of numpy, torch and ONNX Runtime. Needs none but numpy."""

    packages = ("numpy",)

    def __init__(self, job: Any) -> None:
        super().__init__(job)
        self.best: dict[str, Product] = {}

    def load(self, options: dict[str, Any]) -> None:
        """Find the fastest product of each precision."""
        fastest: dict[str, float] = {}
        for product in self.products():
            rate = measure(product, seconds=LOOK_SECONDS)
            if rate > fastest.get(product.precision, 0.0):
                fastest[product.precision], self.best[product.precision] = rate, product

    def rates(self) -> list[dict[str, Any]]:
        """Measure the fastest product of each precision again, in 10⁹ operations a second."""
        return [
            {
                "precision": name,
                "source": one.source,
                "shape": "x".join(map(str, one.shape)),
                "gops": measure(one, seconds=SECONDS),
            }
            for name, one in sorted(self.best.items())
        ]

    def run_all(self) -> None:
        """Nothing: there are no texts."""

    def run_one(self) -> None:
        """Nothing."""

    def products(self) -> Iterator[Product]:
        on_card = self.job.device == "cuda"
        for shape in self.shapes():
            if all(versions(("torch",)).values()):
                yield from torch_products(shape, self.job.threads, self.job.device)
            if not on_card:
                yield numpy_product(shape)
            if not on_card and all(versions(("onnx", "onnxruntime")).values()):
                yield from runtime_products(shape, self.job.threads)

    def shapes(self) -> list[Shape]:
        hidden, wide = self.job.config["hidden_size"], self.job.config["intermediate_size"]
        rows = tuple(16 * count for count in ROWS) if self.job.device == "cuda" else ROWS
        return [
            Shape(count, *sides) for count in rows for sides in ((hidden, 3 * hidden), (hidden, wide), (wide, hidden))
        ]


def measure(product: Product, *, seconds: float) -> float:
    """The median rate over `seconds`, in 10⁹ operations a second. Products that the library refuses have none."""
    try:
        product.run()
    except RuntimeError:
        return 0.0
    rates: list[float] = []
    end = time.perf_counter() + seconds
    while not rates or time.perf_counter() < end:
        started = time.perf_counter()
        product.run()
        rates.append(product.shape.operations / (time.perf_counter() - started) / 1e9)
    return statistics.median(rates)


def numpy_product(shape: Shape) -> Product:
    left, right = _floats(shape)
    return Product("fp32", "numpy", shape, lambda: left @ right)


def torch_products(shape: Shape, threads: int, device: str) -> Iterator[Product]:
    torch = library("torch")
    torch.set_num_threads(threads)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None

    def product(precision: str, source: str, multiply: Callable[[Any, Any], Any], left: Any, right: Any) -> Product:
        return Product(precision, source, shape, lambda: (multiply(left, right), wait()))

    left, right = (torch.from_numpy(side).to(device) for side in _floats(shape))
    for precision, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)):
        if precision != "fp16" or device == "cuda":
            yield product(precision, "torch.matmul", torch.matmul, left.to(kind), right.to(kind))
    left, right = ((127 * side.clamp(-1, 1)).to(torch.int8) for side in (left, right))
    yield product("int8", "torch._int_mm", torch._int_mm, left, right)  # noqa: SLF001 (torch has no public one)
    yield product("int8", "torch._int_mm", torch._int_mm, left, right.t().contiguous().t())  # noqa: SLF001


def runtime_products(shape: Shape, threads: int) -> Iterator[Product]:
    left, right = _floats(shape)
    yield _runtime_product("MatMul", shape, threads, left, right)
    unsigned, signed = np.clip(left * 64 + 128, 0, 255).astype(np.uint8), np.clip(right * 64, -127, 127).astype(np.int8)
    yield _runtime_product("MatMulInteger", shape, threads, unsigned, signed)


def _runtime_product(operator: str, shape: Shape, threads: int, left: Any, right: Any) -> Product:
    onnx, runtime = library("onnx"), library("onnxruntime")
    kinds = onnx.helper.np_dtype_to_tensor_dtype
    precision = "fp32" if operator == "MatMul" else "int8"
    out = onnx.TensorProto.FLOAT if operator == "MatMul" else onnx.TensorProto.INT32
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(operator, ["left", "right"], ["out"])],
        "product",
        [onnx.helper.make_tensor_value_info("left", kinds(left.dtype), left.shape)],
        [onnx.helper.make_tensor_value_info("out", out, [shape.rows, shape.columns])],
        [onnx.numpy_helper.from_array(right, "right")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = runtime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    return Product(precision, f"onnxruntime {operator}", shape, lambda: session.run(None, {"left": left}))


def _floats(shape: Shape) -> tuple[Any, Any]:
    chance = np.random.default_rng(0)
    return (
        chance.standard_normal((shape.rows, shape.inner), dtype=np.float32),
        chance.standard_normal((shape.inner, shape.columns), dtype=np.float32),
    )
