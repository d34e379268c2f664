"""Fused kernels of the torch back end, in Triton. Importing this module needs Triton, which comes with torch for CUDA.

Every kernel computes a token, or a text, the same way whatever lies beside it in the batch: sums run in a fixed order
and no step depends on the number of tokens. A text's hidden states are therefore the same bits in every batch.
"""

# mypy: allow-untyped-decorators
# ruff: noqa: PLR0917 (a kernel takes its pointers by place)

from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch code uses)
from triton.tools.tensor_descriptor import TensorDescriptor

from dragoman.models.config import EncoderConfig
from dragoman.runtime.torch_batch import ATTENTION_ROWS, DeviceBatch
from dragoman.runtime.torch_body import Affine, Norm, Tables

__all__ = ["NARROW_TILES", "WIDE_TILES", "FusedOperations", "Tiles"]

NORM_ROWS = 4  # tokens of one norm program: one for each warp
MEAN_ROWS = 8
ACTIVATION_BLOCK = 4096
WIDE_FROM = 1024  # tokens
MIN_DOT = 16  # the smallest side of a matrix product in Triton


class Tiles(NamedTuple):
    """How a product is cut. The order of sums over `inputs` is the same for all."""

    rows: int
    columns: int
    depth: int
    warps: int
    stages: int


WIDE_TILES = Tiles(rows=128, columns=256, depth=64, warps=8, stages=3)
NARROW_TILES = Tiles(rows=64, columns=64, depth=64, warps=4, stages=4)


class FusedOperations:
    """Steps by the kernels below; with `products` = False the matrix products are the library's (cuBLAS).

    The library picks a kernel by the number of tokens, so its sums may differ in the last bit from batch to batch.
    """

    pads = False

    def __init__(self, config: EncoderConfig, *, products: bool, device: torch.device) -> None:
        self.heads, self.head_size, self.products = config.heads, config.head_size, products
        self.block = triton.next_power_of_2(config.hidden)
        self.scale = config.head_size**-0.5
        self.programs = processors_of(device)

    def embed(self, tables: Tables, batch: DeviceBatch) -> Tensor:
        tokens, hidden = len(batch.input_ids), tables.words.shape[1]
        outputs = tables.words.new_empty(tokens, hidden)
        types = tables.words if tables.types is None else tables.types
        embed_kernel[(triton.cdiv(tokens, NORM_ROWS),)](
            batch.input_ids, batch.position_ids, batch.type_ids, tables.words, tables.positions, types,
            tables.norm.weight, tables.norm.bias, outputs, tokens, tables.norm.epsilon,
            has_types=tables.types is not None, hidden=hidden, block=self.block, rows=NORM_ROWS, num_warps=4,
        )  # fmt: skip
        return outputs

    def linear(self, inputs: Tensor, affine: Affine) -> Tensor:
        if self.products:
            return product(inputs, affine, WIDE_TILES if len(inputs) >= WIDE_FROM else NARROW_TILES, self.programs)
        outputs = F.linear(inputs, affine.weight, affine.bias)
        if affine.activation != "none":
            grid = (triton.cdiv(outputs.numel(), ACTIVATION_BLOCK),)
            activation_kernel[grid](outputs, outputs.numel(), affine.activation, ACTIVATION_BLOCK, num_warps=8)
        return outputs

    def attend(self, mixed: Tensor, batch: DeviceBatch) -> Tensor:
        tokens, hidden = len(mixed), self.heads * self.head_size
        outputs = mixed.new_empty(tokens, hidden)
        attention_kernel[(len(batch.block_text), self.heads)](
            mixed, outputs, batch.ends, batch.block_text, batch.block_number, self.scale,
            hidden=hidden, head_size=self.head_size, rows=ATTENTION_ROWS,
            block=max(MIN_DOT, triton.next_power_of_2(self.head_size)), num_warps=4, num_stages=2,
        )  # fmt: skip
        return outputs

    def add_norm(self, changed: Tensor, residual: Tensor, norm: Norm) -> Tensor:
        tokens, hidden = changed.shape
        outputs = torch.empty_like(changed)
        add_norm_kernel[(triton.cdiv(tokens, NORM_ROWS),)](
            changed, residual, norm.weight, norm.bias, outputs, tokens, norm.epsilon,
            hidden=hidden, block=self.block, rows=NORM_ROWS, num_warps=4,
        )  # fmt: skip
        return outputs

    def mean(self, hidden: Tensor, ends: Tensor) -> Tensor:
        texts, size = len(ends) - 1, hidden.shape[1]
        outputs = hidden.new_empty(texts, size, dtype=torch.float32)
        mean_kernel[(texts,)](hidden, ends, outputs, hidden=size, block=self.block, rows=MEAN_ROWS, num_warps=4)
        return outputs


def processors_of(device: torch.device) -> int:
    """Programs that run at once: one for each multiprocessor."""
    return torch.cuda.get_device_properties(device).multi_processor_count if device.type == "cuda" else 1


