"""The HTTP application: every dialect over one table of models."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from starlette.routing import BaseRoute

from dragoman.api.access import Access, OpenAccess
from dragoman.api.cohere_embed import CohereEmbedApi
from dragoman.api.entrance import Application
from dragoman.api.events import EventsApi, KpiDesk
from dragoman.api.guard import guarded
from dragoman.api.huggingface import HuggingfaceApi
from dragoman.api.intake import Intake
from dragoman.api.judges import JudgesApi
from dragoman.api.kserve import KserveApi
from dragoman.api.labels import LabelsApi, LabelsDesk
from dragoman.api.lifecycle import Lifecycle, Phase
from dragoman.api.monitor import MonitorApi
from dragoman.api.monitor_desk import MonitorDesk
from dragoman.api.native import NativeApi
from dragoman.api.oip import OipApi
from dragoman.api.oip_service import OipService
from dragoman.api.openai import OpenaiApi
from dragoman.api.readiness import Readiness
from dragoman.api.release_desk import ReleaseDesk
from dragoman.api.releases import ReleasesApi
from dragoman.api.repository import Repository
from dragoman.api.rerank import RerankApi
from dragoman.api.review import ReviewApi
from dragoman.api.review_desk import ReviewDesk
from dragoman.api.statistics import Statistics
from dragoman.api.tei import TeiApi
from dragoman.release.traffic import Traffic
from dragoman.serving.table import ModelTable
from dragoman.serving.tracing import Tracer

__all__ = ["MAX_BODY_BYTES", "create_app"]

MAX_BODY_BYTES = 16 * 1024 * 1024


class Services(NamedTuple):
    """What a server may have beside its models; endpoints of what it lacks refuse."""

    metrics: Callable[[], bytes] | None
    repository: Repository | None
    desk: ReleaseDesk | None
    labels: LabelsDesk | None
    monitor: MonitorDesk | None
    review: ReviewDesk | None
    kpis: KpiDesk | None


def create_app(
    models: ModelTable,
    *,
    max_body_bytes: int = MAX_BODY_BYTES,
    lifecycle: Lifecycle | None = None,
    metrics: Callable[[], bytes] | None = None,
    repository: Repository | None = None,
    statistics: Statistics | None = None,
    access: Access | None = None,
    traffic: Traffic | None = None,
    desk: ReleaseDesk | None = None,
    labels: LabelsDesk | None = None,
    monitor: MonitorDesk | None = None,
    review: ReviewDesk | None = None,
    kpis: KpiDesk | None = None,
    tracer: Tracer | None = None,
) -> Application:
    """The HTTP application over a table of models.

    `lifecycle` (default: ready at once) is also that of `run_server`, which drains it. `metrics` gives what `/metrics`
    answers, in the Prometheus exposition format. `repository` loads and unloads models on request.
    `statistics` and `traffic`, the way of requests while releases run, may be shared with a gRPC server. `access` says
    whom the server lets in; None: everybody.
    `desk` shows releases and changes them; `labels` keeps the truth of predictions; `monitor` shows models at work;
    `review` hands review tasks out and takes the answers; `kpis` keeps what subjects did after an answer.
    `tracer` shows the way of requests that predict, and may be shared with a gRPC server too.
    """
    lifecycle = lifecycle or Lifecycle(Phase.READY)
    intake = Intake(models, lifecycle, max_body_bytes=max_body_bytes, statistics=statistics, traffic=traffic)
    readiness = Readiness(models, lifecycle)
    services = Services(metrics, repository, desk, labels, monitor, review, kpis)
    routes = guarded(all_routes(intake, readiness, services), access or OpenAccess())
    return Application(routes, lifecycle, tracer=tracer)


def all_routes(intake: Intake, readiness: Readiness, services: Services) -> list[BaseRoute]:
    """Of each dialect in turn; no two share a path and a method."""
    rerank = RerankApi(intake)
    tei = TeiApi(intake, readiness, rerank)
    return [
        *NativeApi(intake, readiness, metrics=services.metrics).routes(),
        *ReleasesApi(intake, services.desk).routes(),
        *LabelsApi(intake, services.labels).routes(),
        *EventsApi(intake, services.kpis).routes(),
        *ReviewApi(intake, services.review).routes(),
        *MonitorApi(intake, services.monitor).routes(),
        *JudgesApi(intake, services.desk).routes(),
        *OpenaiApi(intake).routes(),
        *rerank.routes(),
        *CohereEmbedApi(intake).routes(),
        *tei.routes(),
        *HuggingfaceApi(intake, tei, rerank).routes(),
        *OipApi(intake, OipService(intake, services.repository), readiness).routes(),
        *KserveApi(intake).routes(),
    ]
