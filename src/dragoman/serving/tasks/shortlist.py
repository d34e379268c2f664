"""The likeliest pieces at each mask, picked while the logits of the whole vocabulary are at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dragoman.models.packing import PackedBatch, plan_batches
from dragoman.models.readouts import Readout

__all__ = ["Shortlist"]

MASKS_AT_ONCE = 64  # a quarter of a million float32 logits each, with XLM-R's vocabulary

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Shortlist:
    """A readout that keeps the best of `readout`, which gives `[M, vocabulary]` for a text of `M` masks.

    It gives `[M, k, 2]`: the `top` best pieces of each mask, or of `targets` where there are any, best first, each as
    its id and its share of the whole vocabulary. Few logits are in memory at a time, whatever the batch.
    """

    readout: Readout
    mask_token: int
    top: int
    targets: tuple[int, ...] | None = None

    @property
    def key(self) -> str:
        among = "" if self.targets is None else f" of {','.join(map(str, self.targets))}"
        return f"{self.readout.key}: best {self.top}{among}"

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        owners = np.repeat(np.arange(batch.texts), batch.lengths)
        masks = np.bincount(owners[batch.input_ids == self.mask_token], minlength=batch.texts)
        return [
            self._pick(logits)
            for part in plan_batches(masks, max_tokens=MASKS_AT_ONCE, order=texts)
            for logits in self.readout.read(hidden, batch, part)
        ]

    def _pick(self, logits: Floats) -> Floats:
        among = np.arange(logits.shape[1]) if self.targets is None else np.array(self.targets)
        picked = [best_of(row, among, self.top) for row in logits]
        return np.array(picked, dtype=np.float32).reshape(len(logits), -1, 2)


def best_of(logits: Floats, among: NDArray[np.int64], top: int) -> Floats:
    """The ids and shares of the `top` best of `among`, `[k, 2]`; of equals the lower id first."""
    exponents = np.exp(logits - logits.max())
    scores = exponents[among]
    if top < len(among):
        least = np.partition(scores, -top)[-top]
        enough = ~(scores < least)  # which what is no number also is: a list of nothing would hide it
        among, scores = among[enough], scores[enough]
    order = np.lexsort((among, -scores))[:top]
    return np.stack([among[order].astype(np.float32), scores[order] / exponents.sum()], axis=1)
