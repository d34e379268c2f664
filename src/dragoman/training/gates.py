"""What a version must reach to become the champion."""

from __future__ import annotations

from collections.abc import Mapping

from dragoman.errors import GateFailed
from dragoman.records import Version
from dragoman.spec import GatesSpec

__all__ = ["check_gates"]


def check_gates(gates: GatesSpec, metrics: Mapping[str, float], version: Version) -> None:
    """Compare a version's metrics with the floors of its spec; raises `GateFailed` naming each that is not met.

    A floor of something that was not measured, such as the accuracy of a model of numbers, is not met.
    """
    floors = {
        "accuracy": gates.accuracy or None,
        "worst_language_accuracy": gates.worst_language_accuracy or None,
        "roc_auc": gates.roc_auc or None,
        "skill": gates.skill,
        "coverage": gates.coverage or None,
    }
    found = [_missed(name, metrics.get(name), floor) for name, floor in floors.items() if floor is not None]
    missed = [text for text in found if text]
    if missed:
        raise GateFailed(
            f"{version.uri} does not pass its gates: {'; '.join(missed)}.",
            help="It is registered, but not the champion. `dragoman models show` has its evaluation.",
        )


def _missed(name: str, value: float | None, floor: float) -> str:
    """What is wrong, in words; empty where nothing is."""
    if value is None:
        return f"{name} is not measured of this kind of model"
    return "" if value >= floor else f"{name} {value:.3f} < {floor:.3f}"
