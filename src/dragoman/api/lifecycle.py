"""Whether the server takes predictions: loading, ready, draining."""

from __future__ import annotations

import enum
import threading
from types import TracebackType

from dragoman.errors import ModelNotReady

__all__ = ["Lifecycle", "Phase"]


class Phase(enum.Enum):
    LOADING = "loading"
    READY = "ready"
    DRAINING = "draining"


class Lifecycle:
    """The phase of a server, and how many predictions it is working on. HTTP and gRPC share it between threads."""

    def __init__(self, phase: Phase = Phase.LOADING) -> None:
        self.phase = phase
        self.in_flight = 0
        self._lock = threading.Lock()

    def become_ready(self) -> None:
        """Take predictions. A server that drains already stays so."""
        if self.phase is Phase.LOADING:
            self.phase = Phase.READY

    def drain(self) -> None:
        """Take no more predictions; those in flight finish."""
        self.phase = Phase.DRAINING

    def check(self) -> None:
        """Raises `ModelNotReady` unless the server is ready."""
        if self.phase is not Phase.READY:
            raise ModelNotReady(
                f"The server is {self.phase.value}.", help="send it again after the seconds in Retry-After."
            )

    def prediction(self) -> Lifecycle:
        """Around one prediction, from its first byte to its answer: `with lifecycle.prediction():`.

        Raises `ModelNotReady`.
        """
        return self

    def __enter__(self) -> None:
        self.check()
        with self._lock:
            self.in_flight += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self.in_flight -= 1
