"""The way of a request to the version that answers it, and of its copy to the other one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from dragoman.errors import DragomanError, NotFound, Overloaded, Unavailable
from dragoman.records import Prediction
from dragoman.release.columns import known_to
from dragoman.release.ledger import Ledger
from dragoman.release.outcome import FAILED, Outcome, outcomes_of
from dragoman.release.route import CHALLENGER, CHAMPION, Arm, Route
from dragoman.serving.model import Answer, Model
from dragoman.serving.options import Options
from dragoman.serving.table import ModelTable
from dragoman.serving.tasks.base import CommonParameters
from dragoman.serving.tracing import as_copy, watched

__all__ = ["Ask", "Lane", "Place", "Recorder", "Traffic"]

logger = logging.getLogger(__name__)

MIRROR_SECONDS = 10.0  # that a copy may take
MAX_MIRRORED = 64  # copies on their way at once; a server with more to do makes none


class Ask(NamedTuple):
    """A request for a model."""

    inputs: Sequence[Any]
    parameters: CommonParameters
    options: Options
    is_pinned: bool = False  # to one version: releases leave it alone


class Place(NamedTuple):
    """Where in a release an answer stands; outside of releases everything is empty."""

    release: str = ""
    arm: Arm | str = ""
    original: Sequence[Prediction] = ()  # of a copy: what the other arm answered
    assigned: Arm | str = ""  # the arm that the subject was given; another one answers where the challenger fails
    share: float = 0.0  # of the subjects that were given the challenger at that time


class Recorder(Protocol):
    """Keeps answers."""

    async def record(self, model: Model, ask: Ask, answer: Answer, place: Place, seconds: float) -> None:
        """Keep an answer. Returns when it is as durable as the model's spec asks; raises nothing."""


class Lane:
    """A running release in this process: its route, what it has counted, and what the challenger has in hand."""

    def __init__(self, route: Route, ledger: Ledger) -> None:
        self.route, self.ledger = route, ledger
        self.is_halted = False
        self._in_hand: dict[asyncio.Future[Answer], asyncio.AbstractEventLoop] = {}

    async def challenge(self, work: asyncio.Future[Answer]) -> Answer:
        """The challenger's answer. Raises `Overloaded` when the lane is halted meanwhile."""
        self._in_hand[work] = asyncio.get_running_loop()
        try:
            return await work
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self.is_halted and task is not None and not task.cancelling():
                raise Overloaded("The release was rolled back.", help="the champion answers.") from None
            raise
        finally:
            del self._in_hand[work]

    def served(self, arm: Arm, answer: Answer, started: float) -> None:
        """Count a request of a user."""
        seconds = time.monotonic() - started
        self.ledger.served(arm, outcomes_of(answer.predictions), seconds, step=self.route.step)

    def paired(self, ask: Ask, champion: Sequence[Outcome], challenger: Sequence[Outcome]) -> None:
        """Count what both arms made of a request."""
        inputs = ask.inputs if isinstance(ask.inputs, list | tuple) else [ask.inputs]
        self.ledger.paired(inputs, champion, challenger, step=self.route.step)

    def halt(self) -> None:
        """Let the challenger answer nobody any more, from any thread: what it has in hand goes to the champion."""
        self.is_halted = True
        for work, loop in list(self._in_hand.items()):
            loop.call_soon_threadsafe(work.cancel)


