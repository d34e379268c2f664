"""The ONNX graph of a checkpoint over packed tokens, built node by node: nothing is traced, torch is not needed.

The graph holds no weights. Its initializers point into the checkpoint's own safetensors file (an eight-byte length, a
JSON header, then raw little-endian arrays), so a bundle stores each weight once and the runtime maps it from disk.
Operators: ONNX opset 20.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dragoman.models.config import EncoderConfig
from dragoman.models.fusion import Fusion
from dragoman.runtime.fused_graph import FEATURES, add_features

__all__ = ["GRAPH_FILE", "INPUTS", "build_graph"]

GRAPH_FILE = "graph.onnx"
OPSET = 20
IR_VERSION = 9
INPUTS = ("input_ids", "position_ids", "type_ids", "slots", "cells", "mask", "first")
SHAPES: dict[str, list[str | int]] = {
    "input_ids": ["tokens"],
    "position_ids": ["tokens"],
    "type_ids": ["tokens"],
    "slots": ["texts", "longest"],
    "cells": ["tokens"],
    "mask": ["texts", "longest"],
    "first": ["texts"],
}


class Stored(NamedTuple):
    """Where an array lies in the weights file."""

    shape: list[int]
    offset: int
    length: int


def stored_arrays(weights: Path) -> dict[str, Stored]:
    """The float32 arrays of a safetensors file with their place in it."""
    with weights.open("rb") as file:
        (header_length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_length))
    header.pop("__metadata__", None)
    base = 8 + header_length
    return {
        name: Stored(
            entry["shape"], base + entry["data_offsets"][0], entry["data_offsets"][1] - entry["data_offsets"][0]
        )
        for name, entry in header.items()
    }


def build_graph(
    config: EncoderConfig, *, weights: Path, labels: int, pooling: str, fusion: Fusion | None = None
) -> onnx.ModelProto:
    """The graph of a checkpoint whose arrays lie in the safetensors file `weights`.

    Inputs are those of `PackedBatch` and its `Grid`, and with `fusion` one more, `features` `[texts, columns]` float32,
    NaN for what is missing. Outputs are `hidden` `[tokens, hidden]` and, with `labels` > 0, `logits` `[texts, labels]`.
    """
    builder = GraphBuilder(stored_arrays(weights), weights.name, config)
    hidden = builder.embeddings()
    for number in range(config.layers):
        hidden = builder.layer(hidden, number)
    builder.rename(hidden, "hidden")
    outputs = [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["tokens", config.hidden])]
    if labels:
        builder.rename(builder.head(builder.pooled("hidden", pooling), fusion), "logits")
        outputs.append(helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", labels]))
    columns = len(fusion.columns) if fusion and labels else 0
    return builder.model(outputs, columns=columns)


class GraphBuilder:
    """Adds nodes; each method takes and returns names of values."""

    def __init__(self, arrays: dict[str, Stored], location: str, config: EncoderConfig) -> None:
        self.arrays, self.location, self.config = arrays, location, config
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    # Plumbing

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=f"{operator}_{name}", **attributes))
        return name

    def rename(self, value: str, name: str) -> None:
        for node in self.nodes:
            node.output[:] = [name if output == value else output for output in node.output]
            node.input[:] = [name if source == value else source for source in node.input]

    def weight(self, name: str) -> str:
        """An initializer whose bytes stay in the weights file. BERT's own names are used where the file has them."""
        if name not in self.initializers:
            stored = self.arrays[name]
            tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=stored.shape)
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", self.location), ("offset", stored.offset), ("length", stored.length)):
                tensor.external_data.add(key=key, value=str(value))
            self.initializers[name] = tensor
        return name

    def constant(self, name: str, value: Any, kind: Any = np.int64) -> str:
        self.initializers.setdefault(name, numpy_helper.from_array(np.asarray(value, dtype=kind), name))
        return name

    def model(self, outputs: list[onnx.ValueInfoProto], *, columns: int = 0) -> onnx.ModelProto:
        kinds = {"mask": TensorProto.FLOAT}
        inputs = [
            helper.make_tensor_value_info(name, kinds.get(name, TensorProto.INT64), SHAPES[name]) for name in INPUTS
        ]
        if columns:
            inputs.append(helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, ["texts", columns]))
        graph = helper.make_graph(self.nodes, "packed_encoder", inputs, outputs, list(self.initializers.values()))
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="dragoman"
        )

    # Parts of the model

    @property
    def body(self) -> str:
        return "bert." if self.config.family == "bert" else "roberta."

    def linear(self, value: str, name: str) -> str:
        return self.add("Gemm", value, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), transB=1)

    def norm(self, value: str, name: str) -> str:
        weights = (self.weight(f"{name}.weight"), self.weight(f"{name}.bias"))
        return self.add("LayerNormalization", value, *weights, axis=-1, epsilon=self.config.norm_epsilon)

    def embeddings(self) -> str:
        tables = f"{self.body}embeddings."
        words = self.add("Gather", self.weight(f"{tables}word_embeddings.weight"), "input_ids")
        places = self.add("Gather", self.weight(f"{tables}position_embeddings.weight"), "position_ids")
        kind = self.add("Gather", self.weight(f"{tables}token_type_embeddings.weight"), "type_ids")
        return self.norm(self.add("Add", self.add("Add", words, places), kind), f"{tables}LayerNorm")

    def layer(self, hidden: str, number: int) -> str:
        name = f"{self.body}encoder.layer.{number}."
        mixed = self.linear(self.attention(hidden, f"{name}attention.self."), f"{name}attention.output.dense")
        attended = self.norm(self.add("Add", mixed, hidden), f"{name}attention.output.LayerNorm")
        wide = self.activation(self.linear(attended, f"{name}intermediate.dense"))
        narrow = self.linear(wide, f"{name}output.dense")
        return self.norm(self.add("Add", narrow, attended), f"{name}output.LayerNorm")

    def attention(self, hidden: str, name: str) -> str:
        query, key, value = (self.on_grid(self.linear(hidden, name + part)) for part in ("query", "key", "value"))
        scale = self.constant("scale", self.config.head_size**-0.5, np.float32)
        scores = self.add("MatMul", self.add("Mul", query, scale), self.add("Transpose", key, perm=[0, 1, 3, 2]))
        mask = self.add("Unsqueeze", "mask", self.constant("middle_axes", [1, 2]))
        shares = self.add("Softmax", self.add("Add", scores, mask), axis=-1)
        mixed = self.add("Transpose", self.add("MatMul", shares, value), perm=[0, 2, 1, 3])
        rows = self.add("Reshape", mixed, self.constant("rows", [-1, self.config.hidden]))
        return self.add("Gather", rows, "cells")

    def on_grid(self, packed: str) -> str:
        """`[tokens, hidden]` → `[texts, heads, longest, head_size]`."""
        grid = self.constant("grid", [0, 0, self.config.heads, self.config.head_size])
        return self.add("Transpose", self.add("Reshape", self.add("Gather", packed, "slots"), grid), perm=[0, 2, 1, 3])

    def activation(self, value: str) -> str:
        if self.config.activation == "relu":
            return self.add("Relu", value)
        return self.add("Gelu", value, approximate="tanh" if self.config.activation == "gelu_new" else "none")

    def pooled(self, hidden: str, pooling: str) -> str:
        if pooling == "cls":
            return self.add("Gather", hidden, "first")
        # The mask is 0 or very low: its exponential is 1 inside a text and 0 past its end; softmax makes it a mean.
        weights = self.add("Unsqueeze", self.add("Softmax", "mask", axis=-1), self.constant("row_axis", [1]))
        return self.add(
            "Squeeze", self.add("MatMul", weights, self.add("Gather", hidden, "slots")), self.constant("row_axis", [1])
        )

    def head(self, pooled: str, fusion: Fusion | None) -> str:
        dense, out = (
            ("bert.pooler.dense", "classifier")
            if self.config.family == "bert"
            else ("classifier.dense", "classifier.out_proj")
        )
        started = self.linear(pooled, dense)
        if fusion:
            started = add_features(self, fusion, started)
        return self.linear(self.add("Tanh", started), out)
