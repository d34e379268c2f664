"""People who answer review tasks: in working hours, in the languages they know, and not always rightly."""

from __future__ import annotations

import http.client
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bench.game_day.journal import Journal
from bench.game_day.users import send

__all__ = ["ERRORS", "Reviewers"]

ERRORS = 0.03
HOURS = range(7, 19)  # UTC
MOST = 40  # tasks that one person answers in a slot


class Person(NamedTuple):
    """Somebody at work."""

    name: str
    moment: float
    connection: http.client.HTTPConnection


class Reviewers:
    """They ask for tasks, read them, and know what the user wanted, which is in the journal."""

    def __init__(self, url: str, model: str, names: Sequence[str], journal: Journal, *, seed: int) -> None:
        self.url, self.model, self.names, self.journal, self.seed = url, model, names, journal, seed

    def work(self, moment: float) -> int:
        """Answer what waits, in working hours, all at once; returns the number of answers."""
        if datetime.fromtimestamp(moment, UTC).hour not in HOURS:
            return 0
        with ThreadPoolExecutor(len(self.names)) as threads:
            return sum(threads.map(lambda name: self._work(name, moment), self.names))

    def _work(self, name: str, moment: float) -> int:
        """What one person answers. Where the server is away, the rest waits for the next slot."""
        address, done = urlsplit(self.url), 0
        person = Person(name, moment, http.client.HTTPConnection(address.hostname or "", address.port, timeout=60))
        try:
            while done < MOST and self._answer_next(person):
                done += 1
        except (OSError, http.client.HTTPException):
            pass
        finally:
            person.connection.close()
        return done

    def _answer_next(self, person: Person) -> bool:
        path, body = f"/v1/models/{self.model}/review/next", {"reviewer": person.name}
        status, task = send(person.connection, "POST", path, body)
        return status == 200 and self._answer(task, person)

    def _answer(self, task: Any, person: Person) -> bool:
        """Say what is right, or nearly always; whoever cannot know it skips the task."""
        truth = self.journal.truth(task["prediction_id"])
        if truth is None:
            return say(person, task, "skip", {"note": "cannot tell"})
        draw = random.Random(f"{self.seed} {task['id']} {person.name}")
        wrong = draw.random() < ERRORS
        label = draw.choice([one for one in task["labels"] if one != truth]) if wrong else truth
        said = say(person, task, "label", {"label": label})
        if said:
            self.journal.keep_reviewed(task["id"], person.name, person.moment, label)
        return said


def say(person: Person, task: Any, word: str, body: dict[str, str]) -> bool:
    """Tell the server what a person says of a task; whether it was taken."""
    status, _ = send(person.connection, "POST", f"/v1/review/{task['id']}/{word}", {"reviewer": person.name, **body})
    return status == 200
