"""Delivers the messages that wait in the catalog."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

import msgspec

from dragoman.errors import Conflict, DragomanError
from dragoman.monitoring.alerts.delivery import Sender
from dragoman.monitoring.alerts.lane import LEASE_SECONDS, Lane, LaneStats
from dragoman.monitoring.alerts.moments import moment_of
from dragoman.records import Notice
from dragoman.store.audit import now
from dragoman.store.base import Catalog

__all__ = ["Courier"]

logger = logging.getLogger(__name__)

Work = Callable[[], None]


class Courier:
    """Sends what is due to all receivers at the same time: one that does not answer delays no other.

    A message is taken by a change of its record from one revision to the next, so of two couriers one has it. One that
    dies with a message in hand leaves it "sending"; after `lease_seconds` another one sends it again, with the same id.
    """

    def __init__(
        self,
        catalog: Catalog,
        senders: Mapping[str, Sender],
        *,
        clock: Callable[[], str] = now,
        lease_seconds: float = LEASE_SECONDS,
        start: Callable[[Work], None] | None = None,
    ) -> None:
        self.catalog, self.clock = catalog, clock
        self.lanes = {
            name: Lane(name, sender, catalog, clock, lease_seconds=lease_seconds) for name, sender in senders.items()
        }
        self._start = start or _in_thread
        self._busy = {name: threading.Lock() for name in senders}

    def tick(self) -> None:
        """Look for messages that are due, and set off what brings them; does not wait for it.

        Raises what the catalog raises.
        """
        by_receiver: dict[str, list[Notice]] = {name: [] for name in self.lanes}
        for notice in self.catalog.notices(unsent=True):
            if notice.receiver in by_receiver:
                by_receiver[notice.receiver].append(notice)
            elif moment_of(notice.due) <= moment_of(self.clock()):
                self._give_up(notice)
        for name, notices in by_receiver.items():
            self._set_off(name, notices)

    def wait(self, seconds: float) -> bool:
        """Whether all that was set off is done, at the latest after so many seconds for each receiver."""
        done = [lock.acquire(timeout=seconds) for lock in self._busy.values()]
        for lock, is_mine in zip(self._busy.values(), done, strict=True):
            if is_mine:
                lock.release()
        return all(done)

    def stats(self) -> dict[str, LaneStats]:
        """What happened since the start, by receiver."""
        return {name: lane.stats for name, lane in self.lanes.items()}

    def _set_off(self, name: str, notices: Sequence[Notice]) -> None:
        """Unless the last round to this receiver still goes on."""
        lock = self._busy[name]
        if not lock.acquire(blocking=False):
            return

        def work() -> None:
            try:
                self.lanes[name].work(notices)
            except DragomanError as error:
                logger.warning("Messages to '%s' wait: %s", name, error)
            except Exception:
                logger.exception("Messages to '%s' could not be looked after.", name)
            finally:
                lock.release()

        self._start(work)

    def _give_up(self, notice: Notice) -> None:
        """Nobody is called that any more."""
        why = f"receivers.toml has no receiver '{notice.receiver}'"
        logger.error("Message %s is given up: %s.", notice.id, why)
        try:
            self.catalog.save_notice(msgspec.structs.replace(notice, status="given up", due=self.clock(), error=why))
        except Conflict:  # somebody who knows the receiver sends it
            logger.debug("Message %s is somebody else's.", notice.id)


def _in_thread(work: Work) -> None:
    threading.Thread(target=work, name="dragoman-courier", daemon=True).start()
