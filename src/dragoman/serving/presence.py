"""Which servers are there: each one leaves a small file in a folder that it renews, and removes when it ends.

A file says little and costs little, so that retiring a version can find who still answers with it. A server that was
killed leaves its file behind; it is ignored when its process is gone, or when it was not renewed for too long.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from dragoman.errors import InvalidInput
from dragoman.records import Record, Symptom
from dragoman.store.files import write_atomically

__all__ = ["FOLDER", "STALE_SECONDS", "LiveServer", "announce", "live_servers", "present", "withdraw"]

FOLDER = "servers"  # under the workspace's state
STALE_SECONDS = 30.0  # a server renews its file every few seconds
SUFFIX = ".json"
REPLICA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class LiveServer(Record, frozen=True, kw_only=True):
    """A server that answers."""

    replica: str
    host: str
    pid: int
    url: str
    versions: list[str]  # of the registry that it has loaded: "models:/support/3"
    time: str  # of the last renewal, UTC, ISO 8601
    symptoms: list[Symptom] = msgspec.field(default_factory=list)  # what is wrong with it, by its own account

    @property
    def shown(self) -> str:
        """For messages."""
        return f"the server {self.url} (process {self.pid} on {self.host})"


def present(
    replica: str,
    url: str,
    versions: list[str],
    *,
    symptoms: Sequence[Symptom] = (),
    now: datetime | None = None,
) -> LiveServer:
    """The process that asks, as a server of the given versions from now on."""
    return LiveServer(
        replica=replica,
        host=socket.gethostname(),
        pid=os.getpid(),
        url=url,
        versions=sorted(versions),
        time=(now or datetime.now(UTC)).isoformat(timespec="seconds"),
        symptoms=list(symptoms),
    )


def announce(folder: Path, server: LiveServer) -> None:
    """Say that a server is there, or renew what it said. Raises `InvalidInput`, and `StorageFull`."""
    write_atomically(_path(folder, server.replica), msgspec.json.encode(server) + b"\n")


def withdraw(folder: Path, replica: str) -> None:
    """Say that a server has ended; nothing happens if it was not there."""
    _path(folder, replica).unlink(missing_ok=True)


def live_servers(folder: Path, *, now: datetime | None = None) -> list[LiveServer]:
    """The servers that are there, by replica. Files that say something else are none."""
    found = [_read(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]
    return [server for server in found if server and _is_live(server, now or datetime.now(UTC))]


def _path(folder: Path, replica: str) -> Path:
    if REPLICA.fullmatch(replica) is None:
        raise InvalidInput(
            f"{replica!r} cannot name a replica.", help="Use letters, digits, '.', '_' and '-', 128 at most."
        )
    return folder / f"{replica}{SUFFIX}"


def _read(path: Path) -> LiveServer | None:
    """None for a file that vanished meanwhile, or that another release wrote."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=LiveServer)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _is_live(server: LiveServer, now: datetime) -> bool:
    try:
        renewed = datetime.fromisoformat(server.time)
        if now - renewed > timedelta(seconds=STALE_SECONDS):
            return False
    except (ValueError, TypeError):  # no time, or one without a zone
        return False
    return server.host != socket.gethostname() or _runs(server.pid)


def _runs(pid: int) -> bool:
    """Whether a process of this machine runs; one that belongs to somebody else does."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
