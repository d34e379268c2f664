"""OpenVINO: int8 weights with dynamic quantisation, or its default inference precision; batches sorted by length."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Contender, library, pad, sorted_batches
from .export import export_body

__all__ = ["OpenVino", "quantise_rows"]

PER_TOKEN = 2**32 - 1  # one activation scale a token
GROUPS = (32, 128, PER_TOKEN)


class OpenVino(Contender):
    """One synchronous request with all threads, or one asynchronous request a thread."""

    packages = ("openvino", "torch", "transformers")
    modules = ("openvino",)

    def prepare(self) -> None:
        vino = library("openvino")
        model = vino.Core().read_model(str(export_body(self.job)))
        vino.save_model(model, str(self._file("float")), compress_to_fp16=False)
        compress_weights(model)
        vino.save_model(model, str(self._file("int8")), compress_to_fp16=False)

    def _file(self, weights: str) -> Path:
        return self.job.work / "body" / f"openvino-{weights}.xml"

    def options(self) -> list[dict[str, Any]]:
        precisions = ["f32", *self._narrow()]
        layouts = sorted({1, self.job.threads})
        int8 = [
            {"weights": "int8", "precision": precision, "group": group, "streams": 1}
            for precision in precisions
            for group in GROUPS
        ]
        wide = [
            {
                "weights": weights,
                "precision": precisions[-1],
                "group": PER_TOKEN if weights == "int8" else 0,
                "streams": n,
            }
            for weights in ("float", "int8")
            for n in layouts
        ]
        return int8 + [options for options in wide if options not in int8]

    def _narrow(self) -> list[str]:
        able = library("openvino").Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        return ["bf16"] if "BF16" in able else []

    def load(self, options: dict[str, Any]) -> None:
        vino = library("openvino")
        settings = {
            "INFERENCE_NUM_THREADS": self.job.threads,
            "NUM_STREAMS": options["streams"],
            "INFERENCE_PRECISION_HINT": options["precision"],
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(options["group"]),
        }
        self.model = vino.Core().compile_model(str(self._file(options["weights"])), "CPU", settings)
        self.request = self.model.create_infer_request()
        self.queue = vino.AsyncInferQueue(self.model, options["streams"]) if options["streams"] > 1 else None

    def run_all(self) -> None:
        for batch in sorted_batches(self.job.texts, self.batch):
            if self.queue:
                self.queue.start_async(self._inputs(batch))
            else:
                self.request.infer(self._inputs(batch), share_inputs=True, share_outputs=True)
        if self.queue:
            self.queue.wait_all()

    def run_one(self) -> Any:
        return next(iter(self.request.infer(self._inputs([self.job.one])).values()))[0]

    def _inputs(self, texts: Any) -> dict[str, Any]:
        ids, mask = pad(texts, self.job.config["pad_token_id"])
        return {"input_ids": ids, "attention_mask": mask}


def compress_weights(model: Any) -> None:
    """Store each table and matrix in int8 with a scale a row, in the pattern that int8 kernels look for."""
    operators = library("openvino.opset13")
    for node in model.get_ordered_ops():
        for number, weights in _matrices(node):
            axis = 1 if node.get_type_name() == "Gather" or node.get_attributes().get("transpose_b") else 0
            rounded, scales = quantise_rows(weights, axis)
            wide = operators.convert(operators.constant(rounded), "f32")
            node.input(number).replace_source_output(operators.multiply(wide, operators.constant(scales)).output(0))


def _matrices(node: Any) -> list[tuple[int, Any]]:
    """Inputs of a product or a look-up that are constant matrices."""
    if node.get_type_name() not in ("MatMul", "Gather"):
        return []
    number = 1 if node.get_type_name() == "MatMul" else 0
    source = node.input_value(number).get_node()
    is_matrix = source.get_type_name() == "Constant" and len(source.shape) == 2 and source.get_element_type().is_real()
    return [(number, source.data)] if is_matrix else []


def quantise_rows(weights: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 with one scale for each slice along `axis`, the axis that a product sums over."""
    scales = np.abs(weights).max(axis=axis, keepdims=True) / 127
    scales[scales == 0] = 1
    return np.rint(weights / scales).astype(np.int8), scales.astype(np.float32)
