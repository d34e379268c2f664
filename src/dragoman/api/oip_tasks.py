"""The tasks as the Open Inference Protocol sees them: which tensors go in, and which come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dragoman.api.answers import encode_json
from dragoman.api.oip_columns import name_of_column, parts_of
from dragoman.api.oip_tensors import Tensor, bytes_tensor, float_tensor, texts_in
from dragoman.errors import InvalidRequest
from dragoman.records import FeatureColumn, Prediction, QuestionInput, RankInput, RowInput, TextInput
from dragoman.serving.model import Model
from dragoman.serving.suggestion import shown, suggest

__all__ = ["Column", "classified", "inputs_of", "outputs_of", "read_tensors", "selected", "write_tensors"]

ALIASES = {"args": "text", "array_inputs": "text"}  # the names of MLServer's Hugging Face runtime
RESERVED = {
    "priority",
    "timeout",
    "binary_data_output",
    "sequence_id",
    "sequence_start",
    "sequence_end",
    "content_type",
}
CANDIDATES = "candidate_labels"


class Column(NamedTuple):
    """One tensor of a model's signature; -1 is any size."""

    name: str
    datatype: str
    shape: list[int]
    is_optional: bool = False


TEXTS = [-1]
INPUTS: dict[type, tuple[Column, ...]] = {
    TextInput: (Column("text", "BYTES", TEXTS), Column("pair", "BYTES", TEXTS, is_optional=True)),
    QuestionInput: (Column("question", "BYTES", TEXTS), Column("context", "BYTES", TEXTS)),
    RankInput: (Column("query", "BYTES", [1]), Column("texts", "BYTES", TEXTS)),
    RowInput: (),
}
LABELS = (Column("labels", "BYTES", [-1, -1]), Column("scores", "FP32", [-1, -1]))
VALUES = ("value", "low", "high")
OUTPUTS: dict[str, tuple[Column, ...]] = {
    "text-classification": LABELS,
    "tabular-classification": LABELS,
    "tabular-regression": tuple(Column(name, "FP64", [-1]) for name in VALUES),
    "embedding": (Column("embedding", "FP32", [-1, -1]),),
    "rerank": (Column("index", "INT64", [-1]), Column("scores", "FP32", [-1])),
}
JSON_OUTPUT = (Column("output", "BYTES", TEXTS),)  # an object per input, as MLServer answers


def inputs_of(model: Model) -> list[Column]:
    """The tensors that a model takes: those that must be there, and those of its columns."""
    found = [column for column in INPUTS[model.task.Input] if not column.is_optional]
    if model.task.name == "zero-shot-classification":
        found.append(Column(CANDIDATES, "BYTES", TEXTS))
    found += [tensor_of(column) for column in model.columns if not column.view]
    has_views = any(column.view for column in model.columns)
    return [*found, Column("key", "BYTES", TEXTS, is_optional=True)] if has_views else found


def tensor_of(column: FeatureColumn) -> Column:
    datatype = "FP64" if column.kind == "number" else "BYTES"
    return Column(name_of_column(column), datatype, TEXTS, is_optional=not column.required)


def outputs_of(task_name: str) -> tuple[Column, ...]:
    return OUTPUTS.get(task_name, JSON_OUTPUT)


# In -----------------------------------------------------------------------------------------------------------------


