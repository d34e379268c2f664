"""What text-embeddings-inference tells of its model: `/info`."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from dragoman.serving.model import Model
from dragoman.serving.tasks.embedding import Embedding

__all__ = ["info_of"]


def info_of(model: Model) -> dict[str, Any]:
    """Its fields, with what a model here has for them; `version` is the server's."""
    serving = model.serving
    return {
        "model_id": model.name,
        "model_sha": model.digest or None,
        "model_dtype": "float32",
        "served_model_name": model.name,
        "model_type": model_type_of(model),
        "max_concurrent_requests": serving.max_inputs,
        "max_input_length": model.backbone.max_tokens,
        "max_batch_tokens": serving.max_batch_tokens,
        "max_batch_requests": None,
        "max_client_batch_size": serving.max_inputs,
        "auto_truncate": serving.too_long != "refuse",
        "tokenization_workers": 1,
        "version": version("dragoman"),
        "sha": None,
        "docker_label": None,
    }


def model_type_of(model: Model) -> dict[str, Any]:
    if isinstance(model.task, Embedding):
        return {"embedding": {"pooling": model.task.readout.pooling}}
    labels = list(enumerate(model.task.labels))
    kind = "reranker" if model.task.name == "rerank" else "classifier"
    return {
        kind: {"id2label": {str(id): label for id, label in labels}, "label2id": {label: id for id, label in labels}}
    }
