"""The way of a request to its route, as short as it can be.

Between two requests a batch runs and leaves nothing of this code in the processor's caches, so a request costs what it
takes to read the code that it goes through: one look for the route, one place that answers errors, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from dragoman.api.errors import ErrorAnswers
from dragoman.api.lifecycle import Lifecycle
from dragoman.api.tracing import Traced
from dragoman.serving.tracing import Tracer

__all__ = ["Application"]

MOST_KNOWN = 1_024  # paths whose route is remembered: callers choose them
LONGEST_KNOWN = 256  # characters of such a path


class Found(NamedTuple):
    """A route that answers a path and a method."""

    route: Route
    endpoint: Any
    parameters: dict[str, Any]


class Application:
    """An ASGI application of routes: it answers what they raise, and begins the trace of each request.

    `lifecycle` is that of the server which it answers for.
    """

    def __init__(self, routes: Iterable[BaseRoute], lifecycle: Lifecycle, *, tracer: Tracer | None = None) -> None:
        self.routes, self.lifecycle = tuple(routes), lifecycle
        self._known: dict[tuple[str, str, str], Found] = {}
        self._entrance = Traced(ErrorAnswers(self._answer), tracer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._entrance(scope, receive, send)
        elif scope["type"] == "lifespan":
            await live(receive, send)
        else:
            await send({"type": "websocket.close"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = (scope["method"], scope["path"], scope.get("root_path", ""))
        found = self._known.get(place) or self._look_up(place, scope)
        scope["endpoint"], scope["path_params"] = found.endpoint, found.parameters.copy()
        await found.route.app(scope, receive, send)

    def _look_up(self, place: tuple[str, str, str], scope: Scope) -> Found:
        """The first route that answers. Raises `HTTPException` with 404, or 405 where other methods are answered."""
        methods: set[str] = set()
        for route in self.routes:
            match, child = route.matches(scope)
            if match is Match.FULL and isinstance(route, Route):
                found = Found(route, child["endpoint"], child["path_params"])
                self._remember(place, found)
                return found
            methods |= set(getattr(route, "methods", None) or ()) if match is Match.PARTIAL else set()
        if methods:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(sorted(methods))})
        raise HTTPException(HTTPStatus.NOT_FOUND)

    def _remember(self, place: tuple[str, str, str], found: Found) -> None:
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        if len(place[1]) <= LONGEST_KNOWN:
            self._known[place] = found


async def live(receive: Receive, send: Send) -> None:
    """Answer a server that tells of its start and its end: there is nothing to do at either."""
    for moment in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{moment}.complete"})
