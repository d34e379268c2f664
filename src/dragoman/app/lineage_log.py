"""Lineage events as they happen: a file for each month, and a server of OpenLineage, if the workspace names one."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from dragoman.data.lineage import Event
from dragoman.errors import DragomanError
from dragoman.store.files import FileLock, make_folder, write_atomically

__all__ = ["KEY_VARIABLE", "LineageLog", "endpoint_of"]

logger = logging.getLogger(__name__)

KEY_VARIABLE = "OPENLINEAGE_API_KEY"
PATH = "/api/v1/lineage"  # where servers of OpenLineage take events
UNSENT = "unsent.json"
MOST_UNSENT = 1_000  # older ones are given up
SEND_SECONDS = 10.0


class LineageLog:
    """Keeps events, and sends them to `endpoint`; what cannot be sent waits for the next time.

    What goes wrong here is told in the log and ends nothing: the catalog holds what the events are made from.
    """

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder, self.endpoint = folder, endpoint

    def add(self, events: Sequence[Event]) -> None:
        try:
            make_folder(self.folder)
            for event in events:
                self._append(event)
            if self.endpoint:
                with FileLock(self.folder / "unsent.lock", wait=SEND_SECONDS):
                    self._send(events)
        except (DragomanError, OSError) as error:
            logger.warning("Lineage events were lost: %s", error)

    def _append(self, event: Event) -> None:
        """One write: lines of two processes do not mix. A line that a dead process left unfinished is ended."""
        path = self.folder / f"{event['eventTime'][:7]}.jsonl"
        line = msgspec.json.encode(event) + b"\n"
        with path.open("ab+") as file:
            if size := file.seek(0, os.SEEK_END):
                file.seek(size - 1)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line)

    def _send(self, events: Sequence[Event]) -> None:
        from dragoman.monitoring.alerts.http_post import post  # heavy: the parts that alert

        waiting = [*self._unsent(), *events][-MOST_UNSENT:]
        key = os.environ.get(KEY_VARIABLE, "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        while waiting:
            done = post(self.endpoint, "", msgspec.json.encode(waiting[0]), headers, timeout=SEND_SECONDS)
            if done.outcome == "failed":
                logger.warning("Lineage events wait to be sent: the server %s.", done.text)
                break
            if done.outcome == "refused":
                logger.warning("A lineage event was refused: the server %s.", done.text)
            waiting = waiting[1:]
        write_atomically(self.folder / UNSENT, msgspec.json.encode(waiting))

    def _unsent(self) -> list[Event]:
        try:
            return msgspec.json.decode((self.folder / UNSENT).read_bytes(), type=list[Event])
        except (FileNotFoundError, msgspec.MsgspecError):
            return []


def endpoint_of(setting: str) -> str:
    """The address that the setting means: of a server without a path, the one that all servers of OpenLineage have."""
    return setting.rstrip("/") + PATH if setting and not urlsplit(setting).path.strip("/") else setting
