"""Feature views in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dragoman.records import AppliedView, By, Watermark
from dragoman.store.changes import as_stored, view_action, view_facts, view_subject
from dragoman.store.memory_audit import MemoryAudit
from dragoman.store.refusals import view_changed, view_not_found
from dragoman.store.view_catalog import Which

__all__ = ["MemoryViews"]


class MemoryViews(MemoryAudit):
    """Definitions in dictionaries by name and digest; which one was applied last."""

    def __init__(self) -> None:
        super().__init__()
        self._views: dict[tuple[str, str], AppliedView] = {}
        self._latest: dict[str, str] = {}
        self._watermarks: dict[tuple[str, str], Watermark] = {}

    def save_views(
        self, views: Sequence[AppliedView], *, expected: Mapping[str, str], by: By | None = None
    ) -> list[AppliedView]:
        with self._lock:
            in_force = {view.name: view.digest for view in self.views()}
            for view in sorted(views, key=lambda view: view.name):
                found, wanted = in_force.get(view.name, ""), expected.get(view.name, "")
                if found != wanted:
                    raise view_changed(view.name, found=found, expected=wanted)
            kept = [as_stored(view) for view in sorted(views, key=lambda view: view.name)]
            changed = [view for view in kept if view != self._newest(view.name)]
            for view in changed:
                self.audit(view_action(view), view_subject(view.name), detail=view_facts(view), by=by)
                self._views[view.name, view.digest] = view
                self._latest[view.name] = view.digest
        return changed

    def view(self, name: str, digest: str = "") -> AppliedView:
        with self._lock:
            found = self._views.get((name, digest)) if digest else self._newest(name)
        if found is None or (found.retired and not digest):
            raise view_not_found(name, digest, [one.name for one in self.views()])
        return as_stored(found)

    def views(self, which: Which = "applied") -> list[AppliedView]:
        with self._lock:
            found = [
                as_stored(view)
                for view in self._views.values()
                if which == "all"
                or (self._latest[view.name] == view.digest and (which == "latest" or not view.retired))
            ]
        return sorted(found, key=lambda view: (view.name, view.applied, view.digest))

    def save_watermark(self, watermark: Watermark) -> None:
        with self._lock:
            self._watermarks[watermark.view, watermark.digest] = as_stored(watermark)

    def watermarks(self, *, view: str | None = None) -> list[Watermark]:
        with self._lock:
            return [as_stored(one) for key, one in sorted(self._watermarks.items()) if view in (None, key[0])]

    def forget_watermark(self, view: str, digest: str) -> None:
        with self._lock:
            self._watermarks.pop((view, digest), None)

    def _newest(self, name: str) -> AppliedView | None:
        return self._views.get((name, self._latest.get(name, "")))
