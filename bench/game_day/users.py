"""Users: each text of a slot is sent over HTTP by somebody, until it is answered."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from bench.game_day.journal import Asked
from bench.game_day.world import Writing

__all__ = ["Call", "ask_all", "send"]

THREADS = 4
SUBJECTS = 400  # of a language
PAUSE = 0.1  # before something is tried again
PATIENCE = 180.0  # seconds that a server may be away

Call = Callable[[str, str, Any], Any]


def send(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """One request; its status and its answer. Raises `OSError` or `HTTPException` where nobody answers."""
    content = None if body is None else json.dumps(body).encode()
    connection.request(method, path, content, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    return response.status, json.loads(answer) if answer else None


def ask_all(
    url: str, model: str, writings: Sequence[tuple[int, Writing]], *, slot: int, moment: float, pace: float = 0.0
) -> Iterator[list[Asked]]:
    """Send texts, each with its place in the slot, from several threads; what was answered, a few at a time.

    `pace`: seconds that a thread waits after each request. Raises `RuntimeError` where the server stays away.
    """
    parts = [writings[number::THREADS] for number in range(THREADS)]

    def run(part: Sequence[tuple[int, Writing]]) -> list[Asked]:
        address = urlsplit(url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        rows = []
        for place, writing in part:
            rows.append(ask(connection, model, writing, slot=slot, place=place, moment=moment))
            time.sleep(pace)
        connection.close()
        return rows

    with ThreadPoolExecutor(THREADS) as threads:
        yield from threads.map(run, [part for part in parts if part])


def ask(
    connection: http.client.HTTPConnection, model: str, writing: Writing, *, slot: int, place: int, moment: float
) -> Asked:
    """Send one text until it is answered."""
    subject = random.Random(f"{slot} {place} {writing.language}").randrange(SUBJECTS)
    body = {
        "inputs": [{"text": writing.text, "language": writing.language}],
        "subject": f"{writing.language}-{subject}",
    }
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            status, answer = send(connection, "POST", f"/v1/models/{model}/predict", body)
            if status == 200:
                return asked_of(answer, writing, slot=slot, place=place, moment=moment)
        except (OSError, http.client.HTTPException, ValueError):
            connection.close()
            status, answer = 0, None
        if time.monotonic() > deadline:
            raise RuntimeError(f"the server does not answer: status {status}, {answer}")
        time.sleep(PAUSE)


def asked_of(answer: Any, writing: Writing, *, slot: int, place: int, moment: float) -> Asked:
    (prediction,) = answer["predictions"]
    return Asked(
        id=prediction["id"],
        slot=slot,
        place=place,
        time=moment,
        language=writing.language,
        version=str(answer["version"]),
        text=writing.text,
        truth=writing.label,
        answer=prediction["labels"][0]["label"],
        is_new=writing.is_new,
    )
