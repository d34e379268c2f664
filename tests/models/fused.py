"""A small classifier that reads features beside the text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tests.models.small import LABELS, small_config

from dragoman.models.checkpoint import Checkpoint, expected_shapes
from dragoman.models.config import EncoderConfig
from dragoman.models.encoder import TorchBatch
from dragoman.models.fusion import Fusion
from dragoman.models.heads import FusedClassifier
from dragoman.models.packing import PackedBatch

Floats = NDArray[np.float32]

MIXED = Fusion(columns=[None, 3, None, 0, None, 2], embedding=4, tower=12)
NUMBERS = Fusion(columns=[None, None], tower=6)
CATEGORIES = Fusion(columns=[4, 1], embedding=3, tower=6)
SHAPES = {"mixed": MIXED, "numbers": NUMBERS, "categories": CATEGORIES}


def fused_checkpoint(
    fusion: Fusion = MIXED, *, config: EncoderConfig | None = None, pooling: str = "mean", seed: int = 0
) -> Checkpoint:
    """A checkpoint with weights large enough that an error shows."""
    config = config or small_config()
    random = np.random.default_rng(seed)
    shapes = expected_shapes(config, len(LABELS), fusion=fusion)
    arrays = {name: random.normal(0.0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}
    arrays |= {name: array + 1 for name, array in arrays.items() if name.endswith(("LayerNorm.weight", "fusion.scale"))}
    return Checkpoint(config, arrays, list(LABELS), pooling, fusion=fusion)


def random_features(fusion: Fusion, rows: int, *, seed: int = 0) -> Floats:
    """Numbers of many sizes, known and unknown codes, and missing values among both."""
    random = np.random.default_rng(seed)
    columns = [
        random.normal(0, 4, rows) if size is None else random.integers(-1, size + 2, rows).astype(float)
        for size in fusion.columns
    ]
    matrix = np.stack(columns, axis=1).astype(np.float32)
    matrix[random.random(matrix.shape) < 0.25] = np.nan
    return matrix


def torch_logits(checkpoint: Checkpoint, batch: PackedBatch, features: Floats | None) -> Floats:
    """What the trained model says, `[texts, labels]`."""
    assert checkpoint.fusion is not None
    model = FusedClassifier(
        checkpoint.config, fusion=checkpoint.fusion, labels=len(checkpoint.labels), pooling=checkpoint.pooling
    )
    model.load_state_dict({name: torch.from_numpy(array) for name, array in checkpoint.arrays.items()})
    given = None if features is None else torch.from_numpy(features)
    with torch.inference_mode():
        return model.eval()(TorchBatch.of(batch), given).numpy()


def rows_of(features: Floats) -> Sequence[Floats]:
    return list(features)
