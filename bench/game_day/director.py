"""Directs the first day: moves the clock, lets users ask and reviewers answer, and watches until quality is back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.game_day.journal import Event, Journal
from bench.game_day.place import BEGIN, EXAMPLE, MODEL, REVIEWERS, Place
from bench.game_day.reviewers import Reviewers
from bench.game_day.users import ask_all
from bench.game_day.watch import Watch
from bench.game_day.world import World, Writing, split_rows

__all__ = ["CHANGE", "CHANGED", "LAST_SLOT", "SLOT_SECONDS", "Director", "slot_of"]

SLOT_SECONDS = 7_200.0
DAY = 12  # slots
PARTS = 4  # of a slot, between which the clock moves
LOOKS = 6  # slots between two looks at the loop, where nothing runs
BUCKET = 6  # slots, after which drift is judged
CHANGED = ("hi", "pt")
CHANGE = 3 * DAY + 3  # the slot in which users begin to ask in the new way
AFTER = 2 * DAY + 2  # slots that are watched after the promotion
LAST_SLOT = 26 * DAY
TEXTS = 5  # of a language in a slot
BUSIEST = {"en": 10, "es": 10, "hi": 40, "pt": 40}  # of these
COUNT_SECONDS = 1.5  # after which a server has counted what it has answered
STORE_SECONDS = 2.5  # after which it has stored what it has counted
SLOW_SECONDS = 20.0  # that a slot lasts at least while a version is trained or checked
CHECK_SECONDS = 3.0  # between two looks at jobs meanwhile
SETTLE = 20.0  # seconds of rehearsed time into a bucket at which the one before is complete


class Director:
    """Goes on at the slot that the journal says, whoever died in it."""

    def __init__(self, place: Place, url: str, *, seed: int) -> None:
        self.place, self.seed = place, seed
        self.journal = Journal(place.journal)
        self.world = World(split_rows(EXAMPLE / "data", place.languages)[1], seed=seed)
        self.url = url
        self.watch = Watch(url, place, self.journal)
        self.reviewers = Reviewers(url, MODEL, list(REVIEWERS), self.journal, seed=seed)

    def run(self) -> None:
        """Play slot after slot until quality has been watched long enough after a promotion."""
        while (slot := self.journal["slot"] or 0) < self.end:
            self.play(slot)
            self.journal["slot"] = slot + 1
        self.watch.look_at_loop()
        self.journal.close()

    @property
    def end(self) -> int:
        promoted = self.journal["promoted"]
        return LAST_SLOT if promoted is None else min(LAST_SLOT, promoted + AFTER)

    def play(self, slot: int) -> None:
        """Two hours."""
        began = time.monotonic()
        self.tell_of_change(slot)
        for part in range(PARTS):
            moment = BEGIN + (slot + part / PARTS) * SLOT_SECONDS
            self.move_to(moment)
            self.ask(slot, part, moment)
            self.linger(began, part)
        self.look(slot)
        self.reviewers.work(self.place.clock())
        if (slot + 1) % BUCKET == 0:
            self.settle(slot)

    def ask(self, slot: int, part: int, moment: float) -> None:
        """Send what users write in a part of a slot, unless it was answered already."""
        done = self.journal.places(slot)
        writings = [
            (place, writing)
            for place, writing in self.writings(slot)
            if place % PARTS == part and (writing.language, place) not in done
        ]
        for rows in ask_all(self.url, MODEL, writings, slot=slot, moment=moment):
            self.journal.keep_asked(rows)

    def writings(self, slot: int) -> Iterator[tuple[int, Writing]]:
        for language in sorted(self.world.ordinary):
            count = BUSIEST.get(language, TEXTS)
            yield from enumerate(self.world.texts(language, slot, count, changed=slot >= CHANGE))

    def move_to(self, moment: float) -> None:
        """Time goes forwards only, whoever died meanwhile."""
        self.place.clock.set(max(moment, self.place.clock()))

    def linger(self, began: float, part: int) -> None:
        """While a version is trained or checked, hours last longer: real work must not take weeks."""
        if self.journal["busy"]:
            due = began + (part + 1) / PARTS * SLOW_SECONDS
            time.sleep(max(0.0, due - time.monotonic()))

    def look(self, slot: int) -> None:
        """What is to be seen, and whether the machine works on a version."""
        self.watch.look()
        if slot >= CHANGE and (slot % LOOKS == 0 or self.journal["busy"]):
            self.watch.look_at_loop()
        release = self.watch.release
        began = sum(one.name.startswith("began ") for one in self.journal.events())
        ended = sum(one.name.startswith("ended ") for one in self.journal.events())
        self.journal["busy"] = began > ended or bool(release and release["status"] == "checking")
        if release and release["status"] == "promoted" and self.journal["promoted"] is None:
            self.journal["promoted"] = slot

    def settle(self, slot: int) -> None:
        """At the end of a bucket, let the server count and store before the next one is judged; measure meanwhile."""
        versions = ("1",) if self.journal["promoted"] is None else ("1", "2")
        with ThreadPoolExecutor() as threads:
            measured = [threads.submit(self.watch.measure, version) for version in versions]
            time.sleep(COUNT_SECONDS)
            self.move_to(BEGIN + (slot + 1) * SLOT_SECONDS + SETTLE)
            time.sleep(STORE_SECONDS)
        for one in measured:
            one.result()

    def tell_of_change(self, slot: int) -> None:
        if slot == CHANGE:
            text = "users begin to ask for refunds in a new way, in Hindi and Portuguese"
            self.journal.tell(Event("change", BEGIN + slot * SLOT_SECONDS, text))


def slot_of(moment: float) -> int:
    """The slot that a moment is in."""
    return int((moment - BEGIN) // SLOT_SECONDS)
