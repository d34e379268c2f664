"""The HTTP application: every dialect over one table of models."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from dragoman.api.errors import EXCEPTION_HANDLERS, LastResort
from dragoman.api.huggingface import HuggingfaceApi
from dragoman.api.intake import Intake
from dragoman.api.kserve import KserveApi
from dragoman.api.lifecycle import Lifecycle, Phase
from dragoman.api.native import NativeApi
from dragoman.api.oip import OipApi
from dragoman.api.oip_service import OipService
from dragoman.api.openai import OpenaiApi
from dragoman.api.readiness import Readiness
from dragoman.api.repository import Repository
from dragoman.api.rerank import RerankApi
from dragoman.api.statistics import Statistics
from dragoman.api.tei import TeiApi
from dragoman.serving.table import ModelTable

__all__ = ["MAX_BODY_BYTES", "create_app"]

MAX_BODY_BYTES = 16 * 1024 * 1024


def create_app(
    models: ModelTable,
    *,
    max_body_bytes: int = MAX_BODY_BYTES,
    lifecycle: Lifecycle | None = None,
    metrics: Callable[[], bytes] | None = None,
    repository: Repository | None = None,
    statistics: Statistics | None = None,
) -> Starlette:
    """The HTTP application over a table of models.

    `lifecycle` (default: ready at once) is also at `app.state.lifecycle`: `run_server` drains it. `metrics` gives what
    `/metrics` answers, in the Prometheus exposition format. `repository` loads and unloads models on request.
    `statistics` may be shared with a gRPC server.
    """
    lifecycle = lifecycle or Lifecycle(Phase.READY)
    intake = Intake(models, lifecycle, max_body_bytes=max_body_bytes, statistics=statistics)
    readiness = Readiness(models, lifecycle)
    routes = all_routes(intake, readiness, metrics, repository)
    app = Starlette(routes=routes, middleware=[Middleware(LastResort)], exception_handlers=EXCEPTION_HANDLERS)
    app.router.redirect_slashes = False
    app.state.lifecycle = lifecycle
    return app


def all_routes(
    intake: Intake, readiness: Readiness, metrics: Callable[[], bytes] | None, repository: Repository | None
) -> list[BaseRoute]:
    """Of each dialect in turn; no two share a path and a method."""
    rerank = RerankApi(intake)
    tei = TeiApi(intake, readiness, rerank)
    return [
        *NativeApi(intake, readiness, metrics=metrics).routes(),
        *OpenaiApi(intake).routes(),
        *rerank.routes(),
        *tei.routes(),
        *HuggingfaceApi(intake, tei, rerank).routes(),
        *OipApi(intake, OipService(intake, repository), readiness).routes(),
        *KserveApi(intake).routes(),
    ]
