"""Small checkpoints with weights large enough that an error shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from dragoman.models.checkpoint import Checkpoint, expected_shapes
from dragoman.models.config import EncoderConfig
from dragoman.models.encoder import Encoder, TorchBatch
from dragoman.models.heads import Classifier, pool
from dragoman.models.names import Head
from dragoman.models.packing import PackedBatch, pack

torch.set_num_threads(1)  # sums this small are done before a second thread wakes up

FAMILIES = ("xlm-roberta", "roberta", "bert")
ACTIVATIONS = ("gelu", "gelu_new", "relu")
POOLINGS = ("cls", "mean")
LABELS = ["refund", "invoice", "ほか"]


class Outputs(NamedTuple):
    """What a model computes for `B` texts of `T` tokens in all."""

    hidden: NDArray[np.float32]  # [T, hidden]
    logits: NDArray[np.float32]  # [B, labels]; no columns for a body without a head


def small_config(family: str = "xlm-roberta", **changes: Any) -> EncoderConfig:
    shape = {"vocabulary": 60, "hidden": 32, "layers": 2, "heads": 4, "intermediate": 48, "positions": 40}
    bert = {"token_types": 2, "pad_token": 0, "norm_epsilon": 1e-12} if family == "bert" else {}
    return EncoderConfig(family=family, **(shape | bert | changes))


def small_checkpoint(
    config: EncoderConfig | None = None,
    *,
    labels: Sequence[str] = LABELS,
    pooling: str = "cls",
    head: Head | None = None,
    seed: int = 0,
) -> Checkpoint:
    """A checkpoint in which no weight is 0 or 1, biases and norms included."""
    config = config or small_config()
    random = np.random.default_rng(seed)
    shapes = expected_shapes(config, len(labels), head=head)
    arrays = {name: random.normal(0.0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}
    arrays |= {
        name: array + 1
        for name, array in arrays.items()
        if name.lower().endswith(("layernorm.weight", "layer_norm.weight"))
    }
    return Checkpoint(config, arrays, list(labels), pooling)


def random_texts(count: int = 6, *, longest: int = 30, vocabulary: int = 60, seed: int = 0) -> list[list[int]]:
    """Token ids of texts of many lengths, the shortest of one token, the last of `longest`."""
    random = np.random.default_rng(seed)
    lengths = [*np.linspace(1, longest, count).astype(int)]
    return [random.integers(4, vocabulary, length).tolist() for length in lengths]


def torch_outputs(checkpoint: Checkpoint, texts: Sequence[Sequence[int]]) -> Outputs:
    """What the trained model computes for texts that are packed together."""
    model = Classifier(checkpoint.config, labels=max(len(checkpoint.labels), 1), pooling=checkpoint.pooling)
    state = {name: torch.from_numpy(array) for name, array in checkpoint.arrays.items()}
    model.load_state_dict(state, strict=bool(checkpoint.labels))
    model.eval()
    batch = TorchBatch.of(pack(texts, first_position=checkpoint.config.first_position))
    with torch.inference_mode():
        hidden = model.roberta(batch)
        logits = model.classifier(pool(hidden, batch, checkpoint.pooling))
    return Outputs(hidden.numpy(), logits.numpy()[:, : len(checkpoint.labels)])


def torch_hidden(checkpoint: Checkpoint, batch: PackedBatch) -> NDArray[np.float32]:
    """Hidden states of packed tokens, `[T, hidden]`."""
    body = Encoder(checkpoint.config)
    arrays = {name: array for name, array in checkpoint.arrays.items() if name.startswith("roberta.")}
    body.load_state_dict({name.removeprefix("roberta."): torch.from_numpy(array) for name, array in arrays.items()})
    with torch.inference_mode():
        return body.eval()(TorchBatch.of(batch)).numpy()
