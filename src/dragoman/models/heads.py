"""Heads: from packed vectors to the numbers of a task."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dragoman.models.config import EncoderConfig
from dragoman.models.encoder import Encoder, TorchBatch, to_grid
from dragoman.models.fusion import CLIP, Fusion

__all__ = ["Classifier", "FusedClassifier", "pool"]


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
        return self.finish(self.start(pooled))

    def start(self, pooled: Tensor) -> Tensor:
        """What the tanh is taken of. `[B, H]` → `[B, H]`."""
        return self.dense(self.dropout(pooled))  # type: ignore[no-any-return]

    def finish(self, started: Tensor) -> Tensor:
        """`[B, H]` → `[B, labels]`."""
        return self.out_proj(self.dropout(torch.tanh(started)))  # type: ignore[no-any-return]


class Classifier(nn.Module):
    """Encoder and classification head: packed tokens → logits `[B, labels]`."""

    def __init__(self, config: EncoderConfig, *, labels: int, pooling: str, dropout: float = 0.0) -> None:
        super().__init__()
        self.roberta = Encoder(config, dropout=dropout)
        self.classifier = ClassificationHead(config, labels, dropout)
        self.pooling = pooling

    def forward(self, batch: TorchBatch) -> Tensor:
        return self.classifier(pool(self.roberta(batch), batch, self.pooling))  # type: ignore[no-any-return]


class FeatureTower(nn.Module):
    """Features of a text → what they add to the head's dense layer. `[B, columns]` → `[B, hidden]`.

    `models/fusion.py` says what it does.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, fusion: Fusion, hidden: int, dropout: float) -> None:
        super().__init__()
        self.shape = fusion
        if fusion.numbers:
            self.register_buffer("mean", torch.zeros(len(fusion.numbers)))
            self.register_buffer("scale", torch.ones(len(fusion.numbers)))
        if fusion.sizes:
            self.categories = nn.Embedding(sum(fusion.sizes) + len(fusion.sizes), fusion.embedding)
        self.tower = nn.Linear(fusion.width, fusion.tower)
        self.into = nn.Linear(fusion.tower, hidden, bias=False)
        self.dropout = nn.Dropout(dropout)

    def begin(self, *, mean: NDArray[np.float64], scale: NDArray[np.float64], random: torch.Generator) -> None:
        """Take the numbers' means and deviations, and draw weights for inputs of size 1 (He et al. 2015)."""
        with torch.no_grad():
            if self.shape.numbers:
                self.mean.copy_(torch.from_numpy(mean))
                self.scale.copy_(torch.from_numpy(scale))
            if self.shape.sizes:
                self.categories.weight.normal_(0.0, 1.0, generator=random)
            self.tower.weight.normal_(0.0, (2.0 / self.shape.width) ** 0.5, generator=random)

    def forward(self, features: Tensor) -> Tensor:
        parts = [*self._of_numbers(features), *self._of_categories(features)]
        return self.into(self.dropout(torch.relu(self.tower(torch.cat(parts, dim=1)))))  # type: ignore[no-any-return]

    def _of_numbers(self, features: Tensor) -> list[Tensor]:
        if not self.shape.numbers:
            return []
        numbers = features[:, self.shape.numbers]
        missing = torch.isnan(numbers)
        standard = ((numbers - self.mean) / self.scale).clamp(-CLIP, CLIP)
        return [torch.where(missing, 0.0, standard), missing.to(features.dtype)]

    def _of_categories(self, features: Tensor) -> list[Tensor]:
        if not self.shape.sizes:
            return []
        codes = features[:, self.shape.categories]
        known = (codes >= 0) & (codes < torch.tensor(self.shape.sizes))
        rows = torch.where(known, codes, -1.0).long() + (torch.tensor(self.shape.starts) + 1)
        return [self.categories(rows).flatten(1)]


class FusedClassifier(Classifier):
    """A classifier that reads features beside the text: packed tokens and `[B, columns]` → logits `[B, labels]`."""

    def __init__(
        self, config: EncoderConfig, *, fusion: Fusion, labels: int, pooling: str, dropout: float = 0.0
    ) -> None:
        super().__init__(config, labels=labels, pooling=pooling, dropout=dropout)
        self.fusion = FeatureTower(fusion, config.hidden, dropout)

    def forward(self, batch: TorchBatch, features: Tensor | None = None) -> Tensor:
        """`features` have NaN for what is missing; None: all are."""
        if features is None:
            features = torch.full((len(batch.first), len(self.fusion.shape.columns)), torch.nan)
        pooled = pool(self.roberta(batch), batch, self.pooling)
        return self.classifier.finish(self.classifier.start(pooled) + self.fusion(features))
