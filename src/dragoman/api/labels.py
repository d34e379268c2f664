"""Labels in the native dialect: the truth of predictions, told afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Protocol

from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman import clock
from dragoman.api.abilities import Ability, needs
from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader, read_body
from dragoman.api.intake import Intake
from dragoman.api.messages import Message
from dragoman.api.query import read_query
from dragoman.api.release_messages import NoQuery
from dragoman.api.releases import by_of
from dragoman.errors import MissingExtra
from dragoman.records import By, Label

__all__ = ["LabelsAnswer", "LabelsApi", "LabelsDesk", "LabelsRequest"]

MOST = 10_000
Text = Annotated[str, Meta(min_length=1, max_length=1_000)]


class GivenLabel(Message, frozen=True, kw_only=True):
    """The truth of one prediction."""

    prediction_id: Annotated[Text, Meta(description="The id that the answer had.")]
    label: Annotated[
        Text | int | float, Meta(description="One of the model's labels; of a model of numbers, the true number.")
    ]
    source: Annotated[str, Meta(max_length=1_000, description="Where it comes from, such as a form or a team.")] = ""
    time: Annotated[datetime, Meta(tz=True, description="When it was told (RFC 3339). Default: now.")] | None = None


class LabelsRequest(Message, frozen=True, kw_only=True):
    """Labels of predictions of one model."""

    labels: Annotated[list[GivenLabel], Meta(min_length=1, max_length=MOST)]


class LabelsAnswer(Message, frozen=True, kw_only=True):
    """What became of the labels."""

    kept: Annotated[int, Meta(description="Labels that are kept; all of them.")]
    compared: Annotated[
        int, Meta(description="Those whose input both versions of a running release have answered here.")
    ]


class LabelsDesk(Protocol):
    """Where labels are kept."""

    def keep(self, model: str, labels: Sequence[Label], *, by: By) -> int:
        """Keep labels; returns how many are about inputs that both versions of a running release have answered here.

        Called on a thread of its own.

        Raises `NotFound` for an unknown model and `InvalidRequest` for a label that it does not have. Of a model of
        numbers a label is a number, as text.
        """
        ...


READER = BodyReader(LabelsRequest, example='{"labels": [{"prediction_id": "01J…", "label": "refund"}]}')


class LabelsApi:
    """The endpoint. Without a desk it refuses with `MissingExtra`."""

    def __init__(self, intake: Intake, desk: LabelsDesk | None = None) -> None:
        self.intake, self.desk = intake, desk

    def routes(self) -> list[Route]:
        return [Route("/v1/models/{name}/labels", self.add, methods=["POST"])]

    @needs(Ability.LABEL)
    async def add(self, request: Request) -> Response:
        read_query(request, NoQuery)
        asked = READER.read(await read_body(request, max_bytes=self.intake.max_body_bytes))
        if self.desk is None:
            raise MissingExtra("This server keeps no labels.", help="start it over a workspace.")
        by, name = by_of(request, ""), request.path_params["name"]
        labels = [label_of(name, one, by) for one in asked.labels]
        compared = await asyncio.to_thread(self.desk.keep, name, labels, by=by)
        return json_answer(LabelsAnswer(kept=len(labels), compared=compared))


def label_of(model: str, given: GivenLabel, by: By) -> Label:
    now = clock.utc()
    told = (given.time or now).astimezone(UTC)
    return Label(
        prediction_id=given.prediction_id,
        model=model,
        label=given.label if isinstance(given.label, str) else repr(given.label),
        source=given.source,
        time=told.isoformat(timespec="milliseconds"),
        received=now.isoformat(timespec="milliseconds"),
        labeler=by.actor,
    )
