"""What can start, show and end releases while the server runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from dragoman.api.intake import Intake
from dragoman.errors import MissingExtra
from dragoman.records import By, Release
from dragoman.release.events import Event

__all__ = ["DeskApi", "ReleaseDesk"]


class ReleaseDesk(Protocol):
    """Where releases are kept. Any method may take long, and is called on a thread of its own."""

    def releases(self, *, model: str | None = None, active: bool | None = None) -> Sequence[Release]:
        """Releases of all models or of one, the newest first. Raises `NotFound` for an unknown model."""
        ...

    def release(self, id: str) -> Release:
        """Raises `NotFound`."""
        ...

    def start(self, model: str, challenger: int, *, by: By) -> Release:
        """Begin the release of a version.

        Raises `NotFound` for an unknown model or version, `Conflict` while another release of the model is active, and
        `InvalidRequest` where the version cannot be released.
        """
        ...

    def approve(self, id: str, *, by: By) -> Release:
        """Let a waiting release go on. Raises `NotFound`, and `Conflict` if it does not wait."""
        ...

    def roll_back(self, id: str, *, by: By) -> Release:
        """Give all traffic back to the champion. Raises `NotFound`, and `Conflict` if the release has ended."""
        ...

    def events(
        self, *, since: datetime | None = None, until: datetime | None = None, model: str | None = None
    ) -> Sequence[Event]:
        """What changed the traffic of all models or of one, in order. Raises `NotFound` for an unknown model."""
        ...


class DeskApi:
    """Endpoints over a desk. Without one they refuse with `MissingExtra`."""

    def __init__(self, intake: Intake, desk: ReleaseDesk | None = None) -> None:
        self.intake, self._desk = intake, desk

    @property
    def desk(self) -> ReleaseDesk:
        if self._desk is None:
            raise MissingExtra("This server keeps no releases.", help="start it over a workspace.")
        return self._desk
