"""Who answers a request while a release runs: the same subject always the same arm."""

from __future__ import annotations

import hashlib
from typing import Literal, NamedTuple

from dragoman.records import Release

__all__ = ["CHALLENGER", "CHAMPION", "Arm", "Route", "route_of"]

Arm = Literal["champion", "challenger"]
CHAMPION: Arm = "champion"
CHALLENGER: Arm = "challenger"
PLACES = 2**64


class Route(NamedTuple):
    """How the traffic of a model is divided now."""

    release: str
    model: str
    champion: str
    challenger: str
    share: float  # of the subjects that the challenger answers
    mirror: float  # of the requests that the other arm answers too
    step: int = 0  # of the release's plan; shadow is one

    def arm_of(self, subject: str) -> Arm:
        """The arm of a subject. As the share grows, subjects move to the challenger and none moves back."""
        return CHALLENGER if place_of(self.release, subject) < self.share else CHAMPION

    def is_mirrored(self, request: str) -> bool:
        """Whether the other arm answers this request too; drawn apart from the arm."""
        return place_of(f"{self.release} mirror", request) < self.mirror

    def version_of(self, arm: Arm) -> str:
        return self.challenger if arm == CHALLENGER else self.champion


def route_of(release: Release) -> Route:
    """The route of an active release."""
    return Route(
        release=release.id,
        model=release.model,
        champion=str(release.champion),
        challenger=str(release.challenger),
        share=release.share,
        mirror=release.plan["mirror"] if release.step >= 0 else 0.0,
        step=max(release.step, 0),
    )


def place_of(salt: str, subject: str) -> float:
    """A number in [0, 1), evenly spread over subjects and drawn anew for every salt."""
    digest = hashlib.sha256(f"{salt}\0{subject}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / PLACES
