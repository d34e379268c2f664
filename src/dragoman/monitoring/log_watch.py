"""Whether a server's prediction log keeps what it is given."""

from __future__ import annotations

from dragoman.monitoring.prediction_log.counters import LogStats
from dragoman.monitoring.times import stamp
from dragoman.records import Severity, Symptom

__all__ = ["LogWatch"]

SHED_SECONDS = 900.0  # a loss is told for so long after the last row was lost
MOST_PENDING = 2**30  # bytes on the disk that the table does not have yet
GIGABYTE = 2**30


class LogWatch:
    """Call `symptoms` with the log's numbers every few seconds. `server` names it, as its address does."""

    def __init__(self, server: str) -> None:
        self.server = server
        self._before = self._shed = 0  # rows lost before the loss that is told, and with it
        self._last = 0.0  # when a row was last seen to be lost

    def symptoms(self, stats: LogStats, now: float) -> list[Symptom]:
        """What is wrong at `now`, in seconds since 1970."""
        found = []
        if lost := self._lost(stats.shed, now):
            why = stats.last_error or "too many waited"
            found.append(self._symptom("shed", "page", f"{lost} predictions were not recorded: {why}.", stats))
        if stats.damaged:
            said = f"The log has {stats.damaged} places that are not what was written."
            found.append(self._symptom("damaged", "ticket", said, stats))
        if stats.pending_bytes > MOST_PENDING:
            why = f": {stats.last_error}" if stats.last_error else ""
            said = f"{stats.pending_bytes / GIGABYTE:.1f} GB of predictions wait on the disk for the table{why}."
            found.append(self._symptom("backlog", "ticket", said, stats))
        return found

    def _lost(self, shed: int, now: float) -> int:
        """Rows that were lost lately; none some time after the last one."""
        is_over = now - self._last >= SHED_SECONDS
        if shed > self._shed:
            self._before, self._last = (self._shed if is_over else self._before), now
            self._shed, is_over = shed, False
        return 0 if is_over else self._shed - self._before

    def _symptom(self, name: str, severity: Severity, summary: str, stats: LogStats) -> Symptom:
        return Symptom(
            model="",
            kind="log",
            name=f"{name} {self.server}",
            severity=severity,
            summary=summary,
            since=stamp(self._last) if name == "shed" else "",
            evidence={"shed": stats.shed, "damaged": stats.damaged, "pending_bytes": stats.pending_bytes},
        )
