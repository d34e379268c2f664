"""Labels of a workspace: kept, and told to the release that runs. Implements `api.labels.LabelsDesk`."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.app.workspace import Workspace
from dragoman.errors import InvalidRequest
from dragoman.feedback.checks import label_fault
from dragoman.feedback.labels import LabelStore
from dragoman.monitoring.watcher import Watcher
from dragoman.records import By, Label
from dragoman.release.traffic import Traffic

__all__ = ["Labels"]


class Labels:
    """Keeps labels. `LabelWatch` counts those of models whose answers are logged; of others this process does it."""

    def __init__(self, workspace: Workspace, traffic: Traffic, watcher: Watcher) -> None:
        self.workspace, self.traffic, self.watcher = workspace, traffic, watcher
        self.store = LabelStore(workspace.tables, workspace.catalog)

    def keep(self, model: str, labels: Sequence[Label], *, by: By) -> int:
        spec = self.workspace.spec(model)
        for place, one in enumerate(labels):
            if fault := label_fault(spec, one.label):
                raise InvalidRequest(f"Label {place} {fault.text}", help=fault.help)
        self.store.add(model, labels, by=by)
        for one in labels:
            self.watcher.labelled(model, one.prediction_id, one.label)
        lane = self.traffic.lanes.get(model)
        if lane is None:
            return 0
        if spec.log.enabled:
            return sum(lane.ledger.knows(one.prediction_id) for one in labels)
        return sum(lane.ledger.labelled(one.prediction_id, one.label, step=lane.route.step) for one in labels)
