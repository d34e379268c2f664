"""Texts that nobody wrote: random values of every signal, and a reference of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.profiles import DIRECTIONS, Measured, Probe, Reference, build_reference, columns_of

LANGUAGES = ("ar", "en", "sw")
HIDDEN = 8


def some_measured(rng: np.random.Generator, count: int) -> list[Measured]:
    """Texts of about 20 tokens, some of them without letters."""
    return [
        Measured(
            tokens=float(rng.poisson(20)),
            fertility=round(rng.gamma(20, 0.015), 6),
            unknown=round(max(0.0, rng.normal(0, 0.05)), 6),
            bytes=0.0,
            script=str(rng.choice(["Latn", "Arab"])),
            foreign=None if rng.random() < 0.1 else 0.0,
            confidence=round(rng.beta(50, 1), 6),
            label=str(rng.choice(["refund", "invoice", "other"])),
            score=round(rng.beta(8, 2), 6),
            entropy=round(rng.beta(2, 8), 6),
        )
        for _ in range(count)
    ]


def some_texts(
    seed: int, count: int, *, languages: tuple[str, ...] = LANGUAGES
) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """The languages and the columns of `count` texts."""
    rng = np.random.default_rng(seed)
    projections = rng.normal(size=(count, DIRECTIONS)).astype(np.float32)
    return rng.choice(languages, count).tolist(), columns_of(some_measured(rng, count), projections)


def some_probe() -> Probe:
    rng = np.random.default_rng(0)
    return Probe.fit(rng.normal(size=(60, HIDDEN)).astype(np.float32), ["en"] * 60)


def some_reference(seed: int = 0, count: int = 300) -> Reference:
    languages, columns = some_texts(seed, count)
    return build_reference([*languages, *["yo"] * 3], with_rows(columns, 3), probe=some_probe())


def with_rows(columns: dict[str, NDArray[Any]], count: int) -> dict[str, NDArray[Any]]:
    """The first rows once more, at the end."""
    return {name: np.concatenate([column, column[:count]]) for name, column in columns.items()}


def plain_texts(count: int = 120) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """Texts that no random generator made: the same in every release of numpy."""
    measured = [
        Measured(
            tokens=float(place % 37 + 1),
            fertility=round((place % 41 + 10) / 100, 6),
            unknown=0.0 if place % 7 else 0.125,
            bytes=0.0,
            script=("Latn", "Arab", "Cyrl")[place % 3],
            foreign=None if place % 11 == 0 else round(place % 5 / 64, 6),
            confidence=round(1 - place % 13 / 100, 6),
            label=("refund", "invoice", "other", "cancel")[place % 4],
            score=round(0.5 + place % 50 / 100, 6),
            entropy=round(place % 29 / 29, 6),
        )
        for place in range(count)
    ]
    return [("en", "sw")[place % 2] for place in range(count)], columns_of(measured)
