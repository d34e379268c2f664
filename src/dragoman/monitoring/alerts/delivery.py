"""What a sender is, and what it says of an attempt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal, NamedTuple

from dragoman.records import Alert, Notice

__all__ = ["Delivery", "Sender", "failed", "refused", "sent", "unreachable"]


class Delivery(NamedTuple):
    """What became of an attempt. Its text says why, without secrets."""

    outcome: Literal["sent", "failed", "refused"]  # failed: another attempt may help; refused: none will
    text: str = ""
    retry_after: float = 0.0  # seconds that the receiver asks to be left alone
    is_reachable: bool = True  # False: it would not have taken another message either


class Sender(ABC):
    """Brings messages to one receiver. Its methods take their time, and are called on one thread."""

    keeps = False  # whether the receiver forgets alerts that it is not reminded of

    @abstractmethod
    def send(self, notice: Notice) -> Delivery:
        """Deliver a message. The receiver can tell by its id that it has it already."""

    def remind(self, alerts: Sequence[Alert]) -> Delivery:
        """Tell a receiver that forgets which alerts still fire."""
        return sent()


def sent() -> Delivery:
    return Delivery("sent")


def failed(text: str, *, retry_after: float = 0.0) -> Delivery:
    """The receiver is there, and could not take the message now."""
    return Delivery("failed", _printable(text), retry_after)


def unreachable(text: str) -> Delivery:
    return Delivery("failed", _printable(text), is_reachable=False)


def refused(text: str) -> Delivery:
    return Delivery("refused", _printable(text))


def _printable(text: str) -> str:
    """In one line that every catalog can keep, whatever a receiver answers."""
    plain = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(plain.split())
