"""What a contender is, and the job it gets."""

from __future__ import annotations

import importlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Contender", "Ints", "Job", "library", "pad", "sorted_batches", "versions"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Job:
    """What every contender is asked to do."""

    folder: Path  # a Hugging Face folder: config.json, model.safetensors, tokenizer.json
    work: Path  # scratch space that the contenders of a run share
    texts: list[list[int]]  # token ids, in the order in which they arrive
    one: list[int]  # the single text whose latency is measured
    threads: int
    device: str  # "cpu" or "cuda"

    @classmethod
    def read(cls, path: Path) -> Job:
        raw = json.loads(path.read_bytes())
        return cls(**raw | {"folder": Path(raw["folder"]), "work": Path(raw["work"])})

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's `config.json`."""
        return json.loads((self.folder / "config.json").read_bytes())  # type: ignore[no-any-return]

    @property
    def is_classifier(self) -> bool:
        """Whether the folder holds a classifier, not a body alone."""
        return bool(self.config["architectures"][0].endswith("ForSequenceClassification"))

    @property
    def words(self) -> list[str]:
        """The texts as text: the folder's tokenizer gives the same ids again."""
        return [as_words(ids) for ids in self.texts]

    @property
    def one_words(self) -> str:
        return as_words(self.one)


def as_words(ids: Sequence[int]) -> str:
    """`[0, 12, 77, 2]` → `"tok12 tok77"`: the tokenizer adds the first and the last token itself."""
    return " ".join(f"tok{id}" for id in ids[1:-1])


class Contender(ABC):
    """A program. `prepare` converts once; all `options` are tried with all `batches`; the best are measured."""

    modules: tuple[str, ...] = ()  # imported before the clock for loading starts
    packages: tuple[str, ...] = ()  # what must be installed; their versions are reported
    batches: tuple[int, ...] = (4, 8, 16, 32)  # sizes worth trying, in texts

    def __init__(self, job: Job) -> None:
        self.job, self.batch = job, self.batches[0]

    def prepare(self) -> None:  # noqa: B027 (some need nothing)
        """Convert the model into files in `job.work`. Runs in a process of its own; its time is not measured."""

    def options(self) -> list[dict[str, Any]]:
        """The ways of loading that an informed user would try."""
        return [{}]

    @abstractmethod
    def load(self, options: dict[str, Any]) -> None:
        """Load the prepared files. May be called again with other options."""

    @abstractmethod
    def run_all(self) -> None:
        """Run all texts of the job, in batches of `batch`."""

    @abstractmethod
    def run_one(self) -> Any:
        """Run the single text. Gives its hidden states `[tokens, hidden]` where the library shows them, else None."""


def library(name: str) -> Any:
    """A library that only some interpreters have."""
    return importlib.import_module(name)


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Version of each package; empty for one that is not installed."""
    found = {}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = ""
    return found


def sorted_batches(texts: Sequence[Sequence[int]], size: int) -> Iterator[list[Sequence[int]]]:
    """The texts in batches of `size`, longest first: padding is least, and the largest batch fails first."""
    ordered = sorted(texts, key=len, reverse=True)
    return (ordered[start : start + size] for start in range(0, len(ordered), size))


def pad(texts: Sequence[Sequence[int]], padding: int) -> tuple[Ints, Ints]:
    """Ids and mask `[texts, longest]`."""
    longest = max(map(len, texts))
    ids = np.full((len(texts), longest), padding, dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return ids, mask
