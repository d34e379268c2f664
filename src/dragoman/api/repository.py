"""What can load and unload models while the server runs."""

from __future__ import annotations

from typing import Protocol

from dragoman.errors import MissingExtra

__all__ = ["Repository", "repository_or_refuse"]


class Repository(Protocol):
    """Where models come from. Both methods may take long, and return when the model answers, or does not any more."""

    def load(self, name: str, version: str | None) -> None:
        """Load a model, or the version that the repository chooses. Raises `NotFound`."""
        ...

    def unload(self, name: str) -> None:
        """Let every version of a model finish what it has, and forget it. Raises `NotFound`."""
        ...


def repository_or_refuse(repository: Repository | None) -> Repository:
    """Raises `MissingExtra` if this server has none."""
    if repository is None:
        raise MissingExtra("This server cannot load or unload models.", help="start it over a workspace.")
    return repository
