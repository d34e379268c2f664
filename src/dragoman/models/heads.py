"""Heads: from packed vectors to the numbers of a task."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dragoman.models.config import EncoderConfig
from dragoman.models.encoder import Encoder, TorchBatch, to_grid

__all__ = ["Classifier", "pool"]


def pool(hidden: Tensor, batch: TorchBatch, pooling: str) -> Tensor:
    """One vector per text: its first token's (`cls`) or the mean of its tokens'. `[T, H]` → `[B, H]`."""
    if pooling == "cls":
        return hidden.index_select(0, batch.first)
    inside = (batch.mask == 0).to(hidden.dtype)
    weights = inside / inside.sum(dim=1, keepdim=True)
    return (to_grid(hidden, batch) * weights[:, :, None]).sum(dim=1)


class ClassificationHead(nn.Module):
    """Dense, tanh, projection: Hugging Face's `RobertaClassificationHead`. `[B, H]` → `[B, labels]`."""

    def __init__(self, config: EncoderConfig, labels: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden, config.hidden)
        self.out_proj = nn.Linear(config.hidden, labels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, pooled: Tensor) -> Tensor:
        return self.out_proj(self.dropout(torch.tanh(self.dense(self.dropout(pooled)))))  # type: ignore[no-any-return]


class Classifier(nn.Module):
    """Encoder and classification head: packed tokens → logits `[B, labels]`."""

    def __init__(self, config: EncoderConfig, *, labels: int, pooling: str, dropout: float = 0.0) -> None:
        super().__init__()
        self.roberta = Encoder(config, dropout=dropout)
        self.classifier = ClassificationHead(config, labels, dropout)
        self.pooling = pooling

    def forward(self, batch: TorchBatch) -> Tensor:
        return self.classifier(pool(self.roberta(batch), batch, self.pooling))  # type: ignore[no-any-return]
