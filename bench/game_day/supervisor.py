"""Starts what a day needs, starts again what dies, and kills what is to be killed. It is what systemd is elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.game_day.director import slot_of
from bench.game_day.journal import Event, Journal
from bench.game_day.kills import Killer
from bench.game_day.place import Place
from bench.game_day.processes import Kept, descendants, kill, left_behind, role_of

__all__ = ["Supervisor"]

TICK_SECONDS = 0.2
MOST_SECONDS = 3_600.0
ROOT = Path(__file__).resolve().parents[2]


class Supervisor:
    """The server with its loop, and the director."""

    def __init__(self, place: Place, killer: Killer, *, seed: int) -> None:
        self.place, self.killer = place, killer
        self.port = place.port()
        environment = place.environment | {"PYTHONPATH": str(ROOT)}
        server = [sys.executable, "-m", "dragoman", "up", str(place.root), "--port", str(self.port)]
        director = [sys.executable, "-m", "bench.game_day", "direct", str(place.folder), "--seed", str(seed)]
        self.server = Kept(server, place.folder / "server.log", environment)
        self.director = Kept(director, place.folder / "director.log", environment, final=(0, 2))

    def run(self) -> int:
        """Until the director is done; its exit code."""
        for one in left_behind(str(self.place.root), str(self.place.folder)):
            kill(one.pid)
        with self._running():
            deadline = time.monotonic() + MOST_SECONDS
            while time.monotonic() < deadline:
                self.server.keep()
                if (code := self.director.keep()) is not None:
                    return code
                self._kill_one()
                time.sleep(TICK_SECONDS)
        return 2

    @contextmanager
    def _running(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.director.stop()
            self.server.stop()

    def _kill_one(self) -> None:
        if not self.killer.left:
            return
        running = self._roles()
        role = self.killer.due(running, slot_of(self.place.clock()))
        if role and kill(running[role]):
            journal = Journal(self.place.journal)
            now = self.place.clock()
            journal.tell(Event(f"kill {len(self.killer.done)}", now, f"killed: {role}"))
            journal.close()

    def _roles(self) -> Mapping[str, int]:
        """Who is there, with the ids of their processes."""
        found: dict[str, int] = {}
        for name, kept in (("server", self.server), ("director", self.director)):
            if kept.child is not None and kept.child.poll() is None:
                found[name] = kept.child.pid
        if "server" in found:
            for one in descendants(found["server"]):
                if role := role_of(one.command):
                    found[role] = one.pid
        return found
