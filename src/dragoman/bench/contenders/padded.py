"""ONNX Runtime: a padded int8 graph, batches sorted by length."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .base import Contender, library, pad, sorted_batches
from .export import export_body

__all__ = ["OnnxRuntime"]

ERRORS_ONLY = 3
FUSIONS = 1  # level of the runtime's own graph optimisation before the transformer fusions


class OnnxRuntime(Contender):
    """`quantize_dynamic` over the exported graph, with and without the runtime's transformer fusions."""

    packages = ("onnxruntime", "onnx", "torch", "transformers")
    modules = ("onnxruntime",)

    def prepare(self) -> None:
        plain = export_body(self.job)
        fused = plain.with_name("fused.onnx")
        self._fuse(plain, fused)
        quantization = library("onnxruntime.quantization")
        kind = library("onnx").TensorProto.FLOAT  # of values behind the runtime's own operators, which have no schema
        for graph in (plain, fused):
            quantization.quantize_dynamic(
                graph,
                self._quantised(graph.stem),
                weight_type=quantization.QuantType.QInt8,
                extra_options={"DefaultTensorType": kind},
                use_external_data_format=graph.with_name(f"{graph.name}.data").exists(),
            )

    def _fuse(self, plain: Path, fused: Path) -> None:
        optimized = library("onnxruntime.transformers.optimizer").optimize_model(
            str(plain),
            model_type="bert",
            num_heads=self.job.config["num_attention_heads"],
            hidden_size=self.job.config["hidden_size"],
            opt_level=FUSIONS,
        )
        optimized.save_model_to_file(str(fused))

    def _quantised(self, graph: str) -> Path:
        return self.job.work / "body" / f"{graph}-int8.onnx"

    def options(self) -> list[dict[str, Any]]:
        return [{"graph": "fused"}, {"graph": "model"}]

    def load(self, options: dict[str, Any]) -> None:
        runtime = library("onnxruntime")
        settings = runtime.SessionOptions()
        settings.intra_op_num_threads, settings.inter_op_num_threads = self.job.threads, 1
        settings.log_severity_level = ERRORS_ONLY
        path = self._quantised(options["graph"])
        self.session = runtime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])

    def run_all(self) -> None:
        for batch in sorted_batches(self.job.texts, self.batch):
            self._run(batch)

    def run_one(self) -> Any:
        return self._run([self.job.one])[0]

    def _run(self, texts: Any) -> Any:
        ids, mask = pad(texts, self.job.config["pad_token_id"])
        return self.session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
