"""The feature views of a workspace: what its files say, what is applied, and what training and serving get of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from dragoman.app.feature_uses import PinnedViews, uses_by_view
from dragoman.data.sources import expand_files
from dragoman.errors import Conflict, NotFound, Unavailable, Untrusted
from dragoman.features.loading import FEATURES_FOLDER, load_views
from dragoman.features.offline.sources import WorkspaceSources
from dragoman.features.planning import ViewChange, plan_views
from dragoman.features.source_types import types_of
from dragoman.features.view import View
from dragoman.records import AppliedView, By, PinnedView
from dragoman.registry.registry import Registry
from dragoman.settings import Settings
from dragoman.spec import ModelSpec
from dragoman.store.audit import now, this_user
from dragoman.store.base import Catalog
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

    from dragoman.serving.lookup import FeatureLookup
    from dragoman.store.online import OnlineStore

__all__ = ["Features", "Join", "Place", "Plan", "view_of"]

APPLY = "Run `dragoman features plan`, then `dragoman features apply`."


class Place(Protocol):
    """What is needed of a workspace."""

    root: Path
    settings: Settings

    @property
    def state(self) -> Path: ...
    @property
    def catalog(self) -> Catalog: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def tables(self) -> DeltaTables: ...
    def specs_or_none(self) -> list[ModelSpec]: ...


class Plan(NamedTuple):
    """What applying would change, and the records of it."""

    changes: list[ViewChange]
    wanted: list[AppliedView]
    applied: list[AppliedView]

    @property
    def is_empty(self) -> bool:
        return all(change.kind == "unchanged" for change in self.changes)


class Join:
    """Adds the features of views to the rows that a model is trained on, each as of its own time.

    `pins` are the definitions and the versions of their sources; `digest` changes with any of them, and is empty
    without views.
    """

    def __init__(self, views: Sequence[View], sources: WorkspaceSources) -> None:
        self.views, self.sources = {view.name: view for view in views}, sources
        self.pins = [
            PinnedView(
                name=view.name, digest=view.digest, dataset=view.source.dataset, dataset_number=sources.number(view)
            )
            for view in views
        ]
        files = [_digest_of(path) for view in views for path in _files_of(view, sources.root)]
        self.digest = hashlib.sha256(msgspec.json.encode([self.pins, files])).hexdigest() if views else ""

    def __call__(self, rows: pa.Table, views: Sequence[str], time: str) -> pa.Table:
        """The same rows in the same order, with the columns VIEW.FEATURE as they were known at the column `time`."""
        from dragoman.features.offline import join_as_of  # heavy: pyarrow

        return join_as_of(rows, [self.views[name] for name in views], self.sources, time=time)


class Features:
    """What can be done with the views of a workspace. Nothing is read before it is needed."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @cached_property
    def pinned(self) -> PinnedViews:
        """What the bundles of the workspace were trained with."""
        return PinnedViews(self.place.registry)

    @cached_property
    def store(self) -> OnlineStore:
        """The online store. Raises as `open_online` does."""
        from dragoman.store.online import open_online

        self.place.state.mkdir(parents=True, exist_ok=True)
        return open_online(self.place.settings.online, self.place.state)

    def sources(self) -> WorkspaceSources:
        """The events as they are now; every call looks anew."""
        return WorkspaceSources(self.place.tables, self.place.root)

    def views(self) -> dict[str, View]:
        """The views in the files of the workspace. Raises `InvalidSpec` with file and line."""
        return load_views(self.place.root / FEATURES_FOLDER)

    # Applying

    def plan(self) -> Plan:
        """What applying would change. Every view is held against its source first.

        Raises `InvalidSpec`, `InvalidData` and `NotFound` for a view that its source does not fit.
        """
        sources = self.sources()
        wanted = [_as_applied(view, sources) for view in self.views().values()]
        applied = self.place.catalog.views()
        uses = uses_by_view(self.place.specs_or_none(), self.pinned)
        return Plan(plan_views(wanted, applied, uses), wanted, applied)

    def apply(self, plan: Plan, *, by: By) -> list[AppliedView]:
        """Put the definitions of a plan in force, all or none; returns those that changed.

        Raises `Conflict` if others have applied views since the plan was made, and for a view that a spec reads and no
        file declares any more.
        """
        changes = {change.view: change for change in plan.changes if change.kind != "unchanged"}
        _refuse_needed([change for change in changes.values() if change.kind == "retired"])
        signed = {"applied": now(), "by": by.actor}
        saved = [msgspec.structs.replace(view, **signed) for view in plan.wanted if view.name in changes]
        retired = [view for view in plan.applied if view.name in changes and changes[view.name].kind == "retired"]
        saved += [msgspec.structs.replace(view, retired=signed["applied"]) for view in retired]
        expected = {view.name: view.digest for view in plan.applied}
        return self.place.catalog.save_views(saved, expected=expected, by=by)

    def applied(self, name: str, digest: str = "") -> AppliedView:
        """The definition in force, or the one with this digest.

        Raises `NotFound`, and `Untrusted` for one that does not have its digest.
        """
        record = self.place.catalog.view(name, digest)
        view_of(record)
        return record

    def alive(self, names: Sequence[str] = ()) -> list[AppliedView]:
        """The definitions whose rows are kept: those in force, and those that versions in use were trained with.

        Raises `NotFound` for a name that has neither.
        """
        known = self.place.catalog.views("latest")  # without any nothing is pinned, and no bundle is asked
        applied = {(view.name, view.digest): view for view in known if not view.retired}
        for view, use in self.pinned.in_use() if known else ():
            if (view, use.digest) not in applied:
                applied[view, use.digest] = self.applied(view, use.digest)
        for name in names:
            if name not in {view for view, _ in applied}:
                self.applied(name)
        return [view for (name, _), view in sorted(applied.items()) if not names or name in names]

    # Training and serving

    def join(self, spec: ModelSpec) -> Join:
        """The join of a model's views, as they are applied, over their sources as they are now.

        Raises `NotFound` for a view that is not applied, and `Conflict` for one whose file says something else.
        """
        names = spec.features.views if spec.features else []
        views = [view_of(self.applied(name)) for name in names]
        declared = self.views() if names else {}
        for view in views:
            if view.name not in declared or declared[view.name].digest != view.digest:
                raise Conflict(f"The view '{view.name}' is not what is applied: its file was changed.", help=APPLY)
        return Join(views, self.sources())

    def lookup(self, pins: Sequence[PinnedView]) -> FeatureLookup:
        """Online features by the definitions that a model was trained with.

        Raises `NotFound` for a definition that the catalog does not have, and `Unavailable` where it has no rows.
        """
        from dragoman.app.feature_lookup import OnlineLookup
        from dragoman.features.online import watermark

        views = [self.applied(pin.name, pin.digest) for pin in pins]
        for view in views:
            if watermark(view, self.store) is None:
                raise Unavailable(
                    f"The view '{view.name}' has no online rows of the definition {view.digest[:12]}.",
                    help=f"Run `dragoman features materialize {view.name}`.",
                )
        return OnlineLookup(self.store, views)


