"""Which receiver is told of which alert."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.records import Alert
from dragoman.spec.receivers import Receiver

__all__ = ["is_for", "receivers_of"]


def is_for(receiver: Receiver, alert: Alert) -> bool:
    """Whether the receiver wants alerts like this one. One that is of no model, or no language, is of all of them."""
    return (
        alert.severity in receiver.severities
        and (not receiver.models or alert.model in ("", *receiver.models))
        and (not receiver.languages or alert.language in ("", *receiver.languages))
    )


def receivers_of(alert: Alert, receivers: Sequence[Receiver]) -> list[str]:
    """Who is told of the alert now: of its end, all who were told that it fires, whatever they want today."""
    if alert.status == "resolved":
        return [receiver.name for receiver in receivers if receiver.name in alert.told]
    return [receiver.name for receiver in receivers if is_for(receiver, alert)]
