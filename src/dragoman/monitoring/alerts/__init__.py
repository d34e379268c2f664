"""Alerts: from symptoms to messages that somebody reads, each once.

`AlertBook` turns the symptoms that hold now into alerts and messages, in one transaction. `Courier` delivers the
messages to the receivers of `receivers.toml`.
"""

from __future__ import annotations

from dragoman.monitoring.alerts.book import AlertBook
from dragoman.monitoring.alerts.collector import CourierCollector
from dragoman.monitoring.alerts.courier import Courier
from dragoman.monitoring.alerts.delivery import Delivery, Sender
from dragoman.monitoring.alerts.lane import LaneStats
from dragoman.monitoring.alerts.life import Contact, contact_of
from dragoman.monitoring.alerts.runbooks import runbook_of
from dragoman.monitoring.alerts.senders import sender_of, senders_of
from dragoman.monitoring.alerts.silencing import fits, silence_of

__all__ = [
    "AlertBook",
    "Contact",
    "Courier",
    "CourierCollector",
    "Delivery",
    "LaneStats",
    "Sender",
    "contact_of",
    "fits",
    "runbook_of",
    "sender_of",
    "senders_of",
    "silence_of",
]