def view_of(record: AppliedView) -> View:
    """The view of a stored definition. Raises `Untrusted` if it does not have its digest."""
    view = View.from_definition(record.definition)
    if view.digest != record.digest:
        raise Untrusted(
            f"The definition of the view '{record.name}' has the digest {view.digest[:12]}, not {record.digest[:12]}.",
            help="It was changed, or another release computes its values in another way. Apply the views again, and "
            "train what reads them.",
        )
    return view


def _as_applied(view: View, sources: WorkspaceSources) -> AppliedView:
    schema, read = sources.schema(view), set(view.columns_read)
    return AppliedView(
        name=view.name,
        digest=view.digest,
        definition=view.definition(),
        columns=view.columns(schema),
        types={name: kind for name, kind in types_of(schema).items() if name in read},
        owner=view.owner,
        applied="",
        by=this_user().actor,
    )


def _refuse_needed(retired: Sequence[ViewChange]) -> None:
    for change in retired:
        if needing := [use.model for use in change.uses if use.version is None]:
            raise NotFound(
                f"The view '{change.view}' is in no file any more, and the spec of '{needing[0]}' reads it.",
                help="Take it out of `features.views` first, or bring its file back.",
            )


def _files_of(view: View, root: Path) -> list[Path]:
    return expand_files(root, list(view.source.files)) if view.source.files else []


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
