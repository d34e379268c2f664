"""Routes that only those reach who may. A route that does not say what it needs is refused when the server is made."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from dragoman.api.abilities import Ability, Need, need_of
from dragoman.api.access import Access, Claim, admit
from dragoman.api.principal import ACTOR, acting_as
from dragoman.api.tracing import ROUTE, TRACED

__all__ = ["guarded"]

Endpoint = Callable[[Request], Awaitable[Response]]

MODEL = "name"  # the parameter of a path that names a model


def guarded(routes: Iterable[BaseRoute], access: Access) -> list[BaseRoute]:
    """The routes, each behind its need. Raises `TypeError` for one without."""
    return [guard(route, access) for route in routes]


def guard(route: BaseRoute, access: Access) -> BaseRoute:
    need = need_of(route.endpoint) if isinstance(route, Route) else None
    if need is None or not isinstance(route, Route):
        raise TypeError(f"{route!r} does not say what it needs: mark its endpoint with `needs`.")
    if not inspect.iscoroutinefunction(route.endpoint):
        raise TypeError(f"The endpoint of {route!r} is not async.")
    route.app = Guarded(route.endpoint, need, access, route.path)
    return route


class Guarded:
    """An endpoint behind its need. The request is refused before its body is read; one that predicts is traced."""

    def __init__(self, endpoint: Endpoint, need: Need, access: Access, path: str) -> None:
        self.endpoint, self.need, self.access, self.path = endpoint, need, access, path
        self.is_traced = need.ability is Ability.PREDICT

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE] = self.path
        if self.is_traced:
            scope[TRACED] = True
        model = scope["path_params"].get(MODEL, "")
        claim = Claim(Headers(scope=scope), self.need, model, scope["method"])
        principal = await admit(self.access, claim)
        if principal.id:
            scope[ACTOR] = principal.actor
        with acting_as(principal):
            answer = await self.endpoint(Request(scope, receive, send))
            await answer(scope, receive, send)
