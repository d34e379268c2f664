"""Values of features while a request waits: for several views and keys at once, in one round trip."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dragoman.errors import NotFound, Unavailable
from dragoman.features.online.formulas import formulas_of
from dragoman.features.online.keys import key_text
from dragoman.features.online.marks import Latest, Mark, decoded, latest_of, mark_of, namespace_of, newest_of
from dragoman.features.online.rows import Served, read_served
from dragoman.features.online.state import State, served_answers
from dragoman.features.times import SECOND
from dragoman.records import AppliedView, Key
from dragoman.store.online import OnlineStore, Pair

__all__ = ["Asked", "Found", "OnlineFeatures", "this_moment"]

ATTEMPTS = 5  # to read rows while another generation begins to serve

Place = tuple[str, str | None]  # a view, and the text of a key; None is no entity


class Asked(NamedTuple):
    """The key of an entity, and the views of which its features are asked."""

    views: Sequence[str]
    key: Key


class Found(NamedTuple):
    """The values of one `Asked`, and how much is known.

    `values` has every feature of the views, VIEW.FEATURE → value, times as ISO 8601 text. `known` says of each view
    whether it has the key; one that it has not has the values of no event. `ages` are seconds since the newest
    available time that the view's rows know, None where they know no event. `now` is in microseconds.
    """

    values: dict[str, Any]
    known: dict[str, bool]
    ages: dict[str, float | None]
    now: int


class OnlineFeatures:
    """The features of some definitions of views. Threads may share it.

    Which generation serves is remembered, and read again beside its rows: where it changed, they are read once more.
    """

    def __init__(self, store: OnlineStore, views: Sequence[AppliedView]) -> None:
        self.store = store
        self._views = {view.name: view for view in views}
        self._formulas = {view.name: formulas_of(view) for view in views}
        self._empty = {name: State(formulas) for name, formulas in self._formulas.items()}
        self._generations = dict.fromkeys(self._views, 0)

    def get(self, asked: Sequence[Asked], *, now: int | None = None) -> list[Found]:
        """The values at `now`, microseconds since 1970 in UTC; this moment by default.

        Raises `NotFound` for a view that is not among those given, `InvalidRequest` for what can be no key of the
        entity, and `Unavailable` for a view without rows and where the store does not answer.
        """
        moment = this_moment() if now is None else now
        places = [[self._place(view, one.key) for view in one.views] for one in asked]
        rows, ages = self._read([place for line in places for place in line], moment)
        values = self._values(rows, moment)
        found = []
        for line in places:
            all_values = {name: value for place in line for name, value in values[place].items()}
            known = {place[0]: rows[place] is not None for place in line}
            found.append(Found(all_values, known, {name: ages[name] for name in known}, moment))
        return found

    def _place(self, view: str, key: Key) -> Place:
        if view not in self._views:
            known = ", ".join(f"'{name}'" for name in self._views) or "none"
            raise NotFound(f"There is no view '{view}' to look up.", help=f"There are {known}.")
        return view, key_text(self._formulas[view].view.entity.keys, key)

    # Reading

    def _read(self, places: Sequence[Place], now: int) -> tuple[dict[Place, bytes | None], dict[str, float | None]]:
        """The row of each place, and the age of each view, of one moment."""
        names = list(dict.fromkeys(view for view, _ in places))
        asked = [place for place in dict.fromkeys(places) if place[1] is not None]
        notes = [pair for name in names for pair in (mark_of(self._views[name]), latest_of(self._views[name]))]
        for _ in range(ATTEMPTS):
            before = dict(self._generations)
            found = self.store.read(notes + [self._pair(place, before) for place in asked])
            marks = {name: self._mark(name, found[2 * place]) for place, name in enumerate(names)}
            self._generations |= {name: mark.generation for name, mark in marks.items()}
            if all(mark.generation == before[name] for name, mark in marks.items()):
                latest = {name: decoded(found[2 * place + 1], Latest) for place, name in enumerate(names)}
                ages = {name: _age(newest_of(mark, latest[name]), now) for name, mark in marks.items()}
                return dict.fromkeys(places) | dict(zip(asked, found[len(notes) :], strict=True)), ages
        raise Unavailable("The rows that serve change all the time.", help="Ask again.")

    def _mark(self, name: str, served: bytes | None) -> Mark:
        mark = decoded(served, Mark)
        if mark is None or not mark.generation:
            raise Unavailable(
                f"The view '{name}' has no online rows.", help=f"Run `dragoman features materialize {name}`."
            )
        return mark

    def _pair(self, place: Place, generations: Mapping[str, int]) -> Pair:
        view, key = place
        return namespace_of(self._views[view], generations[view]), key or ""

    # Computing

    def _values(self, rows: Mapping[Place, bytes | None], now: int) -> dict[Place, dict[str, Any]]:
        values, others = {}, []
        for place, data in rows.items():
            formulas = self._formulas[place[0]]
            if data is None:
                values[place] = self._empty[place[0]].values(now)
            elif _is_of(served := read_served(data), now):
                values[place] = formulas.features_of(served_answers(formulas, served, now), now)
            else:
                others.append(place)
        return values | (self._from_history(others, now) if others else {})

    def _from_history(self, places: Sequence[Place], now: int) -> dict[Place, dict[str, Any]]:
        """Of rows that were not written for this moment: one before their newest event, or after one of the future."""
        found = self.store.rows([self._pair(place, self._generations) for place in places])
        states = {
            place: self._empty[place[0]] if row is None else State.from_row(self._formulas[place[0]], row)
            for place, row in zip(places, found, strict=True)
        }
        return {place: state.values(now) for place, state in states.items()}


def this_moment() -> int:
    """Now, in microseconds since 1970."""
    return time.time_ns() // 1_000


def _is_of(served: Served, now: int) -> bool:
    return served.since <= now and (served.until is None or now < served.until)


def _age(newest: int | None, now: int) -> float | None:
    return None if newest is None else (now - newest) / SECOND
