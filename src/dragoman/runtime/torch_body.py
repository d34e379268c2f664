"""The encoder body of the torch back end: weights in the working precision, and the order of its operations.

An `Operations` says how each step is computed: by torch's own operators here, by fused kernels in `torch_kernels`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch code uses)
from torch.nn.attention.varlen import varlen_attn

from dragoman.errors import InvalidCheckpoint
from dragoman.models.config import EncoderConfig
from dragoman.runtime.torch_batch import DeviceBatch

__all__ = ["Affine", "Body", "Norm", "Operations", "Tables", "TorchOperations"]

Arrays = Mapping[str, NDArray[Any]]


class Norm(NamedTuple):
    """A layer norm."""

    weight: Tensor  # [hidden]
    bias: Tensor  # [hidden]
    epsilon: float


class Affine(NamedTuple):
    """A product with a bias, and what follows it in place."""

    weight: Tensor  # [outputs, inputs]
    bias: Tensor  # [outputs]
    activation: str = "none"  # "none", "gelu", "gelu_new" or "relu"


class Tables(NamedTuple):
    """The embedding tables. Type 0 is part of every position; `types` holds the differences from it."""

    words: Tensor  # [vocabulary, hidden]
    positions: Tensor  # [positions, hidden]
    types: Tensor | None  # [token_types, hidden]; None with one type
    norm: Norm


class LayerWeights(NamedTuple):
    """One layer. Query, key and value are one product."""

    attention: Affine  # [3 x hidden, hidden]
    attended: Affine
    attended_norm: Norm
    wide: Affine
    narrow: Affine
    narrow_norm: Norm


class Reader(NamedTuple):
    """Takes weights out of a checkpoint's arrays, to a device."""

    arrays: Arrays
    epsilon: float
    device: torch.device
    dtype: torch.dtype

    def array(self, name: str) -> Tensor:
        if name not in self.arrays:
            raise InvalidCheckpoint(f"The weights have no 'roberta.{name}'.", help="Fetch the checkpoint again.")
        return torch.tensor(np.asarray(self.arrays[name], dtype=np.float32))

    def put(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device, self.dtype).contiguous()

    def norm(self, name: str) -> Norm:
        return Norm(self.put(self.array(f"{name}.weight")), self.put(self.array(f"{name}.bias")), self.epsilon)

    def affine(self, *names: str, activation: str = "none") -> Affine:
        """One product of one or more that read the same input."""
        weight, bias = (torch.cat([self.array(f"{name}.{part}") for name in names]) for part in ("weight", "bias"))
        return Affine(self.put(weight), self.put(bias), activation)

    def tables(self) -> Tables:
        types = self.array("embeddings.token_type_embeddings.weight")
        return Tables(
            words=self.put(self.array("embeddings.word_embeddings.weight")),
            positions=self.put(self.array("embeddings.position_embeddings.weight") + types[0]),
            types=self.put(types - types[0]) if len(types) > 1 else None,
            norm=self.norm("embeddings.LayerNorm"),
        )

    def layer(self, number: int, activation: str) -> LayerWeights:
        name = f"encoder.layer.{number}."
        return LayerWeights(
            attention=self.affine(*(f"{name}attention.self.{part}" for part in ("query", "key", "value"))),
            attended=self.affine(f"{name}attention.output.dense"),
            attended_norm=self.norm(f"{name}attention.output.LayerNorm"),
            wide=self.affine(f"{name}intermediate.dense", activation=activation),
            narrow=self.affine(f"{name}output.dense"),
            narrow_norm=self.norm(f"{name}output.LayerNorm"),
        )


class Operations(Protocol):
    """How the steps of a body are computed. Only `attend` and `mean` look at several tokens, all of one text."""

    pads: bool  # whether `attend` reads the batch's grid

    def embed(self, tables: Tables, batch: DeviceBatch) -> Tensor:
        """Normalised sum of the embeddings, `[T, hidden]`."""
        ...

    def linear(self, inputs: Tensor, affine: Affine) -> Tensor:
        """`[T, inputs]` → `[T, outputs]`."""
        ...

    def attend(self, mixed: Tensor, batch: DeviceBatch) -> Tensor:
        """Query, key and value side by side `[T, 3 x hidden]` → `[T, hidden]`."""
        ...

    def add_norm(self, changed: Tensor, residual: Tensor, norm: Norm) -> Tensor:
        """Normalised sum of two `[T, hidden]`."""
        ...

    def mean(self, hidden: Tensor, ends: Tensor) -> Tensor:
        """Mean of each text's tokens in fp32: `[T, hidden]`, `[B + 1]` → `[B, hidden]`."""
        ...


