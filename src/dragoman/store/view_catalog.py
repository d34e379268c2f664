"""What a catalog promises of feature views and of how far their online rows have come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from dragoman.records import AppliedView, By, Watermark

__all__ = ["ViewCatalog", "Which"]

Which = Literal["applied", "latest", "all"]


class ViewCatalog(Protocol):
    """Definitions of views by name and digest, of which one for each name is in force, and watermarks."""

    def save_views(
        self, views: Sequence[AppliedView], *, expected: Mapping[str, str], by: By | None = None
    ) -> list[AppliedView]:
        """Put definitions in force; one that says `retired` takes its view out of force. All or none.

        `expected` has the digest that is in force now for each of the names; one that is not there has none. Returns
        those that changed something. Raises `Conflict` where another digest is in force.
        """

    def view(self, name: str, digest: str = "") -> AppliedView:
        """The definition in force, or the one with this digest, in force or not. Raises `NotFound`."""

    def views(self, which: Which = "applied") -> list[AppliedView]:
        """The definitions in force by name; the "latest" of each name, retired or not; or "all" there ever were."""

    def save_watermark(self, watermark: Watermark) -> None:
        """Add a watermark, or replace the one of the same view and digest."""

    def watermarks(self, *, view: str | None = None) -> list[Watermark]:
        """Watermarks by view and digest; of one view, where one is named."""

    def forget_watermark(self, view: str, digest: str) -> None:
        """Remove a watermark: the rows that it told of are gone. One that is not there changes nothing."""
