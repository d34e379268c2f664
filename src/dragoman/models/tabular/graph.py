"""The ONNX graph of a tree model: one operator, written node by node; nothing is traced.

Operators: `TreeEnsemble` of ai.onnx.ml opset 5. Thresholds and sums are float64, so the graph says what the trees say:
a float32 value stands on the same side of a threshold in both, and leaves are added without loss.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from dragoman.models.tabular.trees import TreeModel

__all__ = ["INPUT", "MODEL_FILE", "OUTPUT", "build_tree_graph"]

MODEL_FILE = "model.onnx"  # in a bundle
INPUT, OUTPUT = "features", "told"

OPSET, ML_OPSET, IR_VERSION = 20, 5, 10
AT_MOST, IN_SET = 0, 6  # modes of nodes in the operator
SUM, NO_TRANSFORM = 1, 0


def build_tree_graph(model: TreeModel, *, columns: int) -> onnx.ModelProto:
    """Input `features` `[rows, columns]` float32, NaN for a missing value; output `told` `[rows, outputs]` float32."""
    outputs = len(model.base)
    nodes = [
        helper.make_node("Cast", [INPUT], ["wide"], to=TensorProto.DOUBLE),
        helper.make_node("TreeEnsemble", ["wide"], ["sums"], domain="ai.onnx.ml", **_attributes(model)),
        helper.make_node("Add", ["sums", "base"], ["all"]),
        helper.make_node("Cast", ["all"], [OUTPUT], to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(
        nodes,
        "trees",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["rows", columns])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["rows", outputs])],
        [numpy_helper.from_array(model.base, "base")],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="dragoman")


def _attributes(model: TreeModel) -> dict[str, Any]:
    """The trees as the operator takes them. It has no tree without a node: a lone leaf gets one with two ways to it."""
    lone = np.flatnonzero(model.roots < 0)
    first = len(model.columns)
    roots, leaves = model.roots.copy(), model.leaves
    roots[lone] = first + np.arange(len(lone))
    ends = model.roots[lone]
    outputs = _outputs_of_leaves(model)
    if not len(roots):
        roots, ends = np.array([0]), np.array([-1])
        leaves, outputs = np.zeros(1), np.zeros(1, dtype=np.int64)
    none = np.zeros(len(ends), dtype=np.int64)
    left, right = np.concatenate([model.left, ends]), np.concatenate([model.right, ends])
    has_set = np.concatenate([np.diff(model.sets) > 0, none > 0])
    return {
        "n_targets": len(model.base),
        "aggregate_function": SUM,
        "post_transform": NO_TRANSFORM,
        "tree_roots": roots.tolist(),
        "nodes_featureids": np.concatenate([model.columns, none]).tolist(),
        "nodes_modes": _tensor("modes", np.where(has_set, IN_SET, AT_MOST), np.uint8),
        "nodes_splits": _tensor("splits", np.concatenate([model.thresholds, none]), np.float64),
        "nodes_truenodeids": np.where(left >= 0, left, -1 - left).tolist(),
        "nodes_trueleafs": (left < 0).astype(int).tolist(),
        "nodes_falsenodeids": np.where(right >= 0, right, -1 - right).tolist(),
        "nodes_falseleafs": (right < 0).astype(int).tolist(),
        "nodes_missing_value_tracks_true": np.concatenate([model.missing_left, none]).astype(int).tolist(),
        "leaf_targetids": outputs.tolist(),
        "leaf_weights": _tensor("weights", leaves, np.float64),
        **({"membership_values": _tensor("members", _members(model), np.float64)} if has_set.any() else {}),
    }


def _tensor(name: str, values: NDArray[Any], kind: Any) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values, dtype=kind), name)


def _members(model: TreeModel) -> NDArray[np.float64]:
    """The sets of the nodes that have one, in the order of nodes, NaN after each."""
    counts = np.diff(model.sets)
    ends = np.cumsum(counts)[counts > 0]
    return np.insert(model.members.astype(np.float64), ends, np.nan)


def _outputs_of_leaves(model: TreeModel) -> NDArray[np.int64]:
    """`[leaves]` the output of the tree that each leaf is of."""
    found = np.zeros(len(model.leaves), dtype=np.int64)
    places, outputs = model.roots, model.outputs
    while len(places):
        is_leaf = places < 0
        found[-1 - places[is_leaf]] = outputs[is_leaf]
        nodes = places[~is_leaf]
        places, outputs = np.concatenate([model.left[nodes], model.right[nodes]]), np.tile(outputs[~is_leaf], 2)
    return found
