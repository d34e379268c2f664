"""The XLM-R body over packed tokens, in torch: it trains, and it is what the exported graph must agree with.

Parameter names are those of Hugging Face's `XLMRobertaModel`, so a state dict is a checkpoint. Liu et al. 2019
(RoBERTa, arXiv:1907.11692) and Conneau et al. 2020 (XLM-R, arXiv:1911.02116) describe the architecture.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (the name that every torch code uses)

from dragoman.models.config import EncoderConfig
from dragoman.models.packing import PackedBatch

__all__ = ["Encoder", "TorchBatch", "initialise", "to_grid", "to_packed"]

INITIAL_DEVIATION = 0.02


class TorchBatch(NamedTuple):
    """A `PackedBatch` as tensors."""

    input_ids: Tensor  # [T]
    position_ids: Tensor  # [T]
    type_ids: Tensor  # [T]
    slots: Tensor  # [B, L]
    cells: Tensor  # [T]
    mask: Tensor  # [B, L]
    first: Tensor  # [B]

    @classmethod
    def of(cls, batch: PackedBatch) -> TorchBatch:
        arrays = (batch.input_ids, batch.position_ids, batch.type_ids, *batch.grid, batch.first)
        return cls(*map(torch.from_numpy, arrays))


class ToGrid(torch.autograd.Function):
    """Packed rows `[T, H]` → grid `[B, L, H]`.

    Cells past a text's end repeat its first token; what is computed from them is masked, so their gradient is zero and
    the way back is a plain selection instead of a slow scatter.
    """

    @staticmethod
    def forward(ctx: Any, packed: Tensor, slots: Tensor, cells: Tensor) -> Tensor:
        ctx.save_for_backward(cells)
        return packed.index_select(0, slots.flatten()).view(*slots.shape, packed.shape[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (cells,) = ctx.saved_tensors
        return gradient.flatten(0, 1).index_select(0, cells), None, None


class ToPacked(torch.autograd.Function):
    """Grid `[B, L, H]` → packed rows `[T, H]`: the mirror of `ToGrid`."""

    @staticmethod
    def forward(ctx: Any, grid: Tensor, slots: Tensor, cells: Tensor) -> Tensor:
        ctx.save_for_backward(cells)
        ctx.shape = grid.shape
        return grid.flatten(0, 1).index_select(0, cells)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (cells,) = ctx.saved_tensors
        flat = gradient.new_zeros(ctx.shape).flatten(0, 1)
        return flat.index_copy_(0, cells, gradient).view(ctx.shape), None, None


def to_grid(packed: Tensor, batch: TorchBatch) -> Tensor:
    """`[T, H]` → `[B, L, H]`."""
    return ToGrid.apply(packed, batch.slots, batch.cells)  # type: ignore[no-any-return, no-untyped-call]


def to_packed(grid: Tensor, batch: TorchBatch) -> Tensor:
    """`[B, L, H]` → `[T, H]`."""
    return ToPacked.apply(grid, batch.slots, batch.cells)  # type: ignore[no-any-return, no-untyped-call]


class Embeddings(nn.Module):
    """Sum of word, position and token-type vectors, normalised. `[T]` → `[T, hidden]`."""

    def __init__(self, config: EncoderConfig, dropout: float) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocabulary, config.hidden)
        self.position_embeddings = nn.Embedding(config.positions, config.hidden)
        self.token_type_embeddings = nn.Embedding(config.token_types, config.hidden)
        self.LayerNorm = nn.LayerNorm(config.hidden, eps=config.norm_epsilon)
        self.dropout = nn.Dropout(dropout)

    def forward(self, batch: TorchBatch) -> Tensor:
        words = self.word_embeddings(batch.input_ids)
        summed = words + self.position_embeddings(batch.position_ids) + self._types(batch)
        return self.dropout(self.LayerNorm(summed))  # type: ignore[no-any-return]

    def _types(self, batch: TorchBatch) -> Tensor:
        """`[T, hidden]`, or the one row that all tokens share where the model has one type only."""
        if self.token_type_embeddings.num_embeddings == 1:
            return self.token_type_embeddings.weight[0]
        return self.token_type_embeddings(batch.type_ids)  # type: ignore[no-any-return]


class SelfAttention(nn.Module):
    """Query, key and value on packed tokens; scores on the grid. `[T, hidden]` → `[T, hidden]`.

    Scores have no dropout of their own: it costs a random number per pair of tokens and the fused kernel.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.query = nn.Linear(config.hidden, config.hidden)
        self.key = nn.Linear(config.hidden, config.hidden)
        self.value = nn.Linear(config.hidden, config.hidden)
        self.heads, self.head_size = config.heads, config.head_size

    def forward(self, hidden: Tensor, batch: TorchBatch) -> Tensor:
        query, key, value = (self._on_grid(part(hidden), batch) for part in (self.query, self.key, self.value))
        mixed = F.scaled_dot_product_attention(
            query, key, value, attn_mask=batch.mask[:, None, None, :].to(query.dtype)
        )
        return to_packed(mixed.transpose(1, 2).flatten(2), batch)

    def _on_grid(self, packed: Tensor, batch: TorchBatch) -> Tensor:
        """`[T, hidden]` → `[B, heads, L, head_size]`."""
        grid = to_grid(packed, batch)
        return grid.view(*grid.shape[:2], self.heads, self.head_size).transpose(1, 2)


