"""Who checks the gates of a release: whoever holds its lease, and in a process of its own beside a server."""

from __future__ import annotations

import subprocess
import sys

from dragoman.app.workspace import Workspace

__all__ = ["CHECK_SECONDS", "check_in_child", "check_lease"]

CHECK_SECONDS = 120.0  # after which somebody else may do a check that was begun


def check_lease(id: str) -> str:
    """The name of the lease of whoever checks the gates of a release."""
    return f"check {id}"


def check_in_child(workspace: Workspace, id: str) -> subprocess.Popen[bytes]:
    """Check them in a process of its own, which leaves the cores to whom they belong."""
    command = [sys.executable, "-m", "dragoman", "release", "check", id, "--workspace", str(workspace.root)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)
