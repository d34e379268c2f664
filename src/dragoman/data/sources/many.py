"""Several sources, one after the other, as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dragoman.data.batches import SourceBatch
from dragoman.data.sources.base import Position, Refuse, Source, refuse_all

__all__ = ["ManySources"]


class ManySources:
    """Implements `Source`. `sizes` weigh the sources for the progress."""

    def __init__(self, sources: Sequence[Source], sizes: Sequence[int]) -> None:
        self.sources, self.sizes = sources, sizes
        self._reading = 0  # which one

    def batches(self, refuse: Refuse = refuse_all) -> Iterator[SourceBatch]:
        for self._reading, source in enumerate(self.sources):  # noqa: B020 (the attribute is the point)
            yield from source.batches(refuse)

    def digests(self) -> dict[str, str]:
        return {name: digest for source in self.sources for name, digest in source.digests().items()}

    def positions(self) -> dict[str, Position]:
        return {name: position for source in self.sources for name, position in source.positions().items()}

    def share(self) -> float | None:
        if not self.sources:
            return 1.0
        done = sum(self.sizes[: self._reading])
        here = (self.sources[self._reading].share() or 0.0) * self.sizes[self._reading]
        return (done + here) / max(1, sum(self.sizes))
