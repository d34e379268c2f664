"""The way of messages to one receiver: in the order of their group, one at a time."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from dragoman.errors import Conflict, DragomanError
from dragoman.monitoring.alerts.delivery import Delivery, Sender, failed
from dragoman.monitoring.alerts.moments import later, moment_of, seconds_between
from dragoman.monitoring.alerts.retry import next_attempt
from dragoman.records import Notice
from dragoman.store.base import Catalog

__all__ = ["LEASE_SECONDS", "MAX_BACKLOG", "Lane", "LaneStats"]

logger = logging.getLogger(__name__)

LEASE_SECONDS = 120.0  # after which a message is another courier's: more than an attempt takes
MAX_BACKLOG = 500  # messages that may wait for one receiver
REMIND_SECONDS = 60.0  # between two reminders of what fires

Clock = Callable[[], str]
Group = tuple[str, ...]


class LaneStats(NamedTuple):
    """What happened to messages to one receiver since the start, and how many wait."""

    sent: int = 0
    failed: int = 0  # attempts
    given_up: int = 0
    waiting: int = 0
    last_error: str = ""


class Lane:
    """Delivers the messages to one receiver. Only its own thread works in it."""

    def __init__(self, receiver: str, sender: Sender, catalog: Catalog, clock: Clock, *, lease_seconds: float) -> None:
        self.receiver, self.sender, self.catalog, self.clock = receiver, sender, catalog, clock
        self.lease_seconds = lease_seconds
        self.stats = LaneStats()
        self._unmarked: dict[str, Notice] = {}  # sent or given up, and the catalog could not be told
        self._rest_until = ""  # the receiver asked for it
        self._reminded = ""
        self._is_down = self._has_recovered = False

    def work(self, notices: Sequence[Notice]) -> None:
        """Deliver what is due of the messages, which are all that wait for the receiver."""
        self.stats = self.stats._replace(waiting=len(notices))
        for notice in [*self._unmarked.values()]:
            self._mark(notice)
        waiting = [notice for notice in notices if notice.id not in self._unmarked]
        self._deliver_all(self._without_excess(waiting))
        if self.sender.keeps and not self._is_resting():
            self._remind()

    # Order

    def _deliver_all(self, notices: Sequence[Notice]) -> None:
        """Pages before tickets; of a group, nothing before what was written earlier."""
        blocked: set[Group] = set()
        is_awake, self._has_recovered = self._has_recovered, False
        for notice in _in_order(notices):
            group = tuple(notice.group)
            if group in blocked or self._is_resting():
                continue
            is_due = self._is_due(notice, is_awake=is_awake)
            delivery = self._deliver(notice) if is_due else None
            if delivery is None or delivery.outcome == "failed":
                blocked.add(group)
            if delivery is not None and not delivery.is_reachable:
                return

    def _is_due(self, notice: Notice, *, is_awake: bool) -> bool:
        """Whether its time has come; what waits for a receiver that was away is due when it is back."""
        now = moment_of(self.clock())
        return moment_of(notice.due) <= now or (is_awake and notice.status == "waiting")

    def _is_resting(self) -> bool:
        return bool(self._rest_until) and seconds_between(self.clock(), self._rest_until) > 0

    # One message

    def _deliver(self, notice: Notice) -> Delivery | None:
        """Take the message, send it, and say what became of it; None if it is another courier's."""
        try:
            mine = self._claim(notice)
        except Conflict:
            return None
        delivery = self._send(mine)
        self._learn(delivery)
        self._mark(self._settled(mine, delivery))
        return delivery

    def _claim(self, notice: Notice) -> Notice:
        due = later(self.clock(), seconds=self.lease_seconds)
        mine = msgspec.structs.replace(notice, status="sending", attempts=notice.attempts + 1, due=due)
        return self.catalog.save_notice(mine)

    def _send(self, notice: Notice) -> Delivery:
        try:
            return self.sender.send(notice)
        except Exception as error:
            logger.exception("The sender of receiver '%s' failed.", self.receiver)
            return failed(f"the sender failed: {type(error).__name__}")

    def _learn(self, delivery: Delivery) -> None:
        """What an attempt says of the receiver."""
        self._see(is_down=delivery.outcome == "failed")
        if delivery.retry_after:
            self._rest_until = later(self.clock(), seconds=delivery.retry_after)
        if delivery.outcome == "sent":
            self.stats = self.stats._replace(sent=self.stats.sent + 1)
        else:
            self.stats = self.stats._replace(failed=self.stats.failed + 1, last_error=delivery.text)

    def _see(self, *, is_down: bool) -> None:
        """One that takes messages again gets all that waited for it, at the next round."""
        self._has_recovered = not is_down and (self._has_recovered or self._is_down)
        self._is_down = is_down

    def _settled(self, notice: Notice, delivery: Delivery) -> Notice:
        if delivery.outcome == "sent":
            return msgspec.structs.replace(notice, status="sent", due=self.clock(), error="")
        due = next_attempt(notice, delivery, self.clock(), draw=random.random())  # noqa: S311 - spreads attempts
        if not due:
            return self._given_up(notice, delivery.text)
        logger.warning("Message %s to '%s' waits: %s.", notice.id, self.receiver, delivery.text)
        return msgspec.structs.replace(notice, status="waiting", due=due, error=delivery.text)

    def _given_up(self, notice: Notice, why: str) -> Notice:
        self.stats = self.stats._replace(given_up=self.stats.given_up + 1, last_error=why)
        about = ", ".join(alert.summary for alert in notice.alerts)
        logger.error("Message %s to '%s' is given up: %s. It said: %s", notice.id, self.receiver, why, about)
        return msgspec.structs.replace(notice, status="given up", due=self.clock(), error=why)

    def _mark(self, notice: Notice) -> None:
        """Let the catalog know; where it cannot be told, this courier must not send the message again."""
        self._unmarked[notice.id] = notice
        try:
            self.catalog.save_notice(notice)
        except Conflict:  # another courier took it after the lease
            del self._unmarked[notice.id]
        except DragomanError as error:
            logger.warning("What became of message %s could not be stored: %s", notice.id, error)
        else:
            del self._unmarked[notice.id]

    # Bounds and reminders

    def _without_excess(self, notices: Sequence[Notice]) -> list[Notice]:
        """Give up what is more than may wait: tickets before pages, old ones before new ones."""
        excess = max(0, len(notices) - MAX_BACKLOG)
        dropped = sorted(notices, key=lambda one: (_has_page(one), one.created, one.id))[:excess]
        for notice in dropped:
            self._mark(self._given_up(notice, f"more than {MAX_BACKLOG} messages wait"))
        ids = {notice.id for notice in dropped}
        return [notice for notice in notices if notice.id not in ids]

    def _remind(self) -> None:
        if self._reminded and seconds_between(self._reminded, self.clock()) < REMIND_SECONDS:
            return
        firing = [alert for alert in self.catalog.alerts(firing=True) if self.receiver in alert.told]
        self._reminded = self.clock()
        delivery = self.sender.remind(firing)
        self._see(is_down=delivery.outcome == "failed")
        if delivery.outcome != "sent":
            logger.warning("'%s' could not be told what still fires: %s.", self.receiver, delivery.text)


def _in_order(notices: Sequence[Notice]) -> list[Notice]:
    urgent = {tuple(notice.group) for notice in notices if _has_page(notice)}
    return sorted(notices, key=lambda one: (tuple(one.group) not in urgent, one.created, one.id))


def _has_page(notice: Notice) -> bool:
    return any(alert.severity == "page" for alert in notice.alerts)
