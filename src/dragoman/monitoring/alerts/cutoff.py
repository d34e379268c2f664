"""An end to slow conversations: a timeout of a socket counts anew with every byte, this one does not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["cut_off"]

AGAIN_SECONDS = 0.2


@contextmanager
def cut_off(current: Callable[[], socket.socket | None], seconds: float) -> Iterator[threading.Event]:
    """Shut down the socket that `current` gives after so many seconds, however long the body takes.

    Whoever reads from it or writes to it then gets an error. The event says whether it was done.
    """
    is_over, was_cut = threading.Event(), threading.Event()

    def watch() -> None:
        is_over.wait(seconds)
        while not is_over.wait(AGAIN_SECONDS if was_cut.is_set() else 0):
            was_cut.set()
            if (one := current()) is not None:
                with suppress(OSError):
                    socket.socket.shutdown(one, socket.SHUT_RDWR)  # that of the socket under TLS

    watcher = threading.Thread(target=watch, name="dragoman-cut-off", daemon=True)
    watcher.start()
    try:
        yield was_cut
    finally:
        is_over.set()
        watcher.join()
