"""How much memory this process has, and how much it may still take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["Room", "memory_room", "own_memory"]

ROOT = Path("/")
UNLIMITED = 2**60  # what version 1 of control groups says for "no limit" is larger


class Room(NamedTuple):
    """Bytes of memory."""

    limit: int  # of the control group, or what the machine has
    free: int  # that can be taken before the limit is reached


def memory_room(root: Path = ROOT) -> Room | None:
    """The tightest of the machine and of all control groups that this process is in; None where nothing says.

    Control groups of version 2 and 1 are read, `memory.max` and `memory.limit_in_bytes`. Files that the system keeps
    in memory and can drop (`inactive_file`) count as free.
    """
    rooms = [_machine(root), *(_group(folder) for folder in _groups(root))]
    found = [room for room in rooms if room is not None]
    return Room(min(room.limit for room in found), min(room.free for room in found)) if found else None


def own_memory(root: Path = ROOT) -> int | None:
    """Bytes of this process that the system cannot drop: without pages of mapped files, which come and go.

    None where the system does not say.
    """
    status = _fields(root / "proc/self/status")
    if "RssAnon" in status:
        return (status["RssAnon"] + status.get("RssShmem", 0)) * 1_024
    return status["VmRSS"] * 1_024 if "VmRSS" in status else None


def _machine(root: Path) -> Room | None:
    said = _fields(root / "proc/meminfo")
    if "MemTotal" not in said or "MemAvailable" not in said:
        return None
    return Room(said["MemTotal"] * 1_024, said["MemAvailable"] * 1_024)


def _groups(root: Path) -> list[Path]:
    """The folders of this process's control groups and of those above them."""
    folders: list[Path] = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" or "memory" in controllers.split(","):
            top = root / "sys/fs/cgroup" / ("" if number == "0" else "memory")
            own = top / path.lstrip("/")
            folders += [top, *(folder for folder in (own, *own.parents) if top in folder.parents)]
    return folders


def _group(folder: Path) -> Room | None:
    """What one control group allows; None if it sets no limit, or if the process cannot see it."""
    limit = _number(folder / "memory.max") or _number(folder / "memory.limit_in_bytes")
    used = _number(folder / "memory.current") or _number(folder / "memory.usage_in_bytes")
    if limit is None or used is None or limit > UNLIMITED:
        return None
    said = _fields(folder / "memory.stat")
    droppable = said.get("total_inactive_file", said.get("inactive_file", 0))
    return Room(limit, max(0, limit - max(0, used - droppable)))


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def _fields(path: Path) -> dict[str, int]:
    """The numbers of a file of lines such as `VmRSS:  12 kB` or `inactive_file 12`."""
    found = re.findall(r"^(\w+):?\s+(\d+)(?: kB)?$", _text(path), re.MULTILINE)
    return {name: int(number) for name, number in found}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
