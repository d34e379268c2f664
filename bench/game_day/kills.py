"""When who is killed: drawn from a seed, and kept to by the rehearsed clock."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Kill", "Killer", "plan_kills"]

ROLES = ("server", "training", "director", "check", "loop")
BRIEF = ("training", "check")  # who is there now and then only
WAITS = {"training": (2.0, 40.0), "check": (0.5, 4.0)}  # seconds after one is seen


class Kill(NamedTuple):
    """One kill. Of somebody who is always there, in a slot; else some seconds after a new one is seen."""

    role: str
    slot: int
    after: float


def plan_kills(count: int, *, seed: int, slots: range) -> list[Kill]:
    """So many kills, of every role in turn."""
    draw = random.Random(seed)
    return [
        Kill(role, draw.choice(slots), draw.uniform(*WAITS.get(role, (0.0, 2.0))))
        for role in (ROLES[number % len(ROLES)] for number in range(count))
    ]


class Killer:
    """Says who is to die now. One kill of a role at a time, so that whoever died can come back."""

    def __init__(self, kills: list[Kill]) -> None:
        self.left = list(kills)
        self.done: list[tuple[str, int]] = []
        self._seen: dict[int, float] = {}

    def due(self, running: Mapping[str, int], slot: int) -> str | None:
        """The role whose process is to be killed in this moment; `running` has the id of each that is there."""
        for pid in running.values():
            self._seen.setdefault(pid, time.monotonic())
        for one in self.left:
            if one.role in running and self._is_due(one, running[one.role], slot):
                self.left.remove(one)
                self.done.append((one.role, slot))
                return one.role
        return None

    def _is_due(self, one: Kill, pid: int, slot: int) -> bool:
        lives = time.monotonic() - self._seen[pid]
        return lives >= one.after and (one.role in BRIEF or slot >= one.slot)
