"""Labels of a workspace: kept, and told to the release that runs. Implements `api.labels.LabelsDesk`."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.app.workspace import Workspace
from dragoman.errors import InvalidRequest
from dragoman.feedback.labels import LabelStore
from dragoman.monitoring.watcher import Watcher
from dragoman.records import By, Label
from dragoman.release.traffic import Traffic
from dragoman.serving.suggestion import shown, suggest

__all__ = ["Labels"]


class Labels:
    """Keeps labels, counts them for the objective of quality, and lets a release of this process compare by them."""

    def __init__(self, workspace: Workspace, traffic: Traffic, watcher: Watcher) -> None:
        self.workspace, self.traffic, self.watcher = workspace, traffic, watcher
        self.store = LabelStore(workspace.tables, workspace.catalog)

    def keep(self, model: str, labels: Sequence[Label], *, by: By) -> int:
        known = self.workspace.spec(model).data.labels
        for place, one in enumerate(labels):
            if one.label not in known:
                raise InvalidRequest(
                    f"Label {place} is {shown(one.label)}, which '{model}' does not have.",
                    help=suggest(one.label, known),
                )
        self.store.add(model, labels, by=by)
        for one in labels:
            self.watcher.labelled(model, one.prediction_id, one.label)
        lane = self.traffic.lanes.get(model)
        if lane is None:
            return 0
        return sum(lane.ledger.labelled(one.prediction_id, one.label, step=lane.route.step) for one in labels)
