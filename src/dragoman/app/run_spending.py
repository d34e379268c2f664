"""What a run takes, kept beside its checkpoint so that a kill does not lose it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from dragoman.app.ledger import SPENT_FILE
from dragoman.errors import DragomanError
from dragoman.loop.spending import measured, total_of
from dragoman.records import Manifest, Spent
from dragoman.registry.manifest import manifest_file
from dragoman.store.base import Blobs
from dragoman.store.files import write_atomically

__all__ = ["WRITE_SECONDS", "new_bytes", "run_spending"]

WRITE_SECONDS = 5.0  # what a killed attempt took since is lost


@contextmanager
def run_spending(folder: Path, carried: Spent) -> Iterator[Callable[[], Spent]]:
    """Measures what is done inside, `carried` included; who calls what it gives knows how much it is so far."""
    with measured() as meter:

        def spent() -> Spent:
            return total_of([carried, meter.spent])

        over = threading.Event()
        writer = threading.Thread(target=_write_often, args=(folder / SPENT_FILE, spent, over), daemon=True)
        writer.start()
        try:
            yield spent
        finally:
            over.set()
            writer.join()
            _write(folder / SPENT_FILE, spent())


def new_bytes(manifest: Manifest, blobs: Blobs) -> int:
    """Bytes of a bundle that are not stored yet."""
    sizes = {file.digest: file.size for file in [*manifest.files, manifest_file(manifest)]}
    return sum(size for digest, size in sizes.items() if not blobs.exists(digest))


def _write_often(path: Path, spent: Callable[[], Spent], over: threading.Event) -> None:
    while not over.wait(WRITE_SECONDS):
        _write(path, spent())


def _write(path: Path, spent: Spent) -> None:
    with suppress(OSError, DragomanError):  # a note that cannot be written ends no training
        write_atomically(path, msgspec.json.encode(spent), sync=False)
