"""torch as a session: a CUDA device in 16 bits, or the CPU."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch code uses)

from dragoman.errors import InvalidInput
from dragoman.models.config import EncoderConfig
from dragoman.models.packing import PackedBatch, pack
from dragoman.runtime.footprint import Footprint
from dragoman.runtime.torch_batch import DeviceBatch, DeviceGrid, Layout
from dragoman.runtime.torch_body import Arrays, Body, Operations, TorchOperations
from dragoman.runtime.torch_lanes import CudaLane, HostLane, Lane, Pending, memory_errors

__all__ = ["KERNELS", "POOLINGS", "PRECISIONS", "TorchSession"]

logger = logging.getLogger(__name__)

PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
KERNELS = ("fused", "mixed", "varlen", "padded")  # fastest first
POOLINGS = ("mean", "cls")
HOPPER = (9, 0)  # the first devices with the wide matrix instructions and copies that the fused product is cut for
IN_FLIGHT = 2
GRAPH_TOKENS = (32, 64, 128, 256)
GRAPH_TEXTS = 8
PROBE_TOKENS = (3, 1500)  # one for each way of cutting products
PROBE_COSINE = 0.99

Floats = NDArray[np.float32]


class GraphedForward:
    """A forward pass recorded once (CUDA graph) and replayed with one launch, for all batches that fit its layout."""

    def __init__(self, forward: Callable[[DeviceBatch], Tensor], layout: Layout, lane: CudaLane) -> None:
        self.layout = layout
        self.buffer = torch.zeros(layout.starts[-1], dtype=torch.int32, device=lane.device)
        batch = layout.read(self.buffer)
        forward(batch)  # kernels are loaded before the recording
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, stream=lane.compute, capture_error_mode="thread_local"):
            self.hidden = forward(batch)

    def run(self, staged: Tensor) -> Tensor:
        """Hidden states of the whole layout. The next call overwrites them."""
        self.buffer.copy_(staged, non_blocking=True)
        self.graph.replay()
        return self.hidden


class TorchSession:
    """Runs a checkpoint's body with torch. `arrays` has the canonical names `roberta.*`.

    `kernels` says how: "fused" (Triton, products included), "mixed" (Triton between the products of cuBLAS), "varlen"
    (torch's operators), "padded" (the same on a grid, the only one for the CPU and for fp32), or "auto": the first of
    them that works here and agrees with the last. With "fused" a text has the same bits in every batch.

    Agreement with fp32 on the CPU: cosine of a hidden state above 0.999 in bf16 and fp16, within 1e-4 in fp32.
    Raises `InvalidInput` for an unknown option or a device that is not there, `InvalidCheckpoint` for a missing array,
    `MemoryError` where the device has too little memory.
    """

    def __init__(
        self,
        config: EncoderConfig,
        arrays: Arrays,
        *,
        device: str = "cuda",
        precision: str = "bf16",
        kernels: str = "auto",
    ) -> None:
        check_options(device, precision, kernels)
        self.config, self.precision = config, precision
        self.device, self.dtype = torch.device(device), PRECISIONS[precision]
        self._pending: deque[Pending] = deque(maxlen=IN_FLIGHT)
        self._graphs: list[GraphedForward] = []
        self._lane: Lane = CudaLane(self.device) if self.device.type == "cuda" else HostLane()
        with self._working():
            self._body = Body(config, arrays, device=self.device, dtype=self.dtype)
        self.footprint = Footprint(self._body.bytes)
        self.kernels, self._operations = self._choose_operations(kernels)
        self._record_graphs()

    def run(self, batch: PackedBatch) -> Floats:
        """Hidden states of the last layer, `[T, hidden]`."""
        return self.result(self.submit(batch))

    def run_rows(self, batch: PackedBatch, rows: NDArray[np.int64]) -> Floats:
        """Hidden states of some packed tokens, `[len(rows), hidden]`: only they are copied from the device."""
        return self.result(self.submit(batch, rows=rows))

    def run_pooled(self, batch: PackedBatch, pooling: str) -> Floats:
        """One vector per text, `[B, hidden]`: the mean of its tokens ("mean", in fp32) or its first token ("cls")."""
        return self.result(self.submit(batch, pooling=pooling))

    def submit(
        self, batch: PackedBatch, *, rows: NDArray[np.int64] | None = None, pooling: str | None = None
    ) -> Pending:
        """Start a batch and return at once; `result` waits for it. At most two are under way.

        `rows` and `pooling`, at most one of them, choose what comes back, as in `run_rows` and `run_pooled`.
        """
        check_batch(batch, self.config)
        check_choice(batch, rows, pooling)
        if len(self._pending) == IN_FLIGHT:
            self._pending.popleft().wait()
        with self._working():
            hidden, ends = self._hidden(batch)
            if pooling == "mean":
                hidden = self._operations.mean(hidden, ends)
            elif pooling == "cls" or rows is not None:
                hidden = hidden.index_select(0, self._send(batch.first if rows is None else rows))
            pending = self._lane.fetch(hidden)
        self._pending.append(pending)
        return pending

    def result(self, pending: Pending) -> Floats:
        """Wait for a batch, and take its answer as fp32."""
        with memory_errors():
            pending.wait()
            found: Floats = pending.values.float().numpy()
        return found

    # How a batch gets there ------------------------------------------------------------------------------------------

    @contextmanager
    def _working(self) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(memory_errors())
            stack.enter_context(torch.inference_mode())
            stack.enter_context(self._lane.computing())
            yield

    def _hidden(self, batch: PackedBatch) -> tuple[Tensor, Tensor]:
        """Hidden states `[T, hidden]` and ends `[B + 1]`, on the device."""
        for graph in self._graphs:
            if batch.tokens <= graph.layout.tokens and batch.texts < graph.layout.texts:
                hidden = graph.run(self._staged(batch, graph.layout))
                ends = graph.layout.read(graph.buffer).ends
                return hidden[: batch.tokens].clone(), ends[: batch.texts + 1]
        sent = self._sent(batch, pads=self._operations.pads)
        return self._body.run(sent, self._operations), sent.ends

    def _sent(self, batch: PackedBatch, *, pads: bool) -> DeviceBatch:
        layout = Layout.of(batch)
        grid = DeviceGrid.of(batch, device=self.device, dtype=self.dtype) if pads else None
        return layout.read(self._lane.send(self._staged(batch, layout)), grid=grid)

    def _staged(self, batch: PackedBatch, layout: Layout) -> Tensor:
        staged = self._lane.staging(layout.starts[-1])
        layout.write(batch, staged.numpy())
        return staged

    def _send(self, values: NDArray[np.int64]) -> Tensor:
        staged = self._lane.staging(len(values))
        staged.numpy()[:] = values
        return self._lane.send(staged)

    # How it is computed ----------------------------------------------------------------------------------------------

    def _choose_operations(self, kernels: str) -> tuple[str, Operations]:
        """The first of the possible kernels that works."""
        names = possible_kernels(self.device, self.dtype) if kernels == "auto" else [kernels]
        for name in names[:-1]:
            try:
                operations = self._operations_of(name)
                with self._working():
                    self._probe(operations)
                return name, operations
            except (
                Exception
            ) as error:  # compilers and drivers fail in their own ways, and the next kernels do not need them
                logger.warning("The kernels %r do not work here and are left out: %s", name, error)
        operations = self._operations_of(names[-1])
        with self._working():
            self._probe(operations)
        return names[-1], operations

    def _operations_of(self, name: str) -> Operations:
        if name in ("varlen", "padded"):
            return TorchOperations(self.config, pads=name == "padded")
        from dragoman.runtime.torch_kernels import FusedOperations  # optional: needs Triton

        return FusedOperations(self.config, products=name == "fused", device=self.device)

    def _probe(self, operations: Operations) -> None:
        """Run small batches on a device of its own, and compare them with the plainest operations."""
        plain = TorchOperations(self.config, pads=True)
        for tokens in PROBE_TOKENS if self.device.type == "cuda" else ():
            batch = probe_batch(self.config, tokens)
            found, expected = (
                self._body.run(self._sent(batch, pads=each.pads), each).float() for each in (operations, plain)
            )
            cosine = F.cosine_similarity(found, expected, dim=1).min().item()
            if not operations.pads and not cosine > PROBE_COSINE:  # so written, a NaN fails
                raise ArithmeticError(f"they differ from the plain ones: cosine {cosine:.4f} at {tokens} tokens")

    def _record_graphs(self) -> None:
        if not (isinstance(self._lane, CudaLane) and self.kernels in ("fused", "mixed")):
            return
        try:
            with self._working():
                for tokens in GRAPH_TOKENS:
                    layout = Layout.up_to(tokens=tokens, texts=GRAPH_TEXTS)
                    graph = GraphedForward(lambda sent: self._body.run(sent, self._operations), layout, self._lane)
                    self._graphs.append(graph)
        except Exception as error:  # without graphs small batches are slower, and just as right
            logger.warning("Small batches are not recorded as CUDA graphs: %s", error)
            self._graphs.clear()


def possible_kernels(device: torch.device, dtype: torch.dtype) -> list[str]:
    """What is worth trying, fastest first."""
    if device.type == "cpu" or dtype == torch.float32:
        return ["padded"]
    return list(KERNELS if torch.cuda.get_device_capability(device) >= HOPPER else KERNELS[1:])


def probe_batch(config: EncoderConfig, tokens: int) -> PackedBatch:
    """Texts of `tokens` tokens in all, of many ids, types and lengths."""
    ids = np.arange(tokens) * 7919 % config.vocabulary
    longest = max(1, min(config.max_tokens, tokens // 3))
    texts = np.split(ids, range(longest, tokens, longest))
    types = [(text % config.token_types).tolist() for text in texts]
    return pack(texts, first_position=config.first_position, types=types)


# Refusals -----------------------------------------------------------------------------------------------------------


def check_options(device: str, precision: str, kernels: str) -> None:
    if precision not in PRECISIONS:
        raise InvalidInput(f"Unknown precision '{precision}'.", help=f"Valid values are {', '.join(PRECISIONS)}.")
    if kernels not in ("auto", *KERNELS):
        raise InvalidInput(f"Unknown kernels '{kernels}'.", help=f"Valid values are auto, {', '.join(KERNELS)}.")
    kind = device.split(":", maxsplit=1)[0]
    if kind not in ("cpu", "cuda"):
        raise InvalidInput(f"Unknown device '{device}'.", help="Valid values are cpu, cuda, cuda:0, cuda:1, ….")
    if kind == "cuda" and not torch.cuda.is_available():
        raise InvalidInput(
            f"There is no device '{device}'.", help="Use device 'cpu', or install torch with CUDA and a driver."
        )
    if kernels not in ("auto", "padded") and (kind == "cpu" or precision == "fp32"):
        raise InvalidInput(
            f"The kernels '{kernels}' need a CUDA device and 16 bits; asked for '{device}' and '{precision}'.",
            help="Use kernels 'auto'.",
        )


def check_batch(batch: PackedBatch, config: EncoderConfig) -> None:
    """An index past its table would end the device's context, for everybody: it is refused here."""
    for what, ids, size in (
        ("Token id", batch.input_ids, config.vocabulary),
        ("Position", batch.position_ids, config.positions),
        ("Token type", batch.type_ids, config.token_types),
    ):
        if ids.min() < 0 or ids.max() >= size:
            wrong = ids[(ids < 0) | (ids >= size)][0]
            raise InvalidInput(f"{what} {wrong} is not within 0 and {size - 1}.", help="Use the model's own tokenizer.")


def check_choice(batch: PackedBatch, rows: NDArray[np.int64] | None, pooling: str | None) -> None:
    if pooling is not None and pooling not in POOLINGS:
        raise InvalidInput(f"Unknown pooling '{pooling}'.", help=f"Valid values are {', '.join(POOLINGS)}.")
    if rows is not None and pooling is not None:
        raise InvalidInput("Rows and a pooling were both given.", help="Give one of them.")
    if rows is not None and len(rows) and not (rows.min() >= 0 and rows.max() < batch.tokens):
        raise InvalidInput(
            f"Rows {rows.min()} to {rows.max()} were asked for in a batch of {batch.tokens} tokens.",
            help="Count rows from 0.",
        )
