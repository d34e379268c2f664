"""How much memory the machine has left."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["available_bytes"]

MEMINFO = Path("/proc/meminfo")


def available_bytes() -> int:
    """Bytes that can be taken without swapping; where the system does not say, those that nobody uses."""
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB$", MEMINFO.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        found = None
    return int(found[1]) * 1_024 if found else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
