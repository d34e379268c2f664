"""The arithmetic that the native kernels claim, written again in numpy, one text at a time."""

from __future__ import annotations

from collections.abc import Mapping
from math import erf, sqrt, tanh
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from dragoman.models.config import EncoderConfig
from dragoman.models.packing import PackedBatch

CHUNK = 768
Floats = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]


def encoded(config: EncoderConfig, stored: Arrays, batch: PackedBatch) -> Floats:
    """Hidden states `[T, hidden]` of a quantised encoder."""
    ends = [*batch.first[1:], batch.tokens]
    return np.concatenate(
        [encoded_text(config, stored, batch, slice(a, b)) for a, b in zip(batch.first, ends, strict=True)]
    )


def encoded_text(config: EncoderConfig, stored: Arrays, batch: PackedBatch, text: slice) -> Floats:
    tables, ids = "roberta.embeddings.", batch.input_ids[text]
    words = stored[f"{tables}word_embeddings.weight"][ids].astype(np.float32)
    words *= stored[f"{tables}word_embeddings.weight_scale"][ids][:, None]
    places = stored[f"{tables}position_embeddings.weight"][batch.position_ids[text]]
    kinds = stored[f"{tables}token_type_embeddings.weight"][batch.type_ids[text]]
    hidden = normalized(config, stored, f"{tables}LayerNorm", words + places + kinds)
    for number in range(config.layers):
        hidden = one_layer(config, stored, f"roberta.encoder.layer.{number}.", hidden)
    return hidden


def one_layer(config: EncoderConfig, stored: Arrays, layer: str, hidden: Floats) -> Floats:
    mixed = attended(config, linear(stored, f"{layer}attention.self.mixed", hidden))
    hidden = hidden + linear(stored, f"{layer}attention.output.dense", mixed)
    hidden = normalized(config, stored, f"{layer}attention.output.LayerNorm", hidden)
    wide = rounded(activated(config.activation, linear(stored, f"{layer}intermediate.dense", hidden)))
    for start in range(0, config.intermediate, CHUNK):
        columns = slice(start, start + CHUNK)
        hidden = hidden + linear(stored, f"{layer}output.dense", wide[:, columns], columns)
    return normalized(config, stored, f"{layer}output.LayerNorm", hidden)


def linear(stored: Arrays, name: str, rows: Floats, columns: slice = slice(None)) -> Floats:
    """Integers times integers, then the scales; the bias comes with the first columns."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    inverse = np.divide(np.float32(127), largest, out=np.zeros_like(largest), where=largest > 0)
    integers = np.rint(rows.astype(np.float64) * inverse).astype(np.int64)  # rounded once
    sums = integers @ stored[f"{name}.weight"][:, columns].T.astype(np.int64)
    result = sums.astype(np.float32) * (largest / np.float32(127)) * stored[f"{name}.weight_scale"]
    return result if columns.start else result + stored[f"{name}.bias"]


def attended(config: EncoderConfig, mixed: Floats) -> Floats:
    """Softmax attention with query, key, value, shares and the result rounded to bfloat16."""
    query, key, value = mixed.reshape(len(mixed), 3, config.heads, config.head_size).transpose(1, 2, 0, 3)
    query = rounded(query * np.float32(np.log2(np.e) / sqrt(config.head_size)))
    scores = query @ rounded(key).transpose(0, 2, 1)
    shares = np.exp2(scores - scores.max(axis=-1, keepdims=True))
    result = rounded(shares) @ rounded(value) / shares.sum(axis=-1, keepdims=True)
    return rounded(result.transpose(1, 0, 2).reshape(len(mixed), config.hidden))


def rounded(values: Floats) -> Floats:
    return values.astype(ml_dtypes.bfloat16).astype(np.float32)


def normalized(config: EncoderConfig, stored: Arrays, name: str, rows: Floats) -> Floats:
    centred = rows - rows.mean(axis=1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + np.float32(config.norm_epsilon))
    return centred / deviation * stored[f"{name}.weight"] + stored[f"{name}.bias"]


def activated(name: str, values: Floats) -> Floats:
    function = {
        "gelu": lambda x: 0.5 * x * (1 + erf(x / sqrt(2))),
        "gelu_new": lambda x: 0.5 * x * (1 + tanh(sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        "relu": lambda x: max(x, 0.0),
    }[name]
    return np.vectorize(function, otypes=[np.float32])(values)
