"""What can be seen of the platform from outside: its HTTP answers, and its commands with --json."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from bench.game_day.journal import Event, Journal, Measured
from bench.game_day.place import MODEL, Place
from bench.game_day.users import send

__all__ = ["Watch", "moment_of"]

BUSY = ("train", "compare")  # stages of a retraining that take minutes of the machine


class Watch:
    """Looks, and tells the journal what is new. What cannot be asked now is asked at the next look."""

    def __init__(self, url: str, place: Place, journal: Journal) -> None:
        self.place, self.journal = place, journal
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)

    def get(self, path: str) -> Any:
        """An answer of the server; None where there is none."""
        try:
            status, answer = send(self._connection, "GET", path)
        except (OSError, http.client.HTTPException, ValueError):
            self._connection.close()
            return None
        return answer if status == 200 else None

    def look(self) -> None:
        """What is quick to ask: alerts, review, the release."""
        for event in [*self._alerts(), *self._review(), *self._release()]:
            self.journal.tell(event)

    def look_at_loop(self) -> None:
        """Decisions and jobs, which a command tells."""
        for event in [*self._decisions(), *self._jobs()]:
            self.journal.tell(event)

    def measure(self, version: str) -> None:
        """What is known of a version's quality now."""
        known = self.place.asked("labels", "quality", MODEL, "--version", version)
        if known:
            self.journal.keep_measured(measured_of(known))

    @property
    def release(self) -> Any:
        """The newest release; None without one."""
        return self.get(f"/v1/models/{MODEL}/release")

    @property
    def champion(self) -> str:
        """The version that answers; empty where nobody says."""
        for one in (self.get("/v1/models") or {}).get("models", []):
            if one["name"] == MODEL and "champion" in one.get("aliases", ()):
                return str(one["version"])
        return ""

    def _alerts(self) -> Iterator[Event]:
        found = self.get(f"/v1/alerts?model={MODEL}&limit=1000") or {}
        for one in found.get("alerts", []):
            if one["kind"] == "drift":
                place = f"{one['language']} v{one['version']}"
                yield Event(f"drift {place} {one['id']}", moment_of(one["started"]), f"drift: {one['summary']}")
                if one["ended"]:
                    text = f"the drift of {place} is over"
                    yield Event(f"drift over {place} {one['id']}", moment_of(one["ended"]), text)

    def _review(self) -> Iterator[Event]:
        known, now = self.get(f"/v1/models/{MODEL}/review"), self.place.clock()
        if not known:
            return
        if known["done"]:
            yield Event("first labels", now, f"reviewers have given their first {known['done']} answers")
        for word in ("open", "done"):
            rows = {row["language"]: row[word] for row in known["rows"] if row["reason"] == "drift" and row[word]}
            if rows:
                said = "tasks wait because of it" if word == "open" else "of them are answered"
                yield Event(f"drift tasks {word}", now, f"drift: {sum(rows.values())} {said}: {words(rows)}")

    def _release(self) -> Iterator[Event]:
        release = self.release
        for number, note in enumerate(release["notes"] if release else []):
            text = f"release {note['status']}, {note['share']:.0%}: {note['text']}"
            yield Event(f"release {release['id']} {number}", moment_of(note["time"]), text)

    def _decisions(self) -> Iterator[Event]:
        """Those that are something new, the oldest first; that something runs is told by itself."""
        for one in reversed(self.place.asked("loop", "decisions", MODEL, "--limit", 500) or []):
            parts = [*one["triggers"], *one["blocks"]]
            kinds = " ".join(sorted({part["kind"] for part in parts}))
            if parts and not {"running", "release"} & set(kinds.split()):
                why = "; ".join(part["text"] for part in parts)
                name = f"decision {one['champion']} {one['verdict']} {kinds}"
                yield Event(name, moment_of(one["time"]), f"decision {one['verdict']}: {why}")

    def _jobs(self) -> Iterator[Event]:
        for one in self.place.asked("loop", "jobs", "--kind", "retrain") or []:
            if one["started"]:
                yield Event(f"began {one['id']}", moment_of(one["started"]), "a training begins")
            if one["finished"]:
                said = one["output"].get("message") or one["error"] or one["status"]
                yield Event(f"ended {one['id']}", moment_of(one["finished"]), f"the retraining is over: {said}")


def words(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def moment_of(time: str) -> float:
    """The seconds since 1970 of a time as records have it."""
    return datetime.fromisoformat(time).timestamp()


def measured_of(known: Any) -> Iterator[Measured]:
    """Estimates and measurements of every language."""
    time = moment_of(known["until"])
    for one in known["languages"]:
        for kind in ("expected", "accuracy"):
            if one[kind]:
                numbers = (one[kind][name] for name in ("value", "low", "high"))
                yield Measured(time, known["version"], one["language"], kind, *numbers)
        if one["evaluated"] is not None:
            yield Measured(time, known["version"], one["language"], "evaluated", *(3 * [one["evaluated"]]))
