"""Ingests with everything around them: lineage, and folders that are watched."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dragoman import clock
from dragoman.app.datasets import Files, Origin
from dragoman.app.workspace import Workspace
from dragoman.data.sources.watching import WatchedFolder
from dragoman.errors import InvalidInput, NotFound
from dragoman.records import By, Violation

if TYPE_CHECKING:
    from dragoman.data.ingesting import Ingested, Report

__all__ = ["Took", "Watching", "Way", "ingest", "open_watch"]

MEMORY_FOLDER = "watched"  # in the state folder


class Way(NamedTuple):
    """How rows are ingested."""

    append: bool = False
    quarantine: bool = False
    by: By | None = None


class Took(NamedTuple):
    """What came of a file that appeared."""

    files: Sequence[Path]
    done: Ingested | None = None
    refused: str = ""  # why


def ingest(place: Workspace, name: str, origin: Origin, way: Way, *, report: Report) -> Ingested:
    """Make rows a version of a dataset, and record where they came from. Raises as `Ingesting.run` does."""
    done = place.datasets.ingest(name, origin, append=way.append, quarantine=way.quarantine, by=way.by, report=report)
    now = clock.utc().isoformat(timespec="seconds")
    events = place.lineage.events
    if done.version is None:
        place.lineage_log.add([events.refused(name, done.sources, done.report, at=now)])
    elif done.is_new:
        started = events.ingest(done.version, kind="START") | {"outputs": []}
        place.lineage_log.add([started, events.ingest(done.version, at=now)])
    return done


# A folder that is watched -------------------------------------------------------------------------------------------


def open_watch(place: Workspace, name: str, folder: Path, pattern: str, *, settle_seconds: float) -> WatchedFolder:
    """The folder, with what is known of it from earlier times. Raises `NotFound`."""
    key = hashlib.sha256(f"{folder.resolve()}\0{pattern}".encode()).hexdigest()[:16]
    memory = place.state / MEMORY_FOLDER / f"{name}-{key}.json"
    return WatchedFolder(folder.resolve(), pattern, memory, settle_seconds=settle_seconds)


class Watching(NamedTuple):
    """Brings the files of a watched folder into a dataset."""

    place: Workspace
    name: str
    folder: WatchedFolder
    origin: Callable[[Sequence[Path]], Files]
    way: Way
    report: Report

    def run(self, tell: Callable[[Took], None], *, every: float, once: bool) -> None:
        """Take files as they appear; with `once`, those that are there, when they are whole, and stop."""
        while True:
            if ready := self.folder.ready():
                for took in self.take(ready):
                    for path in took.files:
                        self.folder.take(path, refused=took.refused)
                    tell(took)
            if once and not self.folder.waiting:
                return
            time.sleep(every)

    def take(self, files: Sequence[Path]) -> list[Took]:
        """All files as one version; if that cannot be, each alone, so that a bad one stops no other."""
        took = self._take(files)
        return [took] if not took.refused or len(files) == 1 else [self._take([path]) for path in files]

    def _take(self, files: Sequence[Path]) -> Took:
        try:
            way = self.way._replace(append=True)
            done = ingest(self.place, self.name, self.origin(files), way, report=self.report)
        except (InvalidInput, NotFound) as error:
            return Took(files, refused=str(error))
        return Took(files, done, "" if done.version else _in_words(done.report.violations[0]))


def _in_words(broken: Violation) -> str:
    where = f", first at {broken.examples[0].place}" if broken.examples else ""
    return f"{broken.words}: {broken.observed or f'{broken.count} rows break it'}{where}"