def read_tensors(
    model: Model, tensors: Sequence[Tensor], parameters: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The inputs and the task's parameters of one request. Raises `InvalidRequest` for tensors that do not fit."""
    asked = {name: value for name, value in parameters.items() if name not in RESERVED}
    others, fields = parts_of(tensors, model.columns) if model.columns else (tensors, {})
    named = {ALIASES.get(one.name, one.name): one for one in others}
    if model.task.name == "zero-shot-classification" and CANDIDATES in named:
        asked[CANDIDATES] = texts_in(named.pop(CANDIDATES))
    check_names(named, INPUTS[model.task.Input], [*fields, *map(name_of_column, model.columns)])
    columns: dict[str, list[Any]] = {name: texts_in(one) for name, one in named.items()} | fields
    if model.task.Input is RankInput:
        return [RankInput(query=query_of(columns["query"]), texts=columns["texts"])], asked
    check_lengths(columns)
    rows = zip(*columns.values(), strict=True)
    return [model.task.Input(**dict(zip(columns, row, strict=True))) for row in rows], asked


def check_names(columns: Mapping[str, Any], known: Sequence[Column], others: Sequence[str] = ()) -> None:
    valid = [column.name for column in known]
    for name in columns:
        if name not in valid:
            raise InvalidRequest(f"There is no input tensor {shown(name)}.", help=suggest(name, [*valid, *others]))
    for column in known:
        if column.name not in columns and not column.is_optional:
            raise InvalidRequest(f"The input tensor '{column.name}' is missing.", help=f"send {' and '.join(valid)}.")


def check_lengths(columns: Mapping[str, list[Any]]) -> None:
    lengths = {name: len(texts) for name, texts in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidRequest(f"The input tensors have {lengths} elements.", help="send as many of each.")


def query_of(texts: list[str]) -> str:
    if len(texts) != 1:
        raise InvalidRequest(f"There are {len(texts)} queries.", help="send one query a request.")
    return texts[0]


# Out ----------------------------------------------------------------------------------------------------------------


def write_tensors(task_name: str, predictions: Sequence[Any]) -> list[Tensor]:
    """The output tensors of the answers of a request."""
    if OUTPUTS.get(task_name) is LABELS:
        return [
            bytes_tensor("labels", [[label.label for label in one.labels] for one in predictions]),
            float_tensor("scores", [[label.score for label in one.labels] for one in predictions]),
        ]
    if task_name == "tabular-regression":
        return [Tensor(name, "FP64", np.array([getattr(one, name) for one in predictions])) for name in VALUES]
    if task_name == "embedding":
        return [float_tensor("embedding", embeddings_of(predictions))]
    if task_name == "rerank":
        (results,) = [one.results for one in predictions]
        index = np.array([one.index for one in results], dtype=np.int64)
        return [Tensor("index", "INT64", index), float_tensor("scores", [one.score for one in results])]
    return [bytes_tensor("output", [encode_json(result_of(one)).decode() for one in predictions])]


def embeddings_of(predictions: Sequence[Any]) -> Any:
    vectors = [one.embedding for one in predictions]
    if any(np.shape(vector) != np.shape(vectors[0]) for vector in vectors):
        raise InvalidRequest(
            "Texts of different lengths have no common shape per token.", help="send one text, or pool its tokens."
        )
    return np.stack(vectors)


def result_of(prediction: Prediction) -> dict[str, Any]:
    """The fields that the task adds to a prediction."""
    names = [name for name in prediction.__struct_fields__ if name not in Prediction.__struct_fields__]
    return {name: getattr(prediction, name) for name in names}


def selected(tensors: Sequence[Tensor], names: Sequence[str]) -> list[Tensor]:
    """The outputs that were asked for, in that order; all if none was named."""
    found = {tensor.name: tensor for tensor in tensors}
    for name in names:
        if name not in found:
            raise InvalidRequest(f"There is no output tensor {shown(name)}.", help=suggest(name, found))
    return [found[name] for name in names] or list(tensors)


def classified(tensor: Tensor, top: int, labels: Sequence[Sequence[bytes]], head: Sequence[str]) -> Tensor:
    """The extension `classification`: the `top` largest values of each row as `VALUE:INDEX[:LABEL]`.

    `labels` are those of the values, and INDEX counts in `head`; without labels it is the value's place in its row.
    """
    if tensor.datatype == "BYTES" or tensor.data.ndim == 0:
        raise InvalidRequest(f"'{tensor.name}' has no classes.", help="ask for the classification of numbers.")
    rows = np.atleast_2d(tensor.data)
    order = np.argsort(-rows, axis=1, kind="stable")[:, :top]
    shown_rows = [
        [class_of(rows[number, place], place, labels[number] if labels else (), head) for place in places]
        for number, places in enumerate(order.tolist())
    ]
    return bytes_tensor(tensor.name, shown_rows if tensor.data.ndim > 1 else shown_rows[0])


def class_of(value: Any, place: int, labels: Sequence[bytes], head: Sequence[str]) -> str:
    if not labels:
        return f"{value:f}:{place}"
    label = labels[place].decode()
    return f"{value:f}:{head.index(label)}:{label}"
