"""Routes that only those reach who may. A route that does not say what it needs is refused when the server is made."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dragoman.api.abilities import Ability, Need, need_of
from dragoman.api.access import Access, Claim, admit
from dragoman.api.principal import ACTOR, acting_as
from dragoman.api.tracing import ROUTE, TRACED

__all__ = ["guarded"]

MODEL = "name"  # the parameter of a path that names a model


def guarded(routes: Iterable[BaseRoute], access: Access) -> list[BaseRoute]:
    """The routes, each behind its need. Raises `TypeError` for one without."""
    return [guard(route, access) for route in routes]


def guard(route: BaseRoute, access: Access) -> BaseRoute:
    need = need_of(route.endpoint) if isinstance(route, Route) else None
    if need is None or not isinstance(route, Route):
        raise TypeError(f"{route!r} does not say what it needs: mark its endpoint with `needs`.")
    route.app = Guarded(route.app, need, access, route.path)
    return route


class Guarded:
    """An endpoint behind its need. The request is refused before its body is read; one that predicts is traced."""

    def __init__(self, app: ASGIApp, need: Need, access: Access, path: str) -> None:
        self.app, self.need, self.access, self.path = app, need, access, path
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
            await self.app(scope, receive, send)
