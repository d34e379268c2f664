"""Verdicts for progressive delivery outside: what Argo Rollouts, Flagger and Kayenta ask about a model's release.

Judges only answer. They read what was found so far, and change nothing.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api import argo, flagger, kayenta
from dragoman.api.abilities import Ability, needs
from dragoman.api.answers import json_answer
from dragoman.api.body import read_body
from dragoman.api.judge_question import JudgeQuestion
from dragoman.api.principal import asking
from dragoman.api.query import read_query
from dragoman.api.release_desk import DeskApi
from dragoman.api.release_messages import NoQuery

__all__ = ["JudgesApi"]


class JudgesApi(DeskApi):
    """The endpoints."""

    def routes(self) -> list[Route]:
        return [
            Route("/v1/judges/argo/{name}", self.ask_argo, methods=["GET"]),
            Route("/v1/judges/argo/{name}", self.post_argo, methods=["POST"]),
            Route("/v1/judges/flagger/{name}", self.post_flagger, methods=["POST"]),
            Route("/v1/judges/kayenta/judge", self.post_kayenta, methods=["POST"]),
        ]

    @needs(Ability.LOOK)
    async def ask_argo(self, request: Request) -> Response:
        return await self._argo(request, read_query(request, JudgeQuestion))

    @needs(Ability.LOOK)
    async def post_argo(self, request: Request) -> Response:
        return await self._argo(request, argo.QUESTION.read(await self._body(request) or b"{}"))

    async def _argo(self, request: Request, question: JudgeQuestion) -> Response:
        return json_answer(await asyncio.to_thread(argo.answer, self.desk, request.path_params["name"], question))

    @needs(Ability.LOOK)
    async def post_flagger(self, request: Request) -> Response:
        hook = flagger.HOOK.read(await self._body(request))
        return json_answer(await asyncio.to_thread(flagger.answer, self.desk, request.path_params["name"], hook))

    @needs(Ability.LOOK, keeps_scope=True)
    async def post_kayenta(self, request: Request) -> Response:
        asked = kayenta.REQUEST.read(await self._body(request))
        if model := asked.canary_config.judge.judge_configurations.model:
            asking().check_model(model)
        return json_answer(await asyncio.to_thread(kayenta.answer, self.desk, asked))

    async def _body(self, request: Request) -> bytes:
        read_query(request, NoQuery)
        return await read_body(request, max_bytes=self.intake.max_body_bytes)