class Body:
    """The layers of an encoder on a device. Raises `InvalidCheckpoint` where an array is missing."""

    def __init__(self, config: EncoderConfig, arrays: Arrays, *, device: torch.device, dtype: torch.dtype) -> None:
        body = {name.removeprefix("roberta."): array for name, array in arrays.items()}
        reader = Reader(body, config.norm_epsilon, device, dtype)
        self.config, self.device, self.dtype = config, device, dtype
        self.tables = reader.tables()
        self.layers = [reader.layer(number, config.activation) for number in range(config.layers)]

    @property
    def bytes(self) -> int:
        """Of all weights, on the device."""
        return sum(tensor.nbytes for tensor in tensors_in((self.tables, *self.layers)))

    def run(self, batch: DeviceBatch, operations: Operations) -> Tensor:
        """Hidden states of the last layer, `[T, hidden]` in the working type."""
        hidden = operations.embed(self.tables, batch)
        for layer in self.layers:
            mixed = operations.attend(operations.linear(hidden, layer.attention), batch)
            attended = operations.add_norm(operations.linear(mixed, layer.attended), hidden, layer.attended_norm)
            changed = operations.linear(operations.linear(attended, layer.wide), layer.narrow)
            hidden = operations.add_norm(changed, attended, layer.narrow_norm)
        return hidden


class TorchOperations:
    """Every step by torch's own operators.

    `pads` = False uses torch's variable-length attention (Dao 2023, FlashAttention-2, arXiv:2307.08691), which needs a
    CUDA device and a 16-bit type; True puts the tokens on a padded grid, and runs anywhere.
    """

    def __init__(self, config: EncoderConfig, *, pads: bool) -> None:
        self.heads, self.head_size, self.pads = config.heads, config.head_size, pads

    def embed(self, tables: Tables, batch: DeviceBatch) -> Tensor:
        summed = F.embedding(batch.input_ids, tables.words) + F.embedding(batch.position_ids, tables.positions)
        if tables.types is not None:
            summed = summed + F.embedding(batch.type_ids, tables.types)
        return normalised(summed, tables.norm)

    def linear(self, inputs: Tensor, affine: Affine) -> Tensor:
        outputs = F.linear(inputs, affine.weight, affine.bias)
        if affine.activation == "none":
            return outputs
        if affine.activation == "relu":
            return F.relu(outputs)
        return F.gelu(outputs, approximate="tanh" if affine.activation == "gelu_new" else "none")

    def attend(self, mixed: Tensor, batch: DeviceBatch) -> Tensor:
        parts = mixed.view(-1, 3, self.heads, self.head_size)
        return self._padded(parts, batch) if self.pads else self._packed(parts, batch)

    def _packed(self, parts: Tensor, batch: DeviceBatch) -> Tensor:
        query, key, value = parts.unbind(1)
        longest = batch.longest
        found = varlen_attn(query, key, value, batch.ends, batch.ends, longest, longest)
        assert isinstance(found, Tensor)  # a pair only where more was asked for
        return found.flatten(1)

    def _padded(self, parts: Tensor, batch: DeviceBatch) -> Tensor:
        assert batch.grid is not None  # given because `pads` is True
        slots, cells, mask = batch.grid
        grid = parts.index_select(0, slots.flatten()).view(*slots.shape, 3, self.heads, self.head_size)
        query, key, value = grid.transpose(1, 3).unbind(2)
        found = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return found.transpose(1, 2).flatten(2).flatten(0, 1).index_select(0, cells)

    def add_norm(self, changed: Tensor, residual: Tensor, norm: Norm) -> Tensor:
        return normalised(changed + residual, norm)

    def mean(self, hidden: Tensor, ends: Tensor) -> Tensor:
        lengths = ends.diff().long()
        return torch.segment_reduce(hidden.float(), "mean", lengths=lengths, unsafe=True)


def tensors_in(parts: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors of tuples in tuples."""
    for part in parts:
        if isinstance(part, Tensor):
            yield part
        elif isinstance(part, tuple):
            yield from tensors_in(part)


def normalised(hidden: Tensor, norm: Norm) -> Tensor:
    return F.layer_norm(hidden, norm.weight.shape, norm.weight, norm.bias, norm.epsilon)
