"""What a spec promises: one objective per indicator, over all languages and in each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from dragoman.monitoring.service import OBJECTIVES, ObjectiveName
from dragoman.spec import LanguageSloSpec, ModelSpec, SloSpec

__all__ = ["Objective", "objectives_of"]

DIGITS = 12  # 1 - 0.999 is 0.0010000000000000009


class Objective(NamedTuple):
    """Of all events of `days`, at least the share `goal` is good. `language` is empty for that over all languages."""

    model: str
    name: ObjectiveName
    language: str
    goal: float
    days: int
    seconds: float | None = None  # what counts as slow; of latency only

    @property
    def budget(self) -> float:
        """The share of events that may be bad."""
        return round(1.0 - self.goal, DIGITS)


def objectives_of(spec: ModelSpec) -> list[Objective]:
    """The objectives of a spec: those over all languages first, then by language in the order of the spec.

    A language has its own values where `slo.languages` gives some, and else the model's; without `slo.per_language`
    only values of its own count. A goal of 0 is no objective.
    """
    return [*_objectives(spec, "", spec.slo), *_of_languages(spec)]


def _of_languages(spec: ModelSpec) -> Iterator[Objective]:
    nothing = msgspec.structs.replace(spec.slo, **dict.fromkeys(OBJECTIVES, 0.0))
    for language in spec.languages:
        own = spec.slo.languages.get(language, LanguageSloSpec())
        given = {name: value for name, value in msgspec.structs.asdict(own).items() if value is not None}
        inherited = spec.slo if spec.slo.per_language else nothing
        yield from _objectives(spec, language, msgspec.structs.replace(inherited, **given))


def _objectives(spec: ModelSpec, language: str, slo: SloSpec) -> Iterator[Objective]:
    for name in OBJECTIVES:
        if (goal := getattr(slo, name)) > 0.0:
            seconds = slo.latency_seconds if name == "latency" else None
            yield Objective(spec.name, name, language, goal, slo.days, seconds)
