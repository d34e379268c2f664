"""Which texts run together next. Decisions only: no tensor, no thread, no lock; the time is passed in."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Collection, Iterable

from dragoman.errors import DeadlineExceeded, Overloaded
from dragoman.serving.batch import Asked, Batch, is_late, soonest_deadline
from dragoman.serving.fair_queue import FairQueue
from dragoman.serving.halves import Halves, Part
from dragoman.serving.options import Options
from dragoman.serving.pace import Pace
from dragoman.serving.sequence import Sequence as Running
from dragoman.serving.work import Key, Stage, Work

__all__ = ["Scheduler"]

BULK_TURN = 8  # of so many batches in a row, one is for bulk work that waits
LOOK_AHEAD = 512  # texts among which the first in line finds company of its own length, where attention pads
GRID_SLACK = 2  # attention's grid [texts, longest] may have this many times the cells that the texts fill
SMALL_GRID = 4  # a grid of up to 1/4 of the token budget may be emptier: one pass costs less than two
LONGEST_RETRY_SECONDS = 60
QUEUE_MARGIN = 1.6  # the same for a whole queue: what is almost done in time is done in vain
MARGIN = 1.25  # batches may take so much longer than is expected of them before a deadline is missed
LEAST_SWEEP = 64
MAX_QUEUE_PIECES = 65_536


class Scheduler:
    """Two lanes of fair shares, a token budget per batch, and bounds on what may wait.

    **Order.** Online texts run before bulk texts, but of any `BULK_TURN` batches in a row that begin while bulk work
    waits, one is bulk's. In each lane callers share tokens equally (`FairQueue`): a text of a caller that has nothing
    waiting comes after at most one text of each other caller, so after about one batch, whatever they sent.

    **Batches.** Texts are taken in order until a batch is as large as keeps the session efficient (`Pace.batch_size`);
    it never exceeds `max_batch_tokens`, except for a single text that is longer. Larger batches would give nothing
    more per second, and everybody in them and behind them would wait longer. Where the session pads attention
    (`pads_attention`), the first in line is joined by those of its own length among the next `LOOK_AHEAD`. Every batch
    holds the first in line of its lane, so a text with `n` others before it waits for at most `n` batches of its lane.

    **Identical texts** that wait or run are one piece of work, in the better of the places that each of them would
    have. It is done for whoever of them is left.

    **Deadlines.** A text that cannot be done in time, as `pace` has learnt it, is given back as late before it runs; a
    request is refused at once when what is before it takes longer than it has. For a text that came with little time a
    batch is kept small. One that has little left because it waited must have time for a full batch: under overload
    most texts are of this kind, and small batches for them would make the overload worse.
    """

    def __init__(
        self,
        *,
        max_batch_tokens: int,
        max_queue_tokens: int,
        max_queue_pieces: int = MAX_QUEUE_PIECES,
        pads_attention: bool = False,
    ) -> None:
        self.max_batch_tokens, self.max_queue_tokens = max_batch_tokens, max_queue_tokens
        self.max_queue_pieces, self.pads_attention = max_queue_pieces, pads_attention
        self.pace = Pace()
        orders = itertools.count(1)
        self._lanes = {"online": FairQueue(orders), "bulk": FairQueue(orders)}
        self._works: dict[Key, Work] = {}  # that wait or run
        self._owners: dict[Running, Work] = {}  # of those who wait
        self._urgent: list[Work] = []
        self._deadlines: list[tuple[float, int, Running]] = []
        self._numbers = itertools.count()
        self._online_batches = 0  # in a row, while bulk work waited
        self._halves = Halves()
        self._coming: dict[str, int] = {}  # by caller: tokens of requests that are being prepared
        self._share = 1.0  # of the session, that the last batch got

    @property
    def waiting_tokens(self) -> int:
        """Tokens that wait for their turn."""
        return sum(lane.tokens for lane in self._lanes.values()) + sum(map(len, self._urgent))

    @property
    def waiting_pieces(self) -> int:
        """Texts that wait for their turn, identical ones counted one by one."""
        return len(self._owners)

    @property
    def batch_size(self) -> int:
        """Tokens up to which a batch is filled now."""
        return self.pace.batch_size(self.max_batch_tokens)

    # Coming

    def add(self, asked: Collection[Asked], options: Options, now: float) -> int:
        """Queue the texts of one request, all or none; how many of them were on their way already.

        Raises `Overloaded` where they do not fit, or where what is before them takes longer than they have;
        `DeadlineExceeded` where they could not be done in time even at once.
        """
        new = {one.key: one for one in asked if one.key not in self._works}
        tokens = sum(len(one.ids) for one in new.values())
        self._admit(tokens, len(asked), options, now)
        for one in asked:
            work = self._works[one.key] if one.key in self._works else self._work_of(one, options)
            self._join(work, one.sequence, options, now)
        return len(asked) - len(new)

    def expect(self, tokens: int, pieces: int, options: Options, now: float) -> None:
        """A request of about so many tokens is being prepared: until it has `arrived`, it counts as one that waits.

        Raises what `add` would raise: whoever is refused need not be tokenised.
        """
        self._admit(tokens, pieces, options, now)
        self._coming[options.caller] = self._coming.get(options.caller, 0) + tokens

    def arrived(self, tokens: int, options: Options) -> None:
        """A request that was expected is added now, or never."""
        self._coming[options.caller] -= tokens
        if not self._coming[options.caller]:
            del self._coming[options.caller]

    def can_add(self, tokens: int, pieces: int = 1) -> bool:
        """Whether a request of so many tokens fits; one larger than the whole queue fits when nothing waits."""
        if not self._owners and not self._coming:
            return True
        has_room = self.waiting_tokens + sum(self._coming.values()) + tokens <= self.max_queue_tokens
        return has_room and self.waiting_pieces + pieces <= self.max_queue_pieces

    def add_urgent(self, work: Work, sequence: Running) -> None:
        """Put a text into the next batch, whatever else waits. For probes: it is one more text, not one more batch."""
        work.waiters[sequence] = None
        self._urgent.append(work)
        self._owners[sequence] = work

    # Going

    def cancel(self, sequences: Iterable[Running]) -> list[Running]:
        """Give up those that still wait, for the caller to tell; the others are let finish.

        What nobody waits for any more is not run.
        """
        given_up = [sequence for sequence in sequences if sequence in self._owners]
        for sequence in given_up:
            self._give_up(sequence)
        return given_up

    def part(self, now: float) -> Part | None:
        """What the next batch would run on; None while it has to wait for what runs, or nothing waits."""
        if not self._owners:
            return None
        worthwhile = min(self.pace.worthwhile(), self.max_batch_tokens)
        return self._halves.choose(self.waiting_tokens, worthwhile, self.pace.seconds(worthwhile), now)

    def next_batch(self, now: float, part: Part = Part()) -> Batch:  # noqa: B008 (frozen)
        """What runs next, now running; without works when nothing waits."""
        self._share = part.share
        late = self._too_late(now)
        self._sweep_deadlines()
        works = [work for work in self._urgent if work.waiters]
        self._urgent.clear()
        for name in self._turns():
            chosen = self._fill(self._lanes[name], now, late, min(self.batch_size, part.most or self.batch_size))
            if chosen:
                self._count_turn(name)
                works += chosen
                break
        started = [work for work in works if self._start(work, now)]
        tokens = sum(map(len, started))
        batch = Batch(started, late, tokens, max(self.batch_size, tokens), part)
        self._halves.begins(part, now + self.seconds(batch))
        return batch

    def seconds(self, batch: Batch) -> float:
        """What a batch will take."""
        return self.pace.seconds(batch.tokens) / batch.part.share

    def ran(self, batch: Batch, seconds: float) -> None:
        """Its part of the session is free again: learn from the batch. 0 seconds: there is nothing to learn."""
        self._halves.over(batch.part)
        if batch.works and seconds:
            self.pace.add(batch.tokens, seconds * batch.part.share)

    def take_over(self, halves: int) -> None:
        """Batches run from now on on a session of so many halves: nothing does yet."""
        self._halves = Halves(halves)

    def finish(self, works: Iterable[Work]) -> None:
        """These are over: the next who asks for the same will be run anew."""
        for work in works:
            work.stage = Stage.DONE
            if work.key is not None and self._works.get(work.key) is work:
                del self._works[work.key]

    def remove_all(self) -> list[Running]:
        """Empty the queue: all who waited, for the caller to tell."""
        removed = list(self._owners)
        for sequence in removed:
            self._give_up(sequence)
        self._urgent.clear()
        self._deadlines.clear()
        return removed

    # Admission

    def _admit(self, tokens: int, pieces: int, options: Options, now: float) -> None:
        if not self.can_add(tokens, pieces):
            raise self._overloaded(tokens, pieces)
        if options.deadline is None or not tokens:
            return
        alone = now + MARGIN * self.pace.seconds_in_batches(tokens, self.batch_size) / self._share
        if alone > options.deadline:
            raise DeadlineExceeded(
                f"The request may take {alone - now:.3f} s; it has {max(options.deadline - now, 0):.3f} s.",
                help="allow it more time, or send fewer texts at once.",
            )
        ahead = self._lanes[options.priority].ahead(options.caller, tokens) + self._coming_before(
            options.caller, tokens
        )
        queue = self.pace.seconds_in_batches(ahead, self.batch_size)
        done = now + self._halves.left(now) + QUEUE_MARGIN * queue
        if done > options.deadline:
            error = Overloaded(
                f"The request would be done in {done - now:.3f} s; it has {options.deadline - now:.3f} s.",
                help="send it again after the seconds in Retry-After, or allow it more time.",
            )
            error.retry_after = _retry_after(done - options.deadline)
            raise error

    def _coming_before(self, caller: str, tokens: int) -> int:
        """Of what is being prepared, the tokens that run before a request: all of its caller's, of others as many."""
        own = self._coming.get(caller, 0)
        return own + sum(min(one, own + tokens) for other, one in self._coming.items() if other != caller)

    def _overloaded(self, tokens: int, pieces: int) -> Overloaded:
        waiting = self.waiting_tokens
        what = f"{waiting} tokens wait and the request has {tokens}; the queue holds {self.max_queue_tokens}."
        if self.waiting_pieces + pieces > self.max_queue_pieces:
            what = (
                f"{self.waiting_pieces} texts wait and the request has {pieces}; at most {self.max_queue_pieces} may."
            )
        error = Overloaded(
            what, help="send it again later, with fewer texts at once, or raise serving.max_queue_tokens."
        )
        seconds = self.pace.seconds_in_batches(waiting, self.batch_size)
        error.retry_after = _retry_after(seconds)
        return error

    # Who waits for what

    def _work_of(self, asked: Asked, options: Options) -> Work:
        ids, types, readout, key, _, features = asked
        work = Work(ids, types, readout, key=key, priority=options.priority, features=features)
        self._works[asked.key] = work
        self._lanes[options.priority].push(work, options.caller)
        return work

    def _join(self, work: Work, sequence: Running, options: Options, now: float) -> None:
        work.waiters[sequence] = None
        if work.stage is Stage.RUNNING:
            sequence.start(now)
            return
        self._owners[sequence] = work
        if sequence.deadline is not None:
            heapq.heappush(self._deadlines, (sequence.deadline, next(self._numbers), sequence))
        if work.priority == "bulk" and options.priority == "online":
            self._lanes["bulk"].remove(work)
            self._lanes["online"].push(work, options.caller)
            work.priority = "online"
        elif work.caller != options.caller and work.priority == options.priority:
            self._lanes[work.priority].offer(work, options.caller)

    def _give_up(self, sequence: Running) -> None:
        """One waits no more; the last one takes the work along."""
        work = self._owners.pop(sequence)
        del work.waiters[sequence]
        if not work.waiters and work.key is not None:
            self._lanes[work.priority].remove(work)
            self.finish([work])

    def _start(self, work: Work, now: float) -> bool:
        """From waiting to running; False if everybody has left, past the scheduler, meanwhile."""
        work.stage = Stage.RUNNING
        for sequence in list(work.waiters):
            del self._owners[sequence]
            if not sequence.start(now):
                del work.waiters[sequence]
        if not work.waiters:
            self.finish([work])
        return bool(work.waiters)

    # Filling a batch

    def _turns(self) -> list[str]:
        """The lanes in the order in which they may have this batch."""
        is_bulks_turn = self._online_batches >= BULK_TURN - 1
        return ["bulk", "online"] if is_bulks_turn else ["online", "bulk"]

    def _count_turn(self, name: str) -> None:
        self._online_batches = self._online_batches + 1 if name == "online" and len(self._lanes["bulk"]) else 0

    def _fill(self, lane: FairQueue, now: float, late: list[Running], enough: int) -> list[Work]:
        fill = self._with_company if self.pads_attention else self._in_order
        batch = fill(lane, now, late, enough)
        for work in batch:
            lane.serve(work)
        return batch

    def _in_order(self, lane: FairQueue, now: float, late: list[Running], enough: int) -> list[Work]:
        batch: list[Work] = []
        tokens, due = 0, math.inf
        while tokens < enough and (work := self._pop(lane, now, late)) is not None:
            total, soonest = tokens + len(work), min(due, soonest_deadline(work))
            if batch and (total > self.max_batch_tokens or now + self._seconds(total) > soonest):
                lane.put_back(work)
                break
            batch.append(work)
            tokens, due = total, soonest
        return batch

    def _with_company(self, lane: FairQueue, now: float, late: list[Running], enough: int) -> list[Work]:
        window: list[Work] = []
        while len(window) < LOOK_AHEAD and (work := self._pop(lane, now, late)) is not None:
            window.append(work)
        batch = self._company_of_first(window, now, enough) if window else []
        chosen = set(batch)
        for one in window:
            if one not in chosen:
                lane.put_back(one)
        return batch

    def _company_of_first(self, window: list[Work], now: float, enough: int) -> list[Work]:
        first, *others = window
        batch, tokens, longest, due = [first], len(first), len(first), soonest_deadline(first)
        for one in sorted(others, key=lambda other: abs(len(other) - len(first))):
            total, widest = tokens + len(one), max(longest, len(one))
            soonest = min(due, soonest_deadline(one))
            fits = tokens < enough and total <= self.max_batch_tokens and now + self._seconds(total) <= soonest
            if fits and self._is_worth((len(batch) + 1) * widest, total):
                batch.append(one)
                tokens, longest, due = total, widest, soonest
        return batch

    def _is_worth(self, cells: int, tokens: int) -> bool:
        return cells <= max(GRID_SLACK * tokens, self.max_batch_tokens // SMALL_GRID)

    # Deadlines

    def _seconds(self, tokens: int) -> float:
        """What a batch takes at most, as far as one can tell, on as much of the session as the last one got."""
        return MARGIN * self.pace.seconds(tokens) / self._share

    def _too_late(self, now: float) -> list[Running]:
        """All whose time is over, taken out wherever they wait."""
        late = []
        soonest = now + self._seconds(1)
        while self._deadlines and self._deadlines[0][0] < soonest:
            *_, sequence = heapq.heappop(self._deadlines)
            if sequence in self._owners:
                self._give_up(sequence)
                late.append(sequence)
        return late

    def _sweep_deadlines(self) -> None:
        """Let go of those who wait no more, once they are the most."""
        if len(self._deadlines) > 2 * len(self._owners) + LEAST_SWEEP:
            self._deadlines = [entry for entry in self._deadlines if entry[2] in self._owners]
            heapq.heapify(self._deadlines)

    def _pop(self, lane: FairQueue, now: float, late: list[Running]) -> Work | None:
        """The next one that somebody can still get in time; the others join `late`."""
        while (work := lane.pop()) is not None:
            alone, full = self._seconds(len(work)), self._seconds(min(len(work) + lane.tokens, self.batch_size))
            missed = [one for one in work.waiters if is_late(one, now, alone=alone, full=max(alone, full))]
            for sequence in missed:
                del self._owners[sequence], work.waiters[sequence]
            late += missed
            if work.waiters:
                return work
            self.finish([work])
        return None


def _retry_after(seconds: float) -> int:
    return min(max(math.ceil(seconds), 1), LONGEST_RETRY_SECONDS)
