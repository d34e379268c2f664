"""sentence-transformers: its int8 ONNX back end on a CPU, its torch back end on a card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .base import Contender, library

__all__ = ["Sentences"]

QUANTISED = {"avx512_vnni": "qint8", "avx2": "quint8"}  # configuration of its export → name of the file it writes
CPU_INFO = Path("/proc/cpuinfo")


class Sentences(Contender):
    """`SentenceTransformer(folder, backend="onnx")` with the quantised file, as its documentation says."""

    packages = ("sentence-transformers", "transformers", "torch")
    modules = ("torch", "sentence_transformers")

    def __init__(self, job: Any) -> None:
        super().__init__(job)
        self.folder = job.work / "sentences"
        if job.device == "cuda":
            self.batches = (32, 64, 192)
        else:
            library("optimum.onnxruntime")

    def prepare(self) -> None:
        self._save()
        if self.job.device == "cuda":
            return
        sentences = library("sentence_transformers")
        model = sentences.SentenceTransformer(str(self.folder), backend="onnx", device="cpu")
        sentences.export_dynamic_quantized_onnx_model(model, best_configuration(), str(self.folder))

    def _save(self) -> None:
        parts, longest = library("sentence_transformers.models"), max(map(len, self.job.texts))
        body = parts.Transformer(str(self.job.folder), max_seq_length=longest)
        pooling = parts.Pooling(body.get_word_embedding_dimension())
        library("sentence_transformers").SentenceTransformer(modules=[body, pooling], device="cpu").save(
            str(self.folder)
        )

    def options(self) -> list[dict[str, Any]]:
        if self.job.device == "cuda":
            return [{"dtype": name} for name in ("float32", "bfloat16", "float16")]
        name = best_configuration()
        return [{"file": f"onnx/model_{QUANTISED[name]}_{name}.onnx"}]

    def load(self, options: dict[str, Any]) -> None:
        self.words = self.job.words
        if self.job.device == "cuda":
            keywords = {"device": "cuda", "model_kwargs": {"torch_dtype": options["dtype"]}}
        else:
            settings = library("onnxruntime").SessionOptions()
            settings.intra_op_num_threads = self.job.threads
            keywords = {
                "backend": "onnx",
                "device": "cpu",
                "model_kwargs": {"file_name": options["file"], "session_options": settings},
            }
        self.model = library("sentence_transformers").SentenceTransformer(str(self.folder), **keywords)

    def run_all(self) -> None:
        self.model.encode(self.words, batch_size=self.batch, show_progress_bar=False)

    def run_one(self) -> None:
        self.model.encode(self.job.one_words, show_progress_bar=False)


def best_configuration() -> str:
    """The configuration that its documentation names for this processor."""
    flags = CPU_INFO.read_text(encoding="utf-8") if CPU_INFO.exists() else ""
    return next((name for name in QUANTISED if name in flags), "avx2")
