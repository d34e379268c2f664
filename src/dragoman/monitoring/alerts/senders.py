"""From a receiver in the file to what brings messages there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from dragoman.monitoring.alerts.alertmanager import AlertmanagerSender
from dragoman.monitoring.alerts.delivery import Sender
from dragoman.monitoring.alerts.mail import EmailSender
from dragoman.monitoring.alerts.webhook import WebhookSender
from dragoman.spec.receivers import AlertmanagerReceiver, EmailReceiver, Receiver, WebhookReceiver

__all__ = ["sender_of", "senders_of"]


def senders_of(receivers: Sequence[Receiver], environ: Mapping[str, str] | None = None) -> dict[str, Sender]:
    """One per receiver, by name. Secrets are looked up in `environ`, the process's own by default, at every attempt."""
    return {receiver.name: sender_of(receiver, os.environ if environ is None else environ) for receiver in receivers}


def sender_of(receiver: Receiver, environ: Mapping[str, str]) -> Sender:
    if isinstance(receiver, WebhookReceiver):
        return WebhookSender(receiver, environ)
    if isinstance(receiver, AlertmanagerReceiver):
        return AlertmanagerSender(receiver, environ)
    assert isinstance(receiver, EmailReceiver), receiver  # there is no other kind
    return EmailSender(receiver, environ)
