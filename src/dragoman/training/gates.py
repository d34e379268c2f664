"""What a version must reach to become the champion."""

from __future__ import annotations

from collections.abc import Mapping

from dragoman.errors import GateFailed
from dragoman.records import Version
from dragoman.spec import GatesSpec

__all__ = ["check_gates"]


def check_gates(gates: GatesSpec, metrics: Mapping[str, float], version: Version) -> None:
    """Compare a version's metrics with the floors of its spec; raises `GateFailed` naming each that is not met."""
    floors = {"accuracy": gates.accuracy, "worst_language_accuracy": gates.worst_language_accuracy}
    missed = [f"{name} {metrics[name]:.3f} < {floor:.3f}" for name, floor in floors.items() if metrics[name] < floor]
    if missed:
        raise GateFailed(
            f"{version.uri} does not pass its gates: {'; '.join(missed)}.",
            help="It is registered, but not the champion. `dragoman models show` has its evaluation.",
        )
