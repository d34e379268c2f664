"""Models at work in the native dialect: traffic, drift, objectives, alerts, and the silences of a person."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman import clock
from dragoman.api.abilities import Ability, needs
from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader, read_body
from dragoman.api.intake import Intake
from dragoman.api.monitor_desk import MonitorDesk
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
    silence_of,
    utc_text,
)
from dragoman.api.principal import asking
from dragoman.api.query import read_query
from dragoman.api.release_messages import NoQuery, WhyRequest
from dragoman.api.releases import by_of, check_scope
from dragoman.errors import InvalidRequest, MissingExtra, NotFound
from dragoman.records import Silence
from dragoman.serving.suggestion import shown

__all__ = ["MonitorApi"]

SILENCE = BodyReader(SilenceRequest, example='{"model": "support", "hours": 2, "reason": "moving the database"}')
WHY = BodyReader(WhyRequest, example='{"reason": "the move is done"}')


class MonitorApi:
    """The endpoints. Without a desk they refuse with `MissingExtra`."""

    def __init__(self, intake: Intake, desk: MonitorDesk | None = None) -> None:
        self.intake, self._desk = intake, desk

    @property
    def desk(self) -> MonitorDesk:
        if self._desk is None:
            raise MissingExtra("This server watches no models.", help="start it over a workspace.")
        return self._desk

    def routes(self) -> list[Route]:
        return [
            Route("/v1/monitor", self.show_all, methods=["GET"]),
            Route("/v1/models/{name}/monitor", self.show_model, methods=["GET"]),
            Route("/v1/models/{name}/drift", self.list_drift, methods=["GET"]),
            Route("/v1/models/{name}/drift/split", self.split, methods=["GET"]),
            Route("/v1/slo", self.list_slos, methods=["GET"]),
            Route("/v1/alerts", self.list_alerts, methods=["GET"]),
            Route("/v1/alerts/{id}", self.show_alert, methods=["GET"]),
            Route("/v1/silences", self.list_silences, methods=["GET"]),
            Route("/v1/silences", self.silence, methods=["POST"]),
            Route("/v1/silences/{id}/end", self.end_silence, methods=["POST"]),
        ]

    @needs(Ability.LOOK, keeps_scope=True)
    async def show_all(self, request: Request) -> Response:
        asked = read_query(request, MonitorQuery)
        check_scope(asked.model)
        if asked.version is not None and asked.model is None:
            raise InvalidRequest("A version needs its model.", help="add model=NAME.")
        view = await asyncio.to_thread(self.desk.overview, **msgspec.structs.asdict(asked))
        mine = [one for one in view.models if asking().sees(one.model)]
        of_all = view.alerts if asking().models is None else []
        return json_answer(msgspec.structs.replace(view, models=mine, alerts=of_all))

    @needs(Ability.LOOK, keeps_scope=True)
    async def show_model(self, request: Request) -> Response:
        asked, name = read_query(request, ModelMonitorQuery), request.path_params["name"]
        return json_answer(await asyncio.to_thread(self.desk.overview, model=name, **msgspec.structs.asdict(asked)))

    @needs(Ability.LOOK, keeps_scope=True)
    async def list_drift(self, request: Request) -> Response:
        asked, name = read_query(request, DriftQuery), request.path_params["name"]
        found = await asyncio.to_thread(self.desk.drift, name, **msgspec.structs.asdict(asked))
        return json_answer(DriftAnswer(model=name, signals=list(found)))

    @needs(Ability.LOOK, keeps_scope=True)
    async def split(self, request: Request) -> Response:
        asked, name = read_query(request, SplitQuery), request.path_params["name"]
        return json_answer(await asyncio.to_thread(self.desk.split, name, **msgspec.structs.asdict(asked)))

    @needs(Ability.LOOK, keeps_scope=True)
    async def list_slos(self, request: Request) -> Response:
        asked = read_query(request, SloQuery)
        check_scope(asked.model)
        found = await asyncio.to_thread(self.desk.slo, model=asked.model, language=asked.language)
        return json_answer(SlosAnswer(slos=[one for one in found if asking().sees(one.model)]))

    # Alerts

    @needs(Ability.LOOK, keeps_scope=True)
    async def list_alerts(self, request: Request) -> Response:
        asked = read_query(request, AlertsQuery)
        check_scope(asked.model)
        since = utc_text(asked.since) if asked.since else ""
        limit = asked.limit if asking().models is None else None  # others' alerts must not use it up
        found = await asyncio.to_thread(
            self.desk.alerts, model=asked.model, firing=asked.firing, since=since, limit=limit
        )
        mine = [one for one in found if asking().sees(one.model)]
        return json_answer(AlertsAnswer(alerts=mine[: asked.limit]))

    @needs(Ability.LOOK, keeps_scope=True)
    async def show_alert(self, request: Request) -> Response:
        read_query(request, NoQuery)
        found = await asyncio.to_thread(self.desk.alert, request.path_params["id"])
        asking().check_model(found.model)
        return json_answer(found)

    # Silences

    @needs(Ability.LOOK, keeps_scope=True)
    async def list_silences(self, request: Request) -> Response:
        """Silences of all models are shown to everybody: they fit the caller's models too."""
        asked = read_query(request, SilencesQuery)
        check_scope(asked.model)
        found = await asyncio.to_thread(self.desk.silences, model=asked.model, active=asked.active)
        mine = [one for one in found if not one.model or asking().sees(one.model)]
        return json_answer(SilencesAnswer(silences=mine[-asked.limit :]))

    @needs(Ability.OPERATE, keeps_scope=True)
    async def silence(self, request: Request) -> Response:
        asked = SILENCE.read(await self._body(request))
        check_silencer(asked.model)
        by = by_of(request, asked.reason)
        wanted = silence_of(asked, by=by, now=clock.utc())
        kept = await asyncio.to_thread(self.desk.silence, wanted, by=by)
        return json_answer(kept, status=201)

    @needs(Ability.OPERATE, keeps_scope=True)
    async def end_silence(self, request: Request) -> Response:
        by = by_of(request, WHY.read(await self._body(request) or b"{}").reason)
        found = await asyncio.to_thread(self._silence, request.path_params["id"])
        check_silencer(found.model)
        return json_answer(await asyncio.to_thread(self.desk.end_silence, found.id, by=by))

    def _silence(self, id: str) -> Silence:
        for one in self.desk.silences():
            if one.id == id:
                return one
        raise NotFound(f"There is no silence {shown(id)}.", help="GET /v1/silences lists them.")

    async def _body(self, request: Request) -> bytes:
        read_query(request, NoQuery)
        return await read_body(request, max_bytes=self.intake.max_body_bytes)


def check_silencer(model: str) -> None:
    """Raises `Forbidden` for a silence of a model that the caller's key is not for, and for one of all models."""
    if model:
        asking().check_model(model)
    else:
        asking().check_everything()
