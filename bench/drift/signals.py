"""What a workspace's model says of texts, as columns of signals. Kept in a folder, so that a text is read once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import dragoman
from dragoman.models.checkpoint import open_checkpoint
from dragoman.models.readouts import readout_of
from dragoman.profiles import SIGNALS, Measured, Probe, TokenFacts, columns_of, measure
from dragoman.registry.bundle import GRAPH_FILE, LANGUAGE_FILE, Bundle
from dragoman.runtime.answers import Reader, answer_texts
from dragoman.runtime.cuts import cut_texts
from dragoman.runtime.sessions import Compute, Stored, choose_form, open_session
from dragoman.text.language import NgramDetector

__all__ = ["Seen", "Seer", "stack"]

CHUNK = 2_000

Array = NDArray[Any]


class Seen(NamedTuple):
    """`N` texts: the values of their signals, and their mean hidden states."""

    columns: dict[str, Array]  # [N] each, with the text itself as `text`
    vectors: NDArray[np.float32]  # [N, hidden]

    def __len__(self) -> int:
        return len(self.vectors)

    def take(self, rows: Array) -> Seen:
        return Seen({name: column[rows] for name, column in self.columns.items()}, self.vectors[rows])

    def measured(self, probe: Probe) -> dict[str, Array]:
        """What profiles count, `[N]` each."""
        signals = {name: column for name, column in self.columns.items() if name in SIGNALS}
        projections = probe.project(self.vectors)
        return signals | {f"embedding.{place}": column for place, column in enumerate(projections.T)}


def stack(parts: Sequence[Seen]) -> Seen:
    """One after the other."""
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
    return Seen(columns, np.concatenate([part.vectors for part in parts]))


class Seer:
    """The champion of a workspace, asked about texts without a server."""

    def __init__(self, workspace: Path, cache: Path, *, model: str = "support") -> None:
        registry = dragoman.open_workspace(workspace).registry
        self.bundle: Bundle = registry.look(registry.resolve(f"models:/{model}@champion"))
        self.cache = cache
        self.cache.mkdir(parents=True, exist_ok=True)

    def see(self, texts: Sequence[str], language: str) -> Seen:
        """What the model says of texts whose callers name a language, in their order."""
        content = "\n".join([language, hashlib.sha256(repr(self.bundle.manifest).encode()).hexdigest(), *texts])
        path = self.cache / f"{hashlib.sha256(content.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}.npz"
        if not path.exists():
            seen = stack([self._see(texts[start : start + CHUNK], language) for start in range(0, len(texts), CHUNK)])
            np.savez(path, vectors=seen.vectors, **{f"column.{name}": one for name, one in seen.columns.items()})
        stored = np.load(path, allow_pickle=True)  # columns of categories are objects
        names = [name for name in stored.files if name.startswith("column.")]
        columns = {name.removeprefix("column."): stored[name] for name in names}
        return Seen(columns | {"text": np.array(texts, dtype=object)}, stored["vectors"])

    def _see(self, texts: Sequence[str], language: str) -> Seen:
        cuts = cut_texts(self.bundle.tokenizer, texts)
        answers = answer_texts(self._session, self._reader, cuts)
        scores = np.stack([answer.values for answer in answers.each]) ** (1 / self.bundle.temperature)
        scores /= scores.sum(axis=1, keepdims=True)
        longest = self.bundle.tokenizer.max_tokens
        measured = [
            self._measure(text, cut.ids, share, language, truncated=len(cut.ids) >= longest)
            for text, cut, share in zip(texts, cuts, scores, strict=True)
        ]
        return Seen(columns_of(measured), answers.mean)

    def _measure(
        self, text: str, ids: list[int], scores: NDArray[np.float64], language: str, *, truncated: bool
    ) -> Measured:
        return measure(
            text,
            ids,
            self._facts,
            truncated=truncated,
            confidence=self._detector.probability_of(language, text),
            label=self.bundle.spec.data.labels[int(scores.argmax())],
            scores=scores,
        )

    @cached_property
    def _facts(self) -> TokenFacts:
        return TokenFacts.of(self.bundle.tokenizer)

    @cached_property
    def _detector(self) -> NgramDetector:
        return NgramDetector.read(self.bundle.folder / LANGUAGE_FILE)

    @cached_property
    def _session(self) -> Any:
        form = choose_form(Compute(precision="fp32", threads=1))
        return open_session(open_checkpoint(self.bundle.folder), form, Stored(graph=self.bundle.folder / GRAPH_FILE))

    @cached_property
    def _reader(self) -> Reader:
        checkpoint, mask = open_checkpoint(self.bundle.folder), self.bundle.tokenizer.mask_token
        return Reader(
            readout_of(checkpoint, mask_token=mask),
            checkpoint.head,
            checkpoint.config.first_position,
            checkpoint.problem,
        )
