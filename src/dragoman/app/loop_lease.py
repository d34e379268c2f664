"""Which process is the loop of a workspace, and whether there is one."""

from __future__ import annotations

import os
import secrets
import socket

from dragoman.store.base import Catalog

__all__ = ["LEASE", "holder_name", "is_led"]

LEASE = "loop"
PROBE = "somebody who only looks"


def is_led(catalog: Catalog) -> bool:
    """Whether a process is the loop of the workspace now."""
    return not catalog.lease(LEASE, f"{PROBE} {secrets.token_hex(4)}", seconds=0.0)


def holder_name() -> str:
    """A name for this process that no other one has."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
