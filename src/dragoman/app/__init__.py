"""The composition root: the only part that knows everybody.

Heavy parts (torch, the runtimes, the HTTP server) are imported by the verb that needs them.
"""

from __future__ import annotations

from dragoman.app.host import Source, check_address, serve
from dragoman.app.loading import load
from dragoman.app.training import ensure_trained
from dragoman.app.workspace import Workspace, init_workspace, open_workspace

__all__ = [
    "Source",
    "Workspace",
    "check_address",
    "ensure_trained",
    "init_workspace",
    "load",
    "open_workspace",
    "serve",
]