def product(inputs: Tensor, affine: Affine, tiles: Tiles, programs: int) -> Tensor:
    """`activation(inputs @ weightᵀ + bias)` in one kernel, `[T, inputs]` → `[T, outputs]`."""
    tokens, wide = len(inputs), len(affine.weight)
    outputs = inputs.new_empty(tokens, wide)
    blocks = triton.cdiv(tokens, tiles.rows) * triton.cdiv(wide, tiles.columns)
    product_kernel[(min(programs, blocks),)](
        TensorDescriptor.from_tensor(inputs, [tiles.rows, tiles.depth]),
        TensorDescriptor.from_tensor(affine.weight, [tiles.columns, tiles.depth]),
        affine.bias,
        TensorDescriptor.from_tensor(outputs, [tiles.rows, tiles.columns]),
        tokens,
        outputs=wide, inputs=inputs.shape[1], activation=affine.activation,
        rows=tiles.rows, columns=tiles.columns, depth=tiles.depth, num_warps=tiles.warps, num_stages=tiles.stages,
    )  # fmt: skip
    return outputs


# Kernels ------------------------------------------------------------------------------------------------------------


@triton.jit
def activated(x: tl.tensor, activation: tl.constexpr) -> tl.tensor:
    """The activation in fp32. erf by formula 7.1.26 of Abramowitz and Stegun, within 1.5e-7."""
    if activation == "gelu":
        size = tl.abs(x) * 0.7071067811865476
        t = 1.0 / (1.0 + 0.3275911 * size)
        series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
        rest = 0.5 * series * tl.exp(-size * size)
        x = x * tl.where(x < 0, rest, 1.0 - rest)
    elif activation == "gelu_new":
        x = x * tl.sigmoid(1.5957691216057308 * x * (1.0 + 0.044715 * x * x))
    elif activation == "relu":
        x = tl.maximum(x, 0.0)
    return x


@triton.jit(do_not_specialize=["size"])
def activation_kernel(values: tl.tensor, size: tl.tensor, activation: tl.constexpr, block: tl.constexpr) -> None:
    at = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    found = activated(tl.load(values + at, mask=at < size, other=0.0).to(tl.float32), activation)
    tl.store(values + at, found.to(values.dtype.element_ty), mask=at < size)


@triton.jit
def normal_rows(
    summed: tl.tensor, weight: tl.tensor, bias: tl.tensor, epsilon: tl.tensor, columns: tl.tensor, hidden: tl.constexpr
) -> tl.tensor:
    """Layer norm of fp32 rows; columns past `hidden` hold zeros."""
    inside = columns < hidden
    mean = tl.sum(summed, axis=1) / hidden
    centred = tl.where(inside[None, :], summed - mean[:, None], 0.0)
    deviation = tl.rsqrt(tl.sum(centred * centred, axis=1) / hidden + epsilon)
    scale = tl.load(weight + columns, mask=inside, other=0.0).to(tl.float32)
    shift = tl.load(bias + columns, mask=inside, other=0.0).to(tl.float32)
    return centred * deviation[:, None] * scale[None, :] + shift[None, :]


