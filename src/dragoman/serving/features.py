"""What a model reads beside a text, or instead of one: values that the caller gives, and values that are looked up."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from dragoman.clock import seconds
from dragoman.errors import DragomanError, InvalidRequest, Overloaded, Unavailable
from dragoman.records import FeatureColumn, Key, RowInput, TextInput
from dragoman.serving.columns import check_values, problem_of
from dragoman.serving.lookup import FeatureLookup, Found, Wanted
from dragoman.serving.tracing import looked_up

__all__ = ["Features", "Served", "refuse_features"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

THREADS = 8  # that wait for the store at once: a slow store holds up nobody else
MOST_WAITING = 256  # requests


class Served(NamedTuple):
    """What a model reads of one input by column, and where it comes from."""

    features: Mapping[str, Any]  # each of the model's columns → its value; None: missing
    key: Key | None = None
    time: str = ""  # UTC, ISO 8601 with microseconds: as of when features were looked up; empty if none were


class Features:
    """The columns of a model, and the store in which it finds those of views. Safe to share between threads.

    What a caller gives comes before what the store says: who gives every feature of a view needs no key, and nothing is
    looked up. `clock` gives seconds since 1970. Close it.
    """

    def __init__(
        self,
        columns: Sequence[FeatureColumn],
        lookup: FeatureLookup | None = None,
        *,
        clock: Callable[[], float] = seconds,
    ) -> None:
        self.columns, self.lookup, self.clock = tuple(columns), lookup, clock
        self.views = tuple(dict.fromkeys(column.view for column in columns if column.view))
        self._by_name = {column.name: column for column in columns}
        self._nothing: dict[str, Any] = dict.fromkeys(self._by_name)
        self._of_views = [column for column in columns if column.view]
        self._required = [column.name for column in columns if column.required]
        self._categories = {column.name: frozenset(column.categories) for column in columns}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="dragoman-features")  # none before it has work
        self._places = threading.BoundedSemaphore(MOST_WAITING)  # requests of several event loops wait for them

    @property
    def waits(self) -> bool:
        """Whether reading an input may wait for the store."""
        return bool(self.views) and self.lookup is not None and self.lookup.waits

    def knows(self, name: str, value: Any) -> bool:
        """Whether a value is no text, or one of the texts that training has seen in the column."""
        return not isinstance(value, str) or value in self._categories[name]

    def serve(self, inputs: Sequence[TextInput | RowInput]) -> list[Served]:
        """The value of every column for each input.

        Raises `InvalidRequest` naming the input and the column for what is unknown, of the wrong type or missing, and
        `Unavailable` where the store does not answer.
        """
        for index, one in enumerate(inputs):
            check_values(f"Input {index}", one.features or {}, self._by_name)
        served = (
            self._look_up(inputs) if self.views else [Served(self._nothing | _given(one), one.key) for one in inputs]
        )
        for index, its in enumerate(served):
            for name in self._required:
                if its.features[name] is None:
                    raise InvalidRequest(f"Input {index} has no '{name}'.", help="the model needs it to answer.")
        return served

    async def aside(self, work: Callable[[], T]) -> T:
        """Do work that may wait for the store in a thread of its own. Raises `Overloaded` while too many wait."""
        if not self._places.acquire(blocking=False):
            raise Overloaded(f"{MOST_WAITING} requests wait for their features.", help="send it again later.")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, work)
        finally:
            self._places.release()

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    def _look_up(self, inputs: Sequence[TextInput | RowInput]) -> list[Served]:
        """One question to the store for all inputs that need it."""
        wanted = {index: views for index, one in enumerate(inputs) if (views := self._missing(_given(one)))}
        now = round(self.clock() * 1_000_000)
        asked = [Wanted(views, _key(index, inputs[index], views)) for index, views in wanted.items()]
        found = dict(zip(wanted, self._find(asked, now) if asked else (), strict=True))
        return [
            self._served(one, found[index], now) if index in found else Served(self._nothing | _given(one), one.key)
            for index, one in enumerate(inputs)
        ]

    def _missing(self, given: Mapping[str, Any]) -> tuple[str, ...]:
        """The views of which a caller has not given every feature."""
        return tuple(dict.fromkeys(column.view for column in self._of_views if column.name not in given))

    def _find(self, asked: Sequence[Wanted], now: int) -> Sequence[Found]:
        if self.lookup is None:
            raise Unavailable(
                f"The features of {' and '.join(self.views)} cannot be looked up: there is no online store here.",
                help="serve the model from its workspace, or give the features with the request.",
            )
        try:
            with looked_up():
                found = self.lookup.find(asked, now)
        except DragomanError:
            raise
        except Exception:
            logger.exception("Features of %s could not be looked up.", ", ".join(self.views))
            raise Unavailable("The features cannot be looked up now.", help="send it again later.") from None
        if len(found) != len(asked):
            raise Unavailable(
                f"The store gave {len(found)} answers for {len(asked)} keys.", help="send it again later."
            )
        return found

    def _served(self, one: TextInput | RowInput, found: Found, now: int) -> Served:
        given = _given(one)
        values = {column.name: self._value(column, found) for column in self._of_views if column.name not in given}
        return Served(self._nothing | values | given, one.key, _iso(now))

    def _value(self, column: FeatureColumn, found: Found) -> Any:
        """A value of the store. One that the model cannot read is the store's fault, not the caller's."""
        if column.name in found.values:
            value = found.values[column.name]
            problem = "" if value is None else problem_of(column, value)
        elif column.view in {name.partition(".")[0] for name in found.values}:
            value, problem = None, "is not a feature of its view any more"
        else:
            value, problem = None, "is not in the store"
        if problem:
            raise Unavailable(
                f"The feature '{column.name}' {problem}.",
                help="apply and materialize the view that the model was trained with.",
            )
        return value


def refuse_features(inputs: Sequence[Any], model: str) -> None:
    """Raise `InvalidRequest` for an input with values of columns or a key: the model reads none."""
    if not isinstance(inputs[0], TextInput | RowInput):
        return
    for index, one in enumerate(inputs):
        if one.features or one.key is not None:
            what = "features" if one.features else "a key"
            raise InvalidRequest(
                f"Input {index} has {what}; the model '{model}' reads no features.", help="leave them out."
            )


def _given(one: TextInput | RowInput) -> dict[str, Any]:
    return one.features or {}


def _key(index: int, one: TextInput | RowInput, views: Sequence[str]) -> Key:
    if one.key is None:
        raise InvalidRequest(
            f"Input {index} has no key; the model reads {' and '.join(views)}.",
            help='send the "key" of the entity, or every feature of the view in "features".',
        )
    return one.key


def _iso(microseconds: int) -> str:
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest).isoformat(timespec="microseconds")
