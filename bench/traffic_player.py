"""Plays the traffic of users over HTTP: many subjects, all languages, texts that do not repeat.

Used by `bench/release_day.py` and by the tests of releases. `Player` is a context manager; its threads run meanwhile.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

SUBJECTS = 20_000
PAUSE = 0.02  # after a connection that failed


class Player:
    """`texts` by language are sent again and again, each time with another number in them.

    `answers` counts languages and versions, `statuses` the HTTP statuses, `broken` the connections that failed.
    `rate` bounds the requests per second over all threads. `spoil` changes the texts of a language on their way, as a
    broken program before the server would; without `numbered` texts are sent as they are, and repeat.
    """

    def __init__(
        self,
        url: str,
        model: str,
        texts: Mapping[str, Sequence[str]],
        *,
        threads: int = 4,
        rate: float = 0,
        seed: int = 0,
        numbered: bool = True,
    ) -> None:
        self.url, self.model, self.texts, self.rate = url, model, texts, rate
        self.answers: Counter[tuple[str, str]] = Counter()
        self.statuses: Counter[int] = Counter()
        self.numbered = numbered
        self.spoil: dict[str, Callable[[str], str]] = {}
        self.broken = 0
        self.last_answer: dict[str, float] = {}  # version → time.monotonic()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(seed + number), threads), daemon=True)
            for number in range(threads)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)

    def versions(self) -> Counter[str]:
        """Answers by version."""
        with self._lock:
            counts: Counter[str] = Counter()
            for (_, version), count in self.answers.items():
                counts[version] += count
            return counts

    def _run(self, draw: random.Random, threads: int) -> None:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        languages = sorted(self.texts)
        while not self._stopping.is_set():
            started = time.monotonic()
            language = draw.choice(languages)
            try:
                self._ask(connection, draw, language)
            except (OSError, http.client.HTTPException):
                connection.close()
                with self._lock:
                    self.broken += 1
                time.sleep(PAUSE)
            if self.rate:
                time.sleep(max(0.0, started + threads / self.rate - time.monotonic()))
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, draw: random.Random, language: str) -> None:
        text = draw.choice(self.texts[language])
        if self.numbered:
            text = f"{text} {draw.randrange(10**6)}"
        text = self.spoil.get(language, str)(text)
        body = {"inputs": [{"text": text, "language": language}], "subject": f"user-{draw.randrange(SUBJECTS)}"}
        headers = {"Content-Type": "application/json"}
        connection.request("POST", f"/v1/models/{self.model}/predict", json.dumps(body).encode(), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        with self._lock:
            self.statuses[response.status] += 1
            if response.status == 200:
                self.answers[language, answer["version"]] += 1
                self.last_answer[answer["version"]] = time.monotonic()