@triton.jit(do_not_specialize=["tokens"])
def add_norm_kernel(
    changed: tl.tensor, residual: tl.tensor, weight: tl.tensor, bias: tl.tensor, outputs: tl.tensor,
    tokens: tl.tensor, epsilon: tl.tensor,
    hidden: tl.constexpr, block: tl.constexpr, rows: tl.constexpr,
) -> None:  # fmt: skip
    row = tl.program_id(0) * rows + tl.arange(0, rows)
    columns = tl.arange(0, block)
    inside = (row < tokens)[:, None] & (columns < hidden)[None, :]
    at = row.to(tl.int64)[:, None] * hidden + columns[None, :]
    summed = tl.load(changed + at, mask=inside, other=0.0).to(tl.float32)
    summed += tl.load(residual + at, mask=inside, other=0.0).to(tl.float32)
    found = normal_rows(summed, weight, bias, epsilon, columns, hidden)
    tl.store(outputs + at, found.to(outputs.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize=["tokens"])
def embed_kernel(
    input_ids: tl.tensor, position_ids: tl.tensor, type_ids: tl.tensor, words: tl.tensor, positions: tl.tensor,
    types: tl.tensor, weight: tl.tensor, bias: tl.tensor, outputs: tl.tensor, tokens: tl.tensor, epsilon: tl.tensor,
    has_types: tl.constexpr, hidden: tl.constexpr, block: tl.constexpr, rows: tl.constexpr,
) -> None:  # fmt: skip
    row = tl.program_id(0) * rows + tl.arange(0, rows)
    columns = tl.arange(0, block)
    present = row < tokens
    inside = present[:, None] & (columns < hidden)[None, :]
    word = tl.load(input_ids + row, mask=present, other=0).to(tl.int64)
    summed = tl.load(words + word[:, None] * hidden + columns[None, :], mask=inside, other=0.0).to(tl.float32)
    position = tl.load(position_ids + row, mask=present, other=0).to(tl.int64)
    summed += tl.load(positions + position[:, None] * hidden + columns[None, :], mask=inside, other=0.0).to(tl.float32)
    if has_types:
        kind = tl.load(type_ids + row, mask=present, other=0).to(tl.int64)
        summed += tl.load(types + kind[:, None] * hidden + columns[None, :], mask=inside, other=0.0).to(tl.float32)
    found = normal_rows(summed, weight, bias, epsilon, columns, hidden)
    at = row.to(tl.int64)[:, None] * hidden + columns[None, :]
    tl.store(outputs + at, found.to(outputs.dtype.element_ty), mask=inside)


@triton.jit
def attention_kernel(
    mixed: tl.tensor, outputs: tl.tensor, ends: tl.tensor, block_text: tl.tensor, block_number: tl.tensor,
    scale: tl.tensor,
    hidden: tl.constexpr, head_size: tl.constexpr, rows: tl.constexpr, block: tl.constexpr,
) -> None:  # fmt: skip
    """`rows` queries of one text and one head against all keys of the text, softmax computed as the keys come.

    Milakov and Gimelshein 2018 (arXiv:1805.02867).
    """
    text = tl.load(block_text + tl.program_id(0))
    start = tl.load(ends + text)
    end = tl.load(ends + text + 1)
    head = tl.program_id(1) * head_size
    columns = tl.arange(0, block)
    in_head = (columns < head_size)[None, :]
    row = start + tl.load(block_number + tl.program_id(0)) * rows + tl.arange(0, rows)
    query_at = row.to(tl.int64)[:, None] * (3 * hidden) + head + columns[None, :]
    query = tl.load(mixed + query_at, mask=(row < end)[:, None] & in_head, other=0.0)
    highest = tl.full((rows,), float("-inf"), tl.float32)
    total = tl.zeros((rows,), tl.float32)
    summed = tl.zeros((rows, block), tl.float32)
    for key_start in range(start, end, rows):
        key_row = key_start + tl.arange(0, rows)
        inside = (key_row < end)[:, None] & in_head
        key_at = key_row.to(tl.int64)[:, None] * (3 * hidden) + hidden + head + columns[None, :]
        key = tl.load(mixed + key_at, mask=inside, other=0.0)
        value = tl.load(mixed + key_at + hidden, mask=inside, other=0.0)
        scores = tl.dot(query, tl.trans(key)) * (scale * 1.4426950408889634)
        scores = tl.where((key_row < end)[None, :], scores, float("-inf"))
        raised = tl.maximum(highest, tl.max(scores, axis=1))
        weights = tl.exp2(scores - raised[:, None])
        shrink = tl.exp2(highest - raised)
        total = total * shrink + tl.sum(weights, axis=1)
        summed = tl.dot(weights.to(value.dtype), value, summed * shrink[:, None])
        highest = raised
    found = summed / total[:, None]
    at = row.to(tl.int64)[:, None] * hidden + head + columns[None, :]
    tl.store(outputs + at, found.to(outputs.dtype.element_ty), mask=(row < end)[:, None] & in_head)


@triton.jit
def mean_kernel(
    states: tl.tensor,
    ends: tl.tensor,
    outputs: tl.tensor,
    hidden: tl.constexpr,
    block: tl.constexpr,
    rows: tl.constexpr,
) -> None:
    text = tl.program_id(0).to(tl.int64)
    start = tl.load(ends + text)
    end = tl.load(ends + text + 1)
    columns = tl.arange(0, block)
    summed = tl.zeros((rows, block), tl.float32)
    for first in range(start, end, rows):
        row = first + tl.arange(0, rows)
        inside = (row < end)[:, None] & (columns < hidden)[None, :]
        at = row.to(tl.int64)[:, None] * hidden + columns[None, :]
        summed += tl.load(states + at, mask=inside, other=0.0).to(tl.float32)
    found = tl.sum(summed, axis=0) / tl.maximum(end - start, 1).to(tl.float32)
    tl.store(outputs + text * hidden + columns, found, mask=columns < hidden)


@triton.jit(do_not_specialize=["tokens"])
def product_kernel(
    inputs_of: tl.tensor, weight: tl.tensor, bias: tl.tensor, outputs_of: tl.tensor, tokens: tl.tensor,
    outputs: tl.constexpr, inputs: tl.constexpr, activation: tl.constexpr,
    rows: tl.constexpr, columns: tl.constexpr, depth: tl.constexpr,
) -> None:  # fmt: skip
    """Each program takes every n-th tile; loads of its next tile run while it finishes the last."""
    across: tl.constexpr = (outputs + columns - 1) // columns
    tiles = tl.cdiv(tokens, rows) * across
    for tile in tl.range(tl.program_id(0), tiles, tl.num_programs(0), flatten=True):
        row = (tile // across) * rows
        column = (tile % across) * columns
        summed = tl.zeros((rows, columns), tl.float32)
        for step in range((inputs + depth - 1) // depth):
            left = inputs_of.load([row, step * depth])
            right = weight.load([column, step * depth])
            summed = tl.dot(left, right.T, summed)
        at = column + tl.arange(0, columns)
        summed += tl.load(bias + at, mask=at < outputs, other=0.0).to(tl.float32)[None, :]
        outputs_of.store([row, column], activated(summed, activation).to(outputs_of.dtype))
