"""Releases in the native dialect: what runs, what was decided and from which evidence, and the changes of a person."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api.abilities import Ability, needs
from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader, read_body
from dragoman.api.principal import ACTOR, asking
from dragoman.api.query import read_query
from dragoman.api.release_desk import DeskApi, ReleaseDesk
from dragoman.api.release_messages import (
    EventsAnswer,
    EventsQuery,
    NoQuery,
    ReleasesAnswer,
    ReleasesQuery,
    StartRequest,
    WhyRequest,
    release_answer,
    release_entry,
)
from dragoman.errors import NotFound
from dragoman.records import By, Release
from dragoman.serving.suggestion import shown

__all__ = ["ReleasesApi", "by_of", "release_of"]

START = BodyReader(StartRequest, example='{"challenger": 8, "reason": "trained on June"}')
WHY = BodyReader(WhyRequest, example='{"reason": "complaints from Thailand"}')


class ReleasesApi(DeskApi):
    """The endpoints."""

    def routes(self) -> list[Route]:
        return [
            Route("/v1/releases", self.list_releases, methods=["GET"]),
            Route("/v1/releases/{id}", self.show_release, methods=["GET"]),
            Route("/v1/releases/{id}/approve", self.approve, methods=["POST"]),
            Route("/v1/releases/{id}/rollback", self.roll_back, methods=["POST"]),
            Route("/v1/models/{name}/release", self.show_current, methods=["GET"]),
            Route("/v1/models/{name}/release", self.start, methods=["POST"]),
            Route("/v1/events", self.list_events, methods=["GET"]),
        ]

    @needs(Ability.LOOK, keeps_scope=True)
    async def list_releases(self, request: Request) -> Response:
        asked = read_query(request, ReleasesQuery)
        check_scope(asked.model)
        found = await asyncio.to_thread(self.desk.releases, model=asked.model, active=asked.active)
        mine = [release_entry(one) for one in found if asking().sees(one.model)]
        return json_answer(ReleasesAnswer(releases=mine[: asked.limit]))

    @needs(Ability.LOOK, keeps_scope=True)
    async def show_release(self, request: Request) -> Response:
        read_query(request, NoQuery)
        return json_answer(release_answer(await self._release(request)))

    @needs(Ability.LOOK)
    async def show_current(self, request: Request) -> Response:
        read_query(request, NoQuery)
        found = await asyncio.to_thread(release_of, self.desk, request.path_params["name"])
        return json_answer(release_answer(found))

    @needs(Ability.LOOK, keeps_scope=True)
    async def list_events(self, request: Request) -> Response:
        asked = read_query(request, EventsQuery)
        check_scope(asked.model)
        found = await asyncio.to_thread(self.desk.events, since=asked.since, until=asked.until, model=asked.model)
        mine = [event for event in found if asking().sees(event.model)]
        return json_answer(EventsAnswer(events=mine[-asked.limit :]))

    # Changes

    @needs(Ability.OPERATE)
    async def start(self, request: Request) -> Response:
        asked = START.read(await self._body(request))
        by = by_of(request, asked.reason)
        begun = await asyncio.to_thread(self.desk.start, request.path_params["name"], asked.challenger, by=by)
        return json_answer(release_answer(begun), status=201, headers={"Location": f"/v1/releases/{begun.id}"})

    @needs(Ability.APPROVE, keeps_scope=True)
    async def approve(self, request: Request) -> Response:
        by = await self._why(request)
        waiting = await self._release(request)
        return json_answer(release_answer(await asyncio.to_thread(self.desk.approve, waiting.id, by=by)))

    @needs(Ability.OPERATE, keeps_scope=True)
    async def roll_back(self, request: Request) -> Response:
        by = await self._why(request)
        running = await self._release(request)
        return json_answer(release_answer(await asyncio.to_thread(self.desk.roll_back, running.id, by=by)))

    async def _release(self, request: Request) -> Release:
        """The release that the path names. Raises `NotFound`, and `Forbidden` for a key of other models."""
        found = await asyncio.to_thread(self.desk.release, request.path_params["id"])
        asking().check_model(found.model)
        return found

    async def _why(self, request: Request) -> By:
        """Who and why; in a hurry the body may be empty."""
        return by_of(request, WHY.read(await self._body(request) or b"{}").reason)

    async def _body(self, request: Request) -> bytes:
        read_query(request, NoQuery)
        return await read_body(request, max_bytes=self.intake.max_body_bytes)


def release_of(desk: ReleaseDesk, model: str, *, id: str | None = None, challenger: int | None = None) -> Release:
    """The release of a model that is asked for: the named one, else the active one, else the newest.

    With `challenger`, of those that release this version. Raises `NotFound`.
    """
    if id is not None and (named := desk.release(id)).model == model:
        return named
    fitting = [one for one in desk.releases(model=model) if id is None and challenger in (None, one.challenger)]
    if not fitting:
        which = f"release {shown(id)}" if id is not None else "release"
        of = f" of version {challenger}" if challenger is not None else ""
        raise NotFound(f"Model '{model}' has no {which}{of}.", help=f"POST /v1/models/{model}/release starts one.")
    return next((one for one in fitting if one.is_active), fitting[0])


def check_scope(model: str | None) -> None:
    """Raises `Forbidden` for a model that the caller's key is not for."""
    if model is not None:
        asking().check_model(model)


def by_of(request: Request, reason: str) -> By:
    """Who makes a change, and why: the holder of the key, else the address that it comes from."""
    host = request.client.host if request.client else "unknown"
    return By(actor=request.scope.get(ACTOR) or f"anonymous@{host}", reason=reason)
