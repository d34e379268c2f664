"""Review in the native dialect: tasks are taken, answered, left to others, and taken back."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api.abilities import Ability, needs
from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader, read_body
from dragoman.api.intake import Intake
from dragoman.api.principal import asking
from dragoman.api.query import read_query
from dragoman.api.release_messages import NoQuery
from dragoman.api.releases import by_of
from dragoman.api.review_desk import ReviewDesk
from dragoman.api.review_messages import (
    AgreementAnswer,
    LabelRequest,
    ReviewerRequest,
    ReviewTaskAnswer,
    SkipRequest,
    TaskQuery,
    backlog_answer,
    task_answer,
)
from dragoman.clock import utc
from dragoman.errors import Forbidden, InvalidRequest, MissingExtra
from dragoman.feedback.review.moments import written
from dragoman.records import ReviewTask
from dragoman.serving.suggestion import shown

__all__ = ["ReviewApi"]

T = TypeVar("T", bound=msgspec.Struct)

NEXT = BodyReader(ReviewerRequest, example='{"reviewer": "ana"}')
LABEL = BodyReader(LabelRequest, example='{"reviewer": "ana", "label": "refund"}')
SKIP = BodyReader(SkipRequest, example='{"reviewer": "ana", "note": "two questions in one"}')
NO_STORE = {"Cache-Control": "no-store"}


class ReviewApi:
    """The endpoints. Without a desk they refuse with `MissingExtra`."""

    def __init__(self, intake: Intake, desk: ReviewDesk | None = None) -> None:
        self.intake, self._desk = intake, desk

    @property
    def desk(self) -> ReviewDesk:
        if self._desk is None:
            raise MissingExtra("This server has no review.", help="start it over a workspace.")
        return self._desk

    def routes(self) -> list[Route]:
        return [
            Route("/v1/models/{name}/review", self.show_backlog, methods=["GET"]),
            Route("/v1/models/{name}/review/agreement", self.show_agreement, methods=["GET"]),
            Route("/v1/models/{name}/review/next", self.next, methods=["POST"]),
            Route("/v1/review/{task}", self.show, methods=["GET"]),
            Route("/v1/review/{task}/label", self.label, methods=["POST"]),
            Route("/v1/review/{task}/skip", self.skip, methods=["POST"]),
            Route("/v1/review/{task}/undo", self.undo, methods=["POST"]),
        ]

    @needs(Ability.SEE)
    async def show_backlog(self, request: Request) -> Response:
        check_reader()
        read_query(request, NoQuery)
        found = await asyncio.to_thread(self.desk.backlog, request.path_params["name"])
        return json_answer(backlog_answer(found), headers=NO_STORE)

    @needs(Ability.SEE)
    async def show_agreement(self, request: Request) -> Response:
        check_reader()
        read_query(request, NoQuery)
        name = request.path_params["name"]
        found = await asyncio.to_thread(self.desk.agreement, name)
        return json_answer(AgreementAnswer(model=name, languages=list(found)), headers=NO_STORE)

    @needs(Ability.LABEL)
    async def next(self, request: Request) -> Response:
        asked = await self._read(request, NEXT)
        model, name = request.path_params["name"], required(reviewer_of(asked.reviewer))
        found = await asyncio.to_thread(self.desk.next, model, name)
        return Response(status_code=204, headers=NO_STORE) if found is None else await self._answer(found)

    @needs(Ability.LABEL, keeps_scope=True)
    async def show(self, request: Request) -> Response:
        asked = read_query(request, TaskQuery)
        return await self._answer(await self._task(request), shows=asked.prediction)

    @needs(Ability.LABEL, keeps_scope=True)
    async def label(self, request: Request) -> Response:
        asked = await self._read(request, LABEL)
        name, by = required(reviewer_of(asked.reviewer)), by_of(request, asked.note)
        task = await self._task(request)
        said = await asyncio.to_thread(self.desk.label, task.id, asked.label, name, note=asked.note, by=by)
        return await self._answer(said)

    @needs(Ability.LABEL, keeps_scope=True)
    async def skip(self, request: Request) -> Response:
        asked = await self._read(request, SKIP)
        name, by = required(reviewer_of(asked.reviewer)), by_of(request, asked.note)
        task = await self._task(request)
        return await self._answer(await asyncio.to_thread(self.desk.skip, task.id, name, note=asked.note, by=by))

    @needs(Ability.LABEL, keeps_scope=True)
    async def undo(self, request: Request) -> Response:
        """On an open server that is not told whose, the last decision, whoever made it."""
        asked = await self._read(request, NEXT)
        name, by = reviewer_of(asked.reviewer), by_of(request, "taken back")
        task = await self._task(request)
        return await self._answer(await asyncio.to_thread(self.desk.undo, task.id, name=name, by=by))

    async def _task(self, request: Request) -> ReviewTask:
        """The task that the path names. Raises `NotFound`, and `Forbidden` for a key of other models."""
        found = await asyncio.to_thread(self.desk.task, request.path_params["task"])
        asking().check_model(found.model)
        return found

    async def _answer(self, task: ReviewTask, *, shows: bool = False) -> Response:
        return json_answer(await asyncio.to_thread(self._shown, task, shows=shows), headers=NO_STORE)

    def _shown(self, task: ReviewTask, *, shows: bool) -> ReviewTaskAnswer:
        labels, decisions = self.desk.choices(task.model), self.desk.decisions(task.id)
        return task_answer(task, decisions, labels, now=written(utc()), shows=shows)

    async def _read(self, request: Request, reader: BodyReader[T]) -> T:
        """An empty body says nothing: the key has the name."""
        read_query(request, NoQuery)
        return reader.read(await read_body(request, max_bytes=self.intake.max_body_bytes) or b"{}")


def check_reader() -> None:
    """Raises `Forbidden` for a caller who neither labels nor looks after models."""
    if Ability.LOOK not in asking().abilities:
        asking().check(Ability.LABEL)


def reviewer_of(asked: str | None) -> str:
    """Who answers: the holder of the key, by its name; an admin's key may answer for anybody.

    On an open server whoever is named, and empty where nobody is. Raises `Forbidden`.
    """
    caller = asking()
    if not caller.id:
        return asked or ""
    if asked is None or asked == caller.name:
        return caller.name
    if Ability.ADMINISTER not in caller.abilities:
        raise Forbidden(
            f"The key is that of {shown(caller.name)} and may not answer for {shown(asked)}.",
            help="leave 'reviewer' out, or use a key of theirs.",
        )
    return asked


def required(reviewer: str) -> str:
    if not reviewer:
        raise InvalidRequest("The body has no 'reviewer'.", help="say who answers, as in reviewers.toml.")
    return reviewer
