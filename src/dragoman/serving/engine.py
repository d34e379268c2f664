"""The engine: schedule, run, finish."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Literal

import numpy as np

from dragoman.errors import DeadlineExceeded, DragomanError, ModelNotReady, Unavailable
from dragoman.models.readouts import AllTokensReadout
from dragoman.runtime.base import Session
from dragoman.runtime.blas import calm_blas
from dragoman.serving.batch import Asked, Batch
from dragoman.serving.cache import ResultCache
from dragoman.serving.crew import Crew
from dragoman.serving.execution import Outcome, Ran, read_out
from dragoman.serving.observer import BatchRan, Observer, Silent
from dragoman.serving.options import Options
from dragoman.serving.scheduler import Scheduler
from dragoman.serving.sequence import Sequence, waking_together
from dragoman.serving.tasks.base import Piece
from dragoman.serving.tracing import submitted
from dragoman.serving.watchdog import Watchdog
from dragoman.serving.work import Work, key_of

__all__ = ["Engine", "State"]

logger = logging.getLogger(__name__)

State = Literal["starting", "ready", "restarting", "failed", "draining", "closed"]

CLOSE_SECONDS = 10.0
PROBE_SECONDS = 5.0
RECENT_SECONDS = 5.0  # an engine that gave answers so lately needs no probe
PROBE_IDS = (0,)
FIRST_PAUSE = 1.0  # before a session that could not be made is tried again; then twice as long each time
LONGEST_PAUSE = 60.0


class Engine:
    """Runs texts through a session in the batches that the scheduler decides.

    Safe to call from any thread. An idle engine waits without polling, and starts on the first text at once: what
    arrives while a batch runs makes up the next one. A failing batch fails its own texts only. Identical texts in
    flight run once, and results lie in `cache` for those who ask again: they never reach a worker. `digest` names
    weights, tokenizer and precision; `name` is for the observer.

    A worker that dies, or a batch that does not end (see `Watchdog`), fails its own texts with `Unavailable`; a new
    worker goes on with a session of `session_factory`. Without a factory a stuck session cannot be replaced, and the
    engine has failed.
    """

    def __init__(
        self,
        session: Session,
        scheduler: Scheduler,
        *,
        first_position: int,
        digest: str = "",
        name: str = "",
        session_factory: Callable[[], Session] | None = None,
        cache: ResultCache | None = None,
        observer: Observer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.scheduler, self.first_position, self.digest, self.name = scheduler, first_position, digest, name
        self.session_factory, self.clock = session_factory, clock
        self.cache = ResultCache(0) if cache is None else cache  # an empty one is false
        self.observer = observer or Silent()
        self.state: State = "starting"
        self.watchdog = Watchdog(self._bark, clock=clock)
        lock = threading.RLock()  # guards the scheduler and all below
        self._came, self._settled = threading.Condition(lock), threading.Condition(lock)
        self._running: dict[int, tuple[Crew, Batch]] = {}  # by the batch's identity
        self._last_answer: float | None = None
        self._ended = threading.Event()
        self._crew = self._crew_of(session)
        self._on_duty: Crew | None = self._crew  # None while it is being replaced

    @property
    def session(self) -> Session:
        """The session in use."""
        return self._crew.session

    def start(self) -> None:
        """Start the threads; texts submitted earlier wait for them."""
        calm_blas()
        with self._came:
            self.state = "ready"
        self.watchdog.start()
        self._crew.start()

    def submit(self, pieces: Iterable[Piece], options: Options = Options(), *, head: str = "") -> list[Sequence]:  # noqa: B008 (frozen)
        """Queue the texts of one request, all or none; their futures give what the readouts say, read-only.

        `head` tells the readouts of models that share the engine from each other: the model's digest. Raises
        `Overloaded` when the queue is full, `DeadlineExceeded` when the request cannot be done in time, and
        `ModelNotReady` or `Unavailable` when the engine takes nothing.
        """
        now = self.clock()
        asked = [self._asked(piece, options.deadline, head, now) for piece in pieces]
        found = [self.cache.get(self.digest, one.key) for one in asked]
        missing = [one for one, result in zip(asked, found, strict=True) if result is None]
        coalesced = self._add(missing, options, now)
        for one, result in zip(asked, found, strict=True):
            if result is not None:
                one.sequence.finish(result, now)
        self._tell_asked(len(asked), len(missing), coalesced)
        sequences = [one.sequence for one in asked]
        submitted(sequences, hits=len(asked) - len(missing), coalesced=coalesced)
        return sequences

    @contextlib.contextmanager
    def expecting(self, tokens: int, pieces: int, options: Options) -> Iterator[None]:
        """Around the preparation of a request of about so many tokens, which has its place in the queue meanwhile.

        Raises what `submit` would raise: the cheapest refusal is that of an unread text.
        """
        with self._came:
            self._check_accepting()
            self.scheduler.expect(tokens, pieces, options, self.clock())
        try:
            yield
        finally:
            with self._came:
                self.scheduler.arrived(tokens, options)

    def cancel(self, sequences: Iterable[Sequence]) -> None:
        """Give up the texts that still wait. Their futures are cancelled."""
        with self._came:
            given_up = self.scheduler.cancel(sequences)
            self._settled.notify_all()
        for sequence in given_up:
            sequence.cancel()

    def probe(self, timeout: float = PROBE_SECONDS) -> None:
        """Return once the session has run one token, at once if it gave answers within the last seconds.

        The token goes with the next batch, so traffic does not wait for it. Raises `Unavailable` after `timeout`
        seconds, the error of the session, or what `submit` would raise.
        """
        with self._came:
            self._check_accepting()
            if self._last_answer is not None and self.clock() - self._last_answer < RECENT_SECONDS:
                return
            sequence = Sequence(len(PROBE_IDS), arrived=self.clock())
            work = Work(PROBE_IDS, None, AllTokensReadout(), key=None, priority="online")
            self.scheduler.add_urgent(work, sequence)
            self._came.notify()
        self._wait_for_probe(sequence, timeout)

    def drain(self, timeout: float | None = None) -> bool:
        """Take no more texts and wait until all are answered; False if `timeout` seconds did not suffice."""
        with self._settled:
            if self.state != "closed":
                self.state = "draining"
            return self._settled.wait_for(lambda: not self._running and not self.scheduler.waiting_pieces, timeout)

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Let the running batch finish, fail what waits with `ModelNotReady`, and end the threads.

        A batch that has not ended after `timeout` seconds is given up, and its thread left to itself.
        """
        with self._came:
            self.state = "closed"
            waiting = self.scheduler.remove_all()
            self._came.notify_all()
        self._ended.set()
        error = ModelNotReady("The model was closed before the text's turn came.", help="send it again later.")
        self._fail(waiting, error)
        self._crew.join(timeout)
        self._fail(self._abandon(self._crew), error)
        self.watchdog.close()
        self.cache.drop(self.digest)

    def step(self) -> None:
        """One batch, on this thread: schedule, run, finish. Nothing if nothing waits."""
        if self.scheduler.waiting_pieces:
            self._crew.step()

    # Coming

    def _asked(self, piece: Piece, deadline: float | None, head: str, now: float) -> Asked:
        ids, types, readout, features = piece
        sequence = Sequence(len(ids), arrived=now, deadline=deadline)
        return Asked(ids, types, readout, key_of(head, readout, ids, types, features), sequence, features)

    def _add(self, asked: list[Asked], options: Options, now: float) -> int:
        with self._came:
            self._check_accepting()
            if not asked:
                return 0
            coalesced = self.scheduler.add(asked, options, now)
            self._came.notify()
            return coalesced

    def _check_accepting(self) -> None:
        if self.state in {"draining", "closed"}:
            raise ModelNotReady("The model is being shut down.", help="send it again to another server, or later.")
        if self.state in {"restarting", "failed"}:
            raise Unavailable("The model's worker had to be replaced and is not back yet.", help="send it again later.")

    def _tell_asked(self, asked: int, missing: int, coalesced: int) -> None:
        hits, waiting = asked - missing, self.scheduler.waiting_tokens
        self.observer.asked(self.name, hits=hits, misses=missing - coalesced, coalesced=coalesced, queue_tokens=waiting)

    def _wait_for_probe(self, sequence: Sequence, timeout: float) -> None:
        try:
            hidden = sequence.future.result(timeout)
        except TimeoutError:
            self.cancel([sequence])
            raise Unavailable(f"The model gave no answer within {timeout:g} s.", help="try again later.") from None
        if not np.isfinite(hidden).all():
            raise DragomanError("The model gives no usable numbers.", help="load it again.")

    # The crew's work

    def _crew_of(self, session: Session) -> Crew:
        crew = Crew(
            session,
            first_position=self.first_position,
            take=self._take,
            put_down=self._put_down,
            hand_out=self._hand_out,
            on_death=self._on_death,
            clock=self.clock,
        )
        self.scheduler.take_over(crew.runners)
        return crew

    def _take(self, crew: Crew) -> Batch | None:
        """Wait for texts; None when this crew is not needed any more."""
        with self._came:
            part = None
            while self._is_needed(crew) and (part := self.scheduler.part(self.clock())) is None:
                self._came.wait()
            if part is None or not self._is_needed(crew):
                return None
            batch = self.scheduler.next_batch(self.clock(), part)
            self._running[id(batch)] = crew, batch
            if self.scheduler.waiting_pieces:  # there may be enough for the other half
                self._came.notify()
        self.watchdog.begins(id(batch), self.scheduler.seconds(batch))
        self._tell_late(batch.late)
        return batch

    def _is_needed(self, crew: Crew) -> bool:
        return crew is self._on_duty and self.state != "closed"

    def _put_down(self, crew: Crew, batch: Batch, seconds: float) -> bool:
        """The session is free; whether more waits for it."""
        with self._came:
            if crew is self._on_duty:  # what was given up teaches nothing
                self.scheduler.ran(batch, seconds if id(batch) in self._running else 0.0)
            if self.state == "failed":  # what was taken for stuck has come back
                self.state = "ready"
            waiting = self.scheduler.waiting_tokens
            if waiting:  # another runner may be sooner back than this one
                self._came.notify()
        if batch.works:
            ran = BatchRan(len(batch.works), batch.tokens, batch.budget, seconds, waiting)
            self.observer.batch_ran(self.name, ran)
        return waiting > 0

    def _hand_out(self, crew: Crew, batch: Batch, parts: list[Ran], seconds: float) -> None:
        """Read the answers and tell everybody who waits."""
        works = [work for part in parts for work in part.works]
        outcomes = read_out(parts)
        self._keep(works, outcomes)
        with self._came:
            if self._running.pop(id(batch), None) is None:
                return  # it was given up
            self.scheduler.finish(works)
            now = self.clock()
            if any(not isinstance(outcome, Exception) for outcome in outcomes):
                self._last_answer = now
        self.watchdog.ends(id(batch))
        size, rate = (len(batch.works), batch.tokens), seconds * batch.part.share / max(batch.tokens, 1)
        with waking_together():
            for work, outcome in zip(works, outcomes, strict=True):
                share = rate * len(work) / max(len(work.waiters), 1)
                for sequence in work.waiters:
                    sequence.compute = share
                    sequence.batch = size
                    sequence.finish(outcome, now)
        with self._settled:
            self._settled.notify_all()

    def _keep(self, works: list[Work], outcomes: list[Outcome]) -> None:
        if not self.cache.max_bytes or self.state == "closed":
            return
        for work, outcome in zip(works, outcomes, strict=True):
            if work.key is not None and not isinstance(outcome, Exception):
                self.cache.put(self.digest, work.key, outcome)
        self.observer.cached(self.name, self.cache.bytes)

    def _tell_late(self, late: list[Sequence]) -> None:
        if late:
            error = DeadlineExceeded(
                "There was not enough time left to run the text before its deadline.",
                help="allow more time, or send it again when there is less to do.",
            )
            self._fail(late, error)

    def _fail(self, sequences: Iterable[Sequence], error: Exception) -> None:
        now = self.clock()
        with waking_together():
            for sequence in sequences:
                sequence.finish(error, now)

    # When something is wrong with it

    def _bark(self, what: Hashable) -> None:
        """A batch does not end."""
        with self._came:
            crew, batch = self._running.get(what, (None, None)) if isinstance(what, int) else (None, None)
        if crew is None or batch is None:
            return
        logger.error("A batch of %d texts and %d tokens does not end.", len(batch.works), batch.tokens)
        self._replace(crew, "wedged")

    def _on_death(self, crew: Crew) -> None:
        self._replace(crew, "died")

    def _replace(self, crew: Crew, reason: str) -> None:
        """Give up a crew with what it runs; another one goes on."""
        with self._came:
            is_first = crew is self._on_duty and self.state != "closed"
            if is_first:
                self._on_duty, self._last_answer = None, None
                self.state = "draining" if self.state == "draining" else "restarting"
                self._came.notify_all()
        lost = self._abandon(crew)
        self._fail(lost, Unavailable("The model's worker had to be replaced.", help="send it again."))
        if is_first:
            self.observer.restarted(self.name, reason)
            self._go_on(crew, self._new_session(crew, reason))

    def _abandon(self, crew: Crew) -> list[Sequence]:
        """Those who wait for what a crew runs; it is over for them."""
        with self._came:
            lost = {key: batch for key, (owner, batch) in self._running.items() if owner is crew}
            for key, batch in lost.items():
                del self._running[key]
                self.watchdog.ends(key)
                self.scheduler.finish(batch.works)
            self._settled.notify_all()
        return [sequence for batch in lost.values() for work in batch.works for sequence in work.waiters]

    def _new_session(self, crew: Crew, reason: str) -> Session | None:
        """One that works, as soon as one can be made; None if there is no way, or no need any more."""
        if self.session_factory is None:
            return None if reason == "wedged" else crew.session
        pause = FIRST_PAUSE
        while not self._ended.is_set():
            try:
                return self.session_factory()
            except Exception:
                logger.exception("No new session could be made; trying again in %.0f s.", pause)
            self._fail_waiting()
            self._ended.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return None

    def _go_on(self, crew: Crew, session: Session | None) -> None:
        with self._came:
            if self.state == "closed":
                return
            if session is None:
                self.state, self._on_duty = "failed", crew
            else:
                self.state = "draining" if self.state == "draining" else "ready"
                self._crew = self._on_duty = self._crew_of(session)
                self._crew.start()
        if session is None:
            self._fail_waiting()

    def _fail_waiting(self) -> None:
        with self._came:
            waiting = self.scheduler.remove_all()
            self._settled.notify_all()
        self._fail(waiting, Unavailable("The model's worker is stuck and cannot be replaced.", help="load it again."))
