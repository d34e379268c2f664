"""What a workspace adds to a server: every answer is recorded, models are watched, and releases run."""

from __future__ import annotations

from typing import Any

from dragoman.app.conductor import Conductor, Models
from dragoman.app.desk import Desk
from dragoman.app.kpis import Kpis
from dragoman.app.labels import Labels
from dragoman.app.monitor import LOG_FOLDER, Monitor
from dragoman.app.monitor_desk import CatalogMonitor
from dragoman.app.pseudonyms import KEY_FILE, pseudonym_key
from dragoman.app.review import Review
from dragoman.app.workspace import Workspace
from dragoman.monitoring.log_metrics import LogCollector
from dragoman.monitoring.prediction_log.log import PredictionLog
from dragoman.monitoring.recorder import AnswerRecorder
from dragoman.monitoring.release_metrics import ReleaseCollector
from dragoman.release.traffic import Traffic
from dragoman.serving.ids import new_id
from dragoman.spec import LogSpec
from dragoman.text.redaction import Redactor

__all__ = ["LOG_FOLDER", "Operations", "pseudonym_key"]


class Operations:
    """The prediction log, the monitor, the traffic of releases and their conductor.

    Close it after the server's last answer.
    """

    def __init__(self, workspace: Workspace, host: Models, *, url: str) -> None:
        self._policies = {spec.name: spec.log for spec in workspace.specs_or_none()}
        self.log = PredictionLog(workspace.state / LOG_FOLDER, workspace.tables)
        redactor = Redactor(pseudonym_key(workspace.state / KEY_FILE))
        self.traffic = Traffic(host.table, AnswerRecorder(self.log, redactor, self._policies_of))
        replica = new_id()
        self.monitor = Monitor(workspace, host, replica=replica, url=url, log=lambda: self.log.stats)
        host.be_watched(self.monitor)
        self.conductor = Conductor(
            workspace, host, self.traffic, url=url, replica=replica, symptoms=self.monitor.symptoms
        )
        host.metrics.add(ReleaseCollector(workspace.catalog.releases))
        host.metrics.add(LogCollector(lambda: self.log.stats))
        self.desk = Desk(workspace)
        self.labels = Labels(workspace, self.traffic, self.monitor.watcher)
        self.kpis = Kpis(workspace)
        self.view = CatalogMonitor(workspace)
        self.review = Review(workspace)

    @property
    def desks(self) -> dict[str, Any]:
        """What answers HTTP beside the models, as `api.application.create_app` names it."""
        return {
            "desk": self.desk,
            "labels": self.labels,
            "kpis": self.kpis,
            "monitor": self.view,
            "review": self.review,
        }

    def start(self) -> None:
        self.conductor.start()
        self.monitor.start()

    def close(self) -> None:
        """What was answered is on the disk when this returns."""
        self.conductor.close()
        self.monitor.close()
        self.log.close()

    def _policies_of(self, model: str) -> LogSpec | None:
        return self._policies.get(model)
