"""Which models read which definitions of feature views: by their specs, and as versions that answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from dragoman.features.planning import ViewUse
from dragoman.records import PinnedView, Release, Version
from dragoman.registry.registry import Registry
from dragoman.spec import ModelSpec
from dragoman.store.base import Catalog

__all__ = ["PinnedViews", "uses_by_view"]

LINEAGE_FILE = "lineage.json"  # of a bundle; its module loads the ONNX library


class _Pins(msgspec.Struct, frozen=True):
    """The part of a bundle's lineage that is read here."""

    views: list[PinnedView] = msgspec.field(default_factory=list)


class PinnedViews:
    """What bundles pin. They never change, so each is read once."""

    def __init__(self, registry: Registry) -> None:
        self.registry, self._known = registry, dict[str, list[PinnedView]]()

    def of(self, version: Version) -> list[PinnedView]:
        """The definitions that a version was trained with. Raises `NotFound` and `Untrusted` as blobs do."""
        if version.bundle not in self._known:
            content = self.registry.stored_file(version, LINEAGE_FILE)
            self._known[version.bundle] = msgspec.json.decode(content, type=_Pins).views if content else []
        return self._known[version.bundle]

    def in_use(self) -> list[tuple[str, ViewUse]]:
        """The views, by name, of every version that answers, may soon, or may again.

        Those are versions with an alias, the newest of each model, and both of its newest release: what is taken back
        must find its rows.
        """
        catalog = self.registry.catalog
        return [use for model in catalog.models() for use in self._of_model(catalog, model)]

    def _of_model(self, catalog: Catalog, model: str) -> list[tuple[str, ViewUse]]:
        versions = {version.number: version for version in catalog.versions(model) if not version.retired}
        roles = _roles(list(versions.values()), catalog.releases(model=model))
        return [
            (pin.name, ViewUse(model=model, version=number, role=role, digest=pin.digest))
            for number, role in sorted(roles.items())
            if number in versions
            for pin in self.of(versions[number])
        ]


def _roles(versions: Sequence[Version], releases: Sequence[Release]) -> dict[int, str]:
    """Numbers of the versions whose rows are kept, and why."""
    roles = {version.number: "newest" for version in versions[-1:]}
    for release in releases[:1]:
        roles |= dict.fromkeys((release.champion, release.challenger), "release")
    return roles | {version.number: ", ".join(version.aliases) for version in versions if version.aliases}


def uses_by_view(specs: Sequence[ModelSpec], pinned: PinnedViews) -> Mapping[str, list[ViewUse]]:
    """The models of every view that any reads."""
    uses: defaultdict[str, list[ViewUse]] = defaultdict(list)
    for spec in specs:
        for view in spec.features.views if spec.features else ():
            uses[view].append(ViewUse(model=spec.name))
    for view, use in pinned.in_use():
        uses[view].append(use)
    return uses
