"""The pipelines of transformers: padded batches in the order of arrival."""

from __future__ import annotations

from typing import Any

from .base import Contender, library

__all__ = ["BatchedPipeline", "Pipeline"]


class Pipeline(Contender):
    """`pipeline(…)(texts)` with nothing else said: float32, one text at a time."""

    packages = ("transformers", "torch", "tokenizers")
    modules = ("torch", "transformers.pipelines")
    batches: tuple[int, ...] = (1,)

    def options(self) -> list[dict[str, Any]]:
        return [{"dtype": "float32"}]

    def load(self, options: dict[str, Any]) -> None:
        torch = library("torch")
        torch.set_num_threads(self.job.threads)
        self.words = self.job.words
        self.pipe = library("transformers").pipeline(
            "text-classification" if self.job.is_classifier else "feature-extraction",
            model=str(self.job.folder),
            tokenizer=str(self.job.folder),
            device=0 if self.job.device == "cuda" else -1,
            torch_dtype=getattr(torch, options["dtype"]),
        )
        self.arguments = {} if self.job.is_classifier else {"return_tensors": True}  # nested lists would cost more

    def run_all(self) -> None:
        self.pipe(self.words, batch_size=self.batch, **self.arguments)

    def run_one(self) -> None:
        self.pipe(self.job.one_words, **self.arguments)


class BatchedPipeline(Pipeline):
    """The same with the best `batch_size` and `torch_dtype`, which a user can set."""

    batches = (2, 4, 8)

    def __init__(self, job: Any) -> None:
        super().__init__(job)
        if job.device == "cuda":
            self.batches = (8, 32, 64)

    def options(self) -> list[dict[str, Any]]:
        names = ("float32", "bfloat16", "float16") if self.job.device == "cuda" else ("float32", "bfloat16")
        return [{"dtype": name} for name in names]
