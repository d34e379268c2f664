"""CTranslate2: its encoder in int8, batches sorted by length."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from .base import Contender, library, sorted_batches

__all__ = ["CTranslate2"]


class CTranslate2(Contender):
    """`Encoder.forward_batch`, with all threads on one batch or one batch on each thread."""

    packages = ("ctranslate2", "transformers", "torch")
    modules = ("ctranslate2",)

    def prepare(self) -> None:
        converter = library("ctranslate2.converters").TransformersConverter(str(self.job.folder))
        converter.convert(str(self.job.work / "translators"), quantization="int8", force=True)

    def options(self) -> list[dict[str, Any]]:
        types = sorted(library("ctranslate2").get_supported_compute_types("cpu"))
        layouts = sorted({(1, self.job.threads), (self.job.threads, 1)})
        return [
            {"compute_type": name, "inter_threads": inter, "intra_threads": intra}
            for name in types
            if name.startswith("int8")
            for inter, intra in layouts
        ]

    def load(self, options: dict[str, Any]) -> None:
        self.encoder = library("ctranslate2").Encoder(str(self.job.work / "translators"), device="cpu", **options)
        self.pool = ThreadPoolExecutor(options["inter_threads"])

    def run_all(self) -> None:
        list(self.pool.map(self._run, sorted_batches(self.job.texts, self.batch)))

    def run_one(self) -> Any:
        return self._run([self.job.one])[0]

    def _run(self, texts: Any) -> Any:
        return np.asarray(self.encoder.forward_batch(texts).last_hidden_state)
