"""KPIs in the native dialect: events of subjects come in, what they come to goes out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Protocol

from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api.abilities import Ability, needs
from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader, read_body
from dragoman.api.intake import Intake
from dragoman.api.messages import Message
from dragoman.api.operation import Operation
from dragoman.api.query import read_query
from dragoman.api.release_messages import NoQuery
from dragoman.api.releases import by_of
from dragoman.errors import MissingExtra
from dragoman.feedback.kpi.given import GivenEvent
from dragoman.records import AddedEvents, By, KpiReport

__all__ = ["EVENT_OPERATIONS", "EventsApi", "KpiDesk", "KpiEventsAnswer", "KpiEventsRequest", "KpisQuery"]

MOST = 10_000
MOST_DAYS = 366
Text = Annotated[str, Meta(min_length=1, max_length=1_000)]


class ToldEvent(Message, frozen=True, kw_only=True):
    """Something that a subject did after an answer."""

    subject: Annotated[Text, Meta(description="Who: the same as in the requests. A pseudonym of it is kept.")]
    name: Annotated[Text, Meta(description="One of the model's KPIs.")]
    value: Annotated[float, Meta(ge=0, description="What it adds to a sum. Default: 1.")] | None = None
    time: Annotated[datetime, Meta(tz=True, description="When it happened (RFC 3339). Default: now.")] | None = None
    id: Annotated[str, Meta(max_length=1_000, description="Events with the same id are one.")] = ""


class KpiEventsRequest(Message, frozen=True, kw_only=True):
    """Events of subjects of one model."""

    events: Annotated[list[ToldEvent], Meta(min_length=1, max_length=MOST)]


class KpiEventsAnswer(Message, frozen=True, kw_only=True):
    """What became of the events."""

    kept: Annotated[int, Meta(description="Events that are kept. What is told again counts once.")]


class KpisQuery(Message, frozen=True, kw_only=True):
    """Which subjects to look at."""

    days: Annotated[float, Meta(gt=0, le=MOST_DAYS, description="Those who asked in so many days, until now.")] = 30.0


class KpiDesk(Protocol):
    """Where events are kept. Called on threads of their own."""

    def keep(self, model: str, events: Sequence[GivenEvent], *, by: By) -> AddedEvents:
        """Keep events. Raises `NotFound` for an unknown model and `InvalidRequest` for an event that is wrong."""
        ...

    def values(self, model: str, *, days: float) -> KpiReport:
        """What subjects did. Raises `NotFound` for an unknown model, `InvalidInput` for one that counts nothing."""
        ...


READER = BodyReader(KpiEventsRequest, example='{"events": [{"subject": "user-42", "name": "resolved"}]}')


class EventsApi:
    """The endpoints. Without a desk they refuse with `MissingExtra`."""

    def __init__(self, intake: Intake, desk: KpiDesk | None = None) -> None:
        self.intake, self._desk = intake, desk

    @property
    def desk(self) -> KpiDesk:
        if self._desk is None:
            raise MissingExtra("This server keeps no events.", help="start it over a workspace.")
        return self._desk

    def routes(self) -> list[Route]:
        return [
            Route("/v1/models/{name}/events", self.add, methods=["POST"]),
            Route("/v1/models/{name}/kpis", self.show, methods=["GET"]),
        ]

    @needs(Ability.LABEL)
    async def add(self, request: Request) -> Response:
        read_query(request, NoQuery)
        asked = READER.read(await read_body(request, max_bytes=self.intake.max_body_bytes))
        events = [GivenEvent(one.subject, one.name, one.value, one.time, one.id) for one in asked.events]
        name, by = request.path_params["name"], by_of(request, "")
        added = await asyncio.to_thread(self.desk.keep, name, events, by=by)
        return json_answer(KpiEventsAnswer(kept=added.kept))

    @needs(Ability.LOOK)
    async def show(self, request: Request) -> Response:
        asked, name = read_query(request, KpisQuery), request.path_params["name"]
        return json_answer(await asyncio.to_thread(self.desk.values, name, days=asked.days))


EVENT_OPERATIONS = (
    Operation(
        "/v1/models/{name}/events",
        "post",
        "addEvents",
        "Tell what subjects did after an answer",
        (KpiEventsAnswer,),
        (KpiEventsRequest,),
        (400, 404, 413, 415, 501, 507),
    ),
    Operation(
        "/v1/models/{name}/kpis",
        "get",
        "showKpis",
        "What subjects did after the answers of each version",
        (KpiReport,),
        (),
        (400, 404, 501),
        KpisQuery,
    ),
)
