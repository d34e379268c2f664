"""What every dialect shares: the way from a request to a model and back."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from dragoman.api.abilities import Ability, Need, need_of, needs
from dragoman.api.body import read_body
from dragoman.api.disconnect import while_connected
from dragoman.api.lifecycle import Lifecycle
from dragoman.api.principal import asking
from dragoman.api.rounds import Rounds
from dragoman.api.scope import ModelsInScope
from dragoman.api.statistics import Statistics
from dragoman.errors import DeadlineExceeded, NotFound, WrongTask
from dragoman.registry.uri import is_champion
from dragoman.release.traffic import Ask, Traffic
from dragoman.serving.context import set_for
from dragoman.serving.model import Answer, Model
from dragoman.serving.options import Options, Priority
from dragoman.serving.parameters import read_parameters
from dragoman.serving.table import ModelTable
from dragoman.serving.tasks.base import CommonParameters

__all__ = ["Endpoint", "Intake", "caller_of", "options_of", "parameters_of"]

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, bytes], Coroutine[Any, Any, Response]]

CALLER_CHARACTERS = 16  # of the digest of a caller's key
SUBJECT_HEADER = "x-dragoman-subject"  # for dialects whose bodies have no place for it

IS_PINNED: ContextVar[bool] = ContextVar("is_pinned", default=False)  # the request names a version


class Intake:
    """The models, the server's phase, the bounds and the counters, and how a dialect uses them."""

    def __init__(
        self,
        models: ModelTable,
        lifecycle: Lifecycle,
        *,
        max_body_bytes: int,
        statistics: Statistics | None = None,
        traffic: Traffic | None = None,
    ) -> None:
        self.models, self.lifecycle, self.max_body_bytes = ModelsInScope(models), lifecycle, max_body_bytes
        self.traffic = traffic or Traffic(models)
        self.statistics = statistics or Statistics()
        self.rounds = Rounds()

    def endpoint(self, handler: Handler) -> Endpoint:
        """An endpoint that predicts: it counts as in flight, its body is bounded, and it ends when the client goes.

        While the event loop is behind, it refuses with `Overloaded`. Unless the handler is marked with another need, it
        needs the ability to predict.
        """

        async def in_time(request: Request, body: bytes) -> Response:
            self.rounds.check()
            return await handler(request, body)

        async def answer(request: Request) -> Response:
            with self.lifecycle.prediction():
                self.rounds.admit()
                body = await read_body(request, max_bytes=self.max_body_bytes)
                return await while_connected(request, in_time(request, body))

        need = need_of(handler) or Need(Ability.PREDICT, keeps_scope=True)  # `self.models` keeps it
        return needs(need.ability, keeps_scope=need.keeps_scope)(answer)

    @contextmanager
    def model(self, reference: str | None, *tasks: str) -> Iterator[Model]:
        """A model for one request, by its reference; without one, the first that does one of `tasks`.

        Without tasks, any will do. Raises `NotFound` or `WrongTask`.
        """
        reference = reference or self.default(tasks)
        with self.models.lease(reference) as model, set_for(IS_PINNED, not is_champion(reference)):
            if tasks and model.task.name not in tasks:
                raise WrongTask(
                    f"Model '{model.name}' does {model.task.name}, not {' or '.join(tasks)}.",
                    help="name another model; GET /v1/models lists them.",
                )
            yield model

    def default(self, tasks: tuple[str, ...]) -> str:
        """The name of the first model that does one of the tasks."""
        if name := self.models.first(tasks):
            return name
        if self.models.first() is None:
            raise NotFound("There is no model here.", help="load one first.")
        raise WrongTask(f"No model here does {' or '.join(tasks)}.", help="GET /v1/models lists what there is.")

    async def ask(self, model: Model, inputs: Any, parameters: CommonParameters | None, options: Options) -> Answer:
        """The model's answer, counted. Raises `DeadlineExceeded` at the deadline, whatever the engine does."""
        with self.statistics.request(model.name, model.version) as timing:
            asked = Ask(inputs, parameters or parameters_of(model), options, IS_PINNED.get())
            timing.answer = await before(options.deadline, self.traffic.answer(model, asked))
        return timing.answer


async def before(deadline: float | None, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled at the deadline."""
    if deadline is None:
        return await work
    try:
        async with asyncio.timeout(max(deadline - time.monotonic(), 0.0)) as limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
        raise DeadlineExceeded("The answer was not there in time.", help="allow more time, or send less.") from None


def parameters_of(model: Model, **given: Any) -> CommonParameters:
    """The parameters of the model's task from what a dialect gives; None means not given."""
    return read_parameters({name: value for name, value in given.items() if value is not None}, model.task.Parameters)


def options_of(
    request: Request, *, priority: Priority = "online", seconds: float | None = None, subject: str | None = None
) -> Options:
    """How urgent a request is, whose, and about whom: the subject may also stand in a header."""
    deadline = None if seconds is None else time.monotonic() + seconds
    subject = subject or request.headers.get(SUBJECT_HEADER, "")
    return Options(priority=priority, deadline=deadline, caller=caller_of(request), subject=subject)


def caller_of(request: Request) -> str:
    """Who asks, for fair shares: the key's id, or the digest of what is in `Authorization`, else the address."""
    if id := asking().id:
        return id
    if key := request.headers.get("authorization"):
        return hashlib.sha256(key.encode()).hexdigest()[:CALLER_CHARACTERS]
    return request.client.host if request.client else ""