class Projection(nn.Module):
    """Linear, dropout, residual, norm: the end of both halves of a layer."""

    def __init__(self, inputs: int, config: EncoderConfig, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, config.hidden)
        self.LayerNorm = nn.LayerNorm(config.hidden, eps=config.norm_epsilon)
        self.dropout = nn.Dropout(dropout)

    def forward(self, changed: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(changed)) + residual)  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Self-attention with its projection. `self` is the name in checkpoints."""

    def __init__(self, config: EncoderConfig, dropout: float) -> None:
        super().__init__()
        self.self = SelfAttention(config)
        self.output = Projection(config.hidden, config, dropout)

    def forward(self, hidden: Tensor, batch: TorchBatch) -> Tensor:
        return self.output(self.self(hidden, batch), hidden)  # type: ignore[no-any-return]


class Intermediate(nn.Module):
    """The wide half of the feed-forward block."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden, config.intermediate)
        self.activation = config.activation

    def forward(self, hidden: Tensor) -> Tensor:
        wide = self.dense(hidden)
        if self.activation == "relu":
            return F.relu(wide)
        return F.gelu(wide, approximate="tanh" if self.activation == "gelu_new" else "none")


class Layer(nn.Module):
    """One transformer layer, normalised after each half. `[T, hidden]` → `[T, hidden]`."""

    def __init__(self, config: EncoderConfig, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(config, dropout)
        self.intermediate = Intermediate(config)
        self.output = Projection(config.intermediate, config, dropout)

    def forward(self, hidden: Tensor, batch: TorchBatch) -> Tensor:
        attended = self.attention(hidden, batch)
        return self.output(self.intermediate(attended), attended)  # type: ignore[no-any-return]


class LayerStack(nn.Module):
    """The layers, under the name that checkpoints use."""

    def __init__(self, config: EncoderConfig, dropout: float) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(config, dropout) for _ in range(config.layers))

    def forward(self, hidden: Tensor, batch: TorchBatch) -> Tensor:
        for layer in self.layer:
            hidden = layer(hidden, batch)
        return hidden


class Encoder(nn.Module):
    """The body: `[T]` packed tokens → `[T, hidden]` vectors."""

    def __init__(self, config: EncoderConfig, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config, dropout)
        self.encoder = LayerStack(config, dropout)

    def forward(self, batch: TorchBatch) -> Tensor:
        return self.encoder(self.embeddings(batch), batch)  # type: ignore[no-any-return]


def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Fresh weights: matrices from N(0, 0.02²), biases 0, norms 1. Draws in the order of parameter names."""
    with torch.no_grad():
        for name, parameter in sorted(module.named_parameters()):
            if "LayerNorm" in name:
                parameter.fill_(1.0 if name.endswith("weight") else 0.0)
            elif parameter.dim() == 1:
                parameter.zero_()
            else:
                parameter.normal_(0.0, INITIAL_DEVIATION, generator=generator)
