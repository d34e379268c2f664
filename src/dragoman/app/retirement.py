"""Retiring and restoring a version of a workspace."""

from __future__ import annotations

from pathlib import Path

from dragoman.app.workspace import Workspace
from dragoman.records import By, Version

__all__ = ["ARCHIVES", "restore_archive", "retire_version"]

ARCHIVES = "archive"  # in the state folder


def retire_version(workspace: Workspace, uri: str, *, by: By, archives: Path | None = None) -> tuple[Version, Path]:
    """Archive a version and mark it as retired; by default the archive lies in the workspace's state.

    Raises `Conflict`, naming each alias, release and server that uses it, `InvalidInput` without a reason, and what
    reading the version raises.
    """
    from dragoman.registry.retirement import retire  # heavy: the ONNX library
    from dragoman.serving.presence import FOLDER, live_servers

    version = workspace.registry.resolve(uri, retired=True)
    servers = [one.shown for one in live_servers(workspace.state / FOLDER) if version.uri in one.versions]
    folder = archives or workspace.state / ARCHIVES
    path = retire(workspace.registry, version, archives=folder, servers=servers, by=by)
    return workspace.catalog.version(version.model, version.number), path


def restore_archive(workspace: Workspace, path: Path, *, by: By) -> Version:
    """Register the version of an archive again. Raises what `registry.retirement.restore` raises."""
    from dragoman.registry.retirement import restore  # heavy: the ONNX library

    return restore(workspace.registry, path, by=by)
