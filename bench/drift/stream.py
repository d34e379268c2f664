"""Hours of traffic: texts drawn at random per language, of which one may change at a known hour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from bench.drift.signals import Seen, stack
from numpy.typing import NDArray

from dragoman.profiles import Probe, Profile, Reference, build_reference

__all__ = ["Hour", "Shift", "Traffic", "profile_of", "reference_of"]


class Shift(NamedTuple):
    """From `hour` on, `share` of a language's texts are of `texts`; the language's number of texts may change too."""

    language: str
    hour: int
    texts: Seen | None = None
    share: float = 1.0
    traffic: float = 1.0


class Hour(NamedTuple):
    """What came in one hour."""

    number: int
    languages: NDArray[Any]  # [N]
    seen: Seen  # [N]


class Traffic:
    """Draws each language's texts with replacement: its pool stands for all texts that there could be."""

    def __init__(self, pools: Mapping[str, Seen], *, texts: int, seed: int) -> None:
        self.pools, self.texts, self.random = pools, texts, np.random.default_rng(seed)

    def hours(self, count: int, shifts: Sequence[Shift] = ()) -> Iterator[Hour]:
        by_language = {shift.language: shift for shift in shifts}
        for number in range(count):
            parts = {name: self._draw(name, number, by_language.get(name)) for name in self.pools}
            languages = np.repeat(np.array(list(parts), dtype=object), [len(part) for part in parts.values()])
            yield Hour(number, languages, stack(list(parts.values())))

    def _draw(self, name: str, hour: int, shift: Shift | None) -> Seen:
        if shift is None or hour < shift.hour:
            return draw(self.pools[name], self.texts, self.random)
        count = round(self.texts * shift.traffic)
        other = int(self.random.binomial(count, shift.share)) if shift.texts is not None else 0
        own = draw(self.pools[name], count - other, self.random)
        return stack([own, draw(shift.texts, other, self.random)]) if shift.texts is not None else own


def draw(pool: Seen, count: int, random: np.random.Generator) -> Seen:
    return pool.take(random.integers(len(pool), size=count))


def reference_of(pools: Mapping[str, Seen], *, texts: int, seed: int) -> Reference:
    """The reference that a bundle would have, of `texts` texts per language."""
    traffic = Traffic(pools, texts=texts, seed=seed)
    hour = next(traffic.hours(1))
    probe = Probe.fit(hour.seen.vectors, hour.languages.tolist())
    return build_reference(hour.languages.tolist(), hour.seen.measured(probe), probe=probe)


def profile_of(hour: Hour, reference: Reference) -> Profile:
    """The bucket of an hour, as a replica would have counted it."""
    assert reference.probe is not None
    profile = Profile(reference)
    profile.add_columns(hour.languages, hour.seen.measured(reference.probe))
    return profile
