"""The engine: schedule, run, finish, on one worker thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from dragoman.errors import DragomanError, ModelNotReady, Unavailable
from dragoman.models.packing import pack
from dragoman.runtime.base import Session
from dragoman.serving.scheduler import Scheduler
from dragoman.serving.sequence import Logits, Sequence
from dragoman.text.tokenizer import Encoded

__all__ = ["Engine"]

logger = logging.getLogger(__name__)

ALLOCATION_FAILURES = ("bad_alloc", "bad allocation", "failed to allocate", "out of memory")


class Engine:
    """Runs texts through a session in the batches that the scheduler decides.

    Safe to call from any thread. An idle engine waits without polling, and starts on the first text at once: what
    arrives while a batch runs makes up the next one. A failing batch fails its own texts only.
    """

    def __init__(self, session: Session, scheduler: Scheduler, *, first_position: int) -> None:
        self.session, self.scheduler, self.first_position = session, scheduler, first_position
        self._changed = threading.Condition()  # guards the scheduler's queue and the three below
        self._is_accepting, self._is_closed, self._is_running = True, False, False
        self._worker = threading.Thread(target=self._work, name="dragoman-engine", daemon=True)

    def start(self) -> None:
        """Start the worker thread; texts submitted earlier wait for it."""
        self._worker.start()

    def submit(self, texts: Iterable[Encoded]) -> list[Sequence]:
        """Queue the texts of one request, all or none; their futures give the logits.

        Raises `Overloaded` when the queue is full and `ModelNotReady` when the engine drains or is closed.
        """
        sequences = [Sequence(text.ids, truncated=text.truncated) for text in texts]
        with self._changed:
            if not self._is_accepting:
                raise ModelNotReady("The model is being shut down.", help="send it again to another server, or later.")
            self.scheduler.add(sequences)
            self._changed.notify_all()
        return sequences

    def cancel(self, sequences: Iterable[Sequence]) -> None:
        """Give up the texts that still wait. Their futures are cancelled."""
        with self._changed:
            self.scheduler.cancel(sequences)
            self._changed.notify_all()

    def drain(self, timeout: float | None = None) -> bool:
        """Take no more texts and wait until all are answered; False if `timeout` seconds did not suffice."""
        with self._changed:
            self._is_accepting = False
            return self._changed.wait_for(lambda: not self._is_running and not self.scheduler.waiting_tokens, timeout)

    def close(self) -> None:
        """Let the running batch finish, fail what waits with `ModelNotReady`, and end the worker thread."""
        with self._changed:
            self._is_accepting, self._is_closed = False, True
            left = self.scheduler.remove_all()
            self._changed.notify_all()
        error = ModelNotReady("The model was closed before the text's turn came.", help="send it again later.")
        self.scheduler.finish(left, [error] * len(left))
        if self._worker.is_alive():
            self._worker.join()

    def step(self) -> None:
        """One batch: schedule, run, finish."""
        batch = self._next_batch()
        outcomes = self._run(batch)
        self._finish(batch, outcomes)

    def _work(self) -> None:
        while self._wait_for_text():
            self.step()

    def _wait_for_text(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self.scheduler.waiting_tokens > 0)
            return not self._is_closed

    def _next_batch(self) -> list[Sequence]:
        with self._changed:
            batch = self.scheduler.next_batch()
            self._is_running = bool(batch)
            return batch

    def _run(self, batch: list[Sequence]) -> list[Logits | Exception]:
        if not batch:
            return []
        try:
            return self._logits(batch)
        except Exception as error:
            if is_allocation_failure(error):
                return self._run_in_halves(batch)
            logger.exception("A batch of %d texts failed.", len(batch))
            return [error] * len(batch)

    def _logits(self, batch: list[Sequence]) -> list[Logits | Exception]:
        packed = pack([sequence.ids for sequence in batch], first_position=self.first_position)
        rows = list(self.session.run(packed).logits)
        if len(rows) != len(batch):
            raise DragomanError(
                f"The session gave {len(rows)} rows for {len(batch)} texts.", help="load the model again."
            )
        return [*rows]

    def _run_in_halves(self, batch: list[Sequence]) -> list[Logits | Exception]:
        if len(batch) == 1:
            return [
                Unavailable(
                    f"There was not enough memory for a text of {len(batch[0])} tokens.",
                    help="send it again later, or give the server more memory.",
                )
            ]
        middle = len(batch) // 2
        return self._run(batch[:middle]) + self._run(batch[middle:])

    def _finish(self, batch: list[Sequence], outcomes: list[Logits | Exception]) -> None:
        self.scheduler.finish(batch, outcomes)
        with self._changed:
            self._is_running = False
            self._changed.notify_all()


def is_allocation_failure(error: Exception) -> bool:
    """Whether there was not enough memory. ONNX Runtime says so only in its message."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in ALLOCATION_FAILURES)
