"""People who answer review tasks: in working hours, in the languages they know, and not always rightly."""

from __future__ import annotations

import http.client
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bench.game_day.journal import Journal
from bench.game_day.users import send

__all__ = ["ERRORS", "Reviewers"]

ERRORS = 0.03
HOURS = range(7, 19)  # UTC
MOST = 40  # tasks that one person answers in a slot


class Reviewers:
    """They ask for tasks, read them, and know what the user wanted, which is in the journal."""

    def __init__(self, url: str, model: str, names: Sequence[str], journal: Journal, *, seed: int) -> None:
        self.model, self.names, self.journal, self.seed = model, names, journal, seed
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)

    def work(self, moment: float) -> int:
        """Answer what waits, in working hours; returns the number of answers. Where the server is away, later."""
        if datetime.fromtimestamp(moment, UTC).hour not in HOURS:
            return 0
        try:
            return sum(self._work(name, moment) for name in self.names)
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0

    def _work(self, name: str, moment: float) -> int:
        for number in range(MOST):
            status, task = send(self._connection, "POST", f"/v1/models/{self.model}/review/next", {"reviewer": name})
            if status != 200 or not self._answer(task, name, moment):
                return number
        return MOST

    def _answer(self, task: Any, name: str, moment: float) -> bool:
        """Say what is right, or nearly always; whoever cannot know it skips the task."""
        truth = self.journal.truth(task["prediction_id"])
        if truth is None:
            return self._say(task, "skip", {"reviewer": name, "note": "cannot tell"})
        draw = random.Random(f"{self.seed} {task['id']} {name}")
        wrong = draw.random() < ERRORS
        label = draw.choice([one for one in task["labels"] if one != truth]) if wrong else truth
        said = self._say(task, "label", {"reviewer": name, "label": label})
        if said:
            self.journal.keep_reviewed(task["id"], name, moment, label)
        return said

    def _say(self, task: Any, word: str, body: dict[str, str]) -> bool:
        status, _ = send(self._connection, "POST", f"/v1/review/{task['id']}/{word}", body)
        return status == 200
