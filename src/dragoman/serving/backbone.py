"""One encoder with its tokenizer and its engine, or one model of a table; several models may read from it."""

from __future__ import annotations

import threading
from typing import Self

from dragoman.errors import ModelNotReady
from dragoman.serving.engine import Engine
from dragoman.text.tokenizer import Tokenizer

__all__ = ["Backbone"]


class Backbone:
    """What the heads of one base share. It closes when the last model that took it gives it back.

    A model that reads no texts has no tokenizer.
    """

    def __init__(self, *, tokenizer: Tokenizer | None, engine: Engine, digest: str) -> None:
        self.tokenizer, self.engine, self.digest = tokenizer, engine, digest
        self._users = 0
        self._is_closed = False
        self._lock = threading.Lock()
        engine.start()

    @property
    def max_tokens(self) -> int:
        """Tokens of the longest text that is read whole; 0 where no texts are read."""
        return self.tokenizer.max_tokens if self.tokenizer else 0

    @property
    def is_closed(self) -> bool:
        """Whether the last model has given it back: it cannot be taken any more."""
        return self._is_closed

    def take(self) -> Self:
        """One more model reads from it. Raises `ModelNotReady` when it is closed."""
        with self._lock:
            if self._is_closed:
                raise ModelNotReady("The model's backbone is being closed.", help="load the model again.")
            self._users += 1
        return self

    def give_back(self) -> None:
        """One model less; the last one ends the engine and forgets its results."""
        with self._lock:
            self._users -= 1
            is_last = self._users == 0
            self._is_closed = self._is_closed or is_last
        if is_last:
            self.engine.close()