class Traffic:
    """Routes requests while releases run, makes the copies, and counts what comes out. Used on event loops.

    A user sees no failure of a challenger: where it fails, the champion answers. Copies run after the answer, with bulk
    priority, and never more than `MAX_MIRRORED` at once.
    """

    def __init__(self, models: ModelTable, recorder: Recorder | None = None) -> None:
        self.models, self.recorder = models, recorder
        self.lanes: Mapping[str, Lane] = {}  # by model; replaced as a whole
        self.dropped = 0  # copies that were not made
        self._copies: set[asyncio.Task[None]] = set()

    async def answer(self, model: Model, ask: Ask) -> Answer:
        """The answer of the version that the request's subject is given. Raises what a prediction raises."""
        lane = None if ask.is_pinned else self.lanes.get(model.name)
        if lane is None or lane.is_halted or lane.route.champion != model.version:
            return await self._predict(model, ask, Place())
        route = lane.route  # it may be another one before the answer is there
        arm = route.arm_of(subject_of(ask))
        place = Place(route.release, arm, assigned=arm, share=route.share)
        if arm == CHALLENGER:
            return await self._answer_as_challenger(lane, model, ask, place)
        return await self._answer_as_champion(lane, model, ask, place)

    async def settle(self) -> None:
        """Wait until no copy is on its way."""
        while self._copies:
            await asyncio.wait(self._copies)

    async def _answer_as_champion(self, lane: Lane, model: Model, ask: Ask, place: Place) -> Answer:
        started = time.monotonic()
        answer = await self._predict(model, ask, place)
        lane.served(CHAMPION, answer, started)
        self._mirror(lane, model, ask, answer, CHALLENGER)
        return answer

    async def _answer_as_challenger(self, lane: Lane, model: Model, ask: Ask, place: Place) -> Answer:
        started = time.monotonic()
        try:
            with self.models.lease(f"{model.name}/{lane.route.challenger}") as challenger:
                adapted = ask._replace(inputs=known_to(model, challenger, ask.inputs))
                work = self._predict(challenger, adapted, place)
                answer = await lane.challenge(asyncio.ensure_future(work))
        except Exception as error:
            if is_callers(error):
                raise
            answer = await self._predict(model, ask, place._replace(arm=CHAMPION))
            if is_fault(error):
                about = {"model": model.name, "version": lane.route.challenger}
                logger.warning("Version %(version)s of '%(model)s' failed.", about, exc_info=error, extra=about)
                lane.paired(ask, outcomes_of(answer.predictions), [FAILED] * len(answer.predictions))
            return answer
        lane.served(CHALLENGER, answer, started)
        self._mirror(lane, model, ask, answer, CHAMPION)
        return answer

    async def _predict(self, model: Model, ask: Ask, place: Place) -> Answer:
        started = time.monotonic()
        with watched(model.name, model.version, model.task.name, place.release, place.arm) as attempt:
            answer = await model.predict_request(ask.inputs, ask.parameters, ask.options)
            attempt.answered(answer.predictions)
            if self.recorder is not None:
                await self.recorder.record(model, ask, answer, place, time.monotonic() - started)
                attempt.logged()
        return answer

    # Copies

    def _mirror(self, lane: Lane, champion: Model, ask: Ask, answer: Answer, arm: Arm) -> None:
        """Let the other arm answer too, after the user has the answer. Requests are made for the champion."""
        if lane.is_halted or not lane.route.is_mirrored(answer.predictions[0].id):
            return
        if len(self._copies) >= MAX_MIRRORED:
            self.dropped += 1
            return
        copy = asyncio.ensure_future(self._answer_copy(lane, champion, ask, answer, arm))
        self._copies.add(copy)
        copy.add_done_callback(self._copies.discard)

    async def _answer_copy(self, lane: Lane, meant: Model, ask: Ask, answer: Answer, arm: Arm) -> None:
        bulk = ask.options._replace(priority="bulk", deadline=time.monotonic() + MIRROR_SECONDS, is_copy=True)
        place = Place(lane.route.release, arm, answer.predictions)
        try:
            with as_copy(), self.models.lease(f"{lane.route.model}/{lane.route.version_of(arm)}") as model:
                copied = ask._replace(options=bulk, inputs=known_to(meant, model, ask.inputs))
                made = outcomes_of((await self._predict(model, copied, place)).predictions)
        except Exception as error:
            if not is_fault(error):
                self.dropped += 1
                return
            made = [FAILED] * len(answer.predictions)
        given = outcomes_of(answer.predictions)
        champion, challenger = (given, made) if arm == CHALLENGER else (made, given)
        lane.paired(ask, champion, challenger)


def subject_of(ask: Ask) -> str:
    """Whose request it is; without a subject the same inputs count as the same subject."""
    return ask.options.subject or repr(ask.inputs)


def is_callers(error: Exception) -> bool:
    """Whether the caller made it: any version would answer so."""
    return isinstance(error, DragomanError) and error.status < 500 and not isinstance(error, Overloaded | NotFound)


def is_fault(error: Exception) -> bool:
    """Whether the version made it; a server that is busy is no fault of the version."""
    return not isinstance(error, Unavailable | NotFound) and not is_callers(error)
