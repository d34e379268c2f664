"""A lease of the catalog that is renewed while its holder works."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from dragoman.errors import DragomanError

__all__ = ["Lease", "Leases"]

logger = logging.getLogger(__name__)

RENEWALS = 3  # before it runs out: two may fail


class Leases(Protocol):
    """Where leases are kept: the catalog."""

    def lease(self, name: str, holder: str, *, seconds: float) -> bool:
        """As `Catalog.lease`."""


class Lease:
    """Held from `take` on, until `release`; a process that dies holds it for `seconds` at most. Real time counts.

    As a context manager it is released at the end of the block. After an exception it is left to run out: nobody can
    say what the block has left behind, and others should not be there at once.
    """

    def __init__(self, leases: Leases, name: str, holder: str, *, seconds: float) -> None:
        self.leases, self.name, self.holder, self.seconds = leases, name, holder, seconds
        self._held_until = 0.0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_held(self) -> bool:
        """Whether nobody else can have it now."""
        return time.monotonic() < self._held_until

    def take(self) -> bool:
        """Whether it is held from now on, renewed by a thread; False while somebody else has it.

        One that was lost may be taken again.

        Raises `Unavailable` and `StorageFull`, as the catalog does.
        """
        if not self.renew():
            return False
        self._ended.set()  # of an earlier thread, which may still wait for the catalog
        self._ended = threading.Event()
        name = f"dragoman-lease-{self.name}"
        self._thread = threading.Thread(target=self._keep, args=(self._ended,), name=name, daemon=True)
        self._thread.start()
        return True

    def renew(self) -> bool:
        """Whether it is held for the next seconds: nobody else has taken it meanwhile. Raises as `take` does."""
        asked = time.monotonic()  # the catalog counts from a later moment
        is_mine = self.leases.lease(self.name, self.holder, seconds=self.seconds)
        self._held_until = asked + self.seconds if is_mine else 0.0
        return is_mine

    def release(self) -> None:
        """Let others have it now."""
        self.abandon()
        with suppress(DragomanError):  # it runs out by itself
            self.leases.lease(self.name, self.holder, seconds=0.0)

    def abandon(self) -> None:
        """Renew it no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self._thread, self._held_until = None, 0.0

    def _keep(self, ended: threading.Event) -> None:
        is_mine = True
        while is_mine and not ended.wait(self.seconds / RENEWALS):
            try:
                is_mine = self.renew()
            except DragomanError as error:
                logger.warning("The lease '%s' was not renewed: %s", self.name, error)
        if not is_mine:
            logger.warning("The lease '%s' was lost: it was not renewed in time.", self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.release()
        else:
            self.abandon()
