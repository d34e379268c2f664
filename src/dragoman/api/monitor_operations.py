"""The paths of models at work, their alerts and silences, for the OpenAPI document."""

from __future__ import annotations

from dragoman.api.monitor_messages import (
    AlertsAnswer,
    AlertsQuery,
    DriftAnswer,
    DriftQuery,
    ModelMonitorQuery,
    MonitorQuery,
    SilenceRequest,
    SilencesAnswer,
    SilencesQuery,
    SloQuery,
    SlosAnswer,
    SplitQuery,
)
from dragoman.api.operation import Operation
from dragoman.api.release_messages import WhyRequest
from dragoman.records import Alert, MonitorView, Silence, SplitView

__all__ = ["MONITOR_OPERATIONS"]

LOOK_ERRORS = (400, 404, 501)  # 501: a server without a workspace
CHANGE_ERRORS = (400, 404, 409, 413, 415, 501, 507)


def looking(path: str, id: str, summary: str, answer: type, query: type | None = None) -> Operation:
    return Operation(path, "get", id, summary, (answer,), (), LOOK_ERRORS, query)


MONITOR_OPERATIONS = (
    looking("/v1/monitor", "showMonitor", "Models at work", MonitorView, MonitorQuery),
    looking("/v1/models/{name}/monitor", "showModelMonitor", "One model at work", MonitorView, ModelMonitorQuery),
    looking(
        "/v1/models/{name}/drift", "listDrift", "Watched signals, those that drifted first", DriftAnswer, DriftQuery
    ),
    looking(
        "/v1/models/{name}/drift/split",
        "splitChange",
        "The change of a metric: by the mix of languages, and within them",
        SplitView,
        SplitQuery,
    ),
    looking("/v1/slo", "listSlos", "Objectives, error budgets and burn rates", SlosAnswer, SloQuery),
    looking("/v1/alerts", "listAlerts", "Alerts, the newest first", AlertsAnswer, AlertsQuery),
    looking("/v1/alerts/{id}", "showAlert", "An alert with its evidence", Alert),
    looking("/v1/silences", "listSilences", "Silences, in order of their start", SilencesAnswer, SilencesQuery),
    Operation(
        "/v1/silences",
        "post",
        "addSilence",
        "Keep alerts from being told for a while",
        (Silence,),
        (SilenceRequest,),
        CHANGE_ERRORS,
        status=201,
    ),
    Operation(
        "/v1/silences/{id}/end",
        "post",
        "endSilence",
        "End a silence now",
        (Silence,),
        (WhyRequest,),
        CHANGE_ERRORS,
        needs_body=False,
    ),
)
