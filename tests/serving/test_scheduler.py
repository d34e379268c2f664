from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dragoman.errors import DeadlineExceeded, Overloaded
from dragoman.serving import scheduler as scheduler_module
from dragoman.serving.batch import Asked, Batch
from dragoman.serving.fakes import CountReadout
from dragoman.serving.options import Options
from dragoman.serving.scheduler import BULK_TURN, GRID_SLACK, SMALL_GRID, Scheduler
from dragoman.serving.sequence import Sequence, Status
from dragoman.serving.work import key_of

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=80)
ONLINE, BULK = Options(), Options(priority="bulk")
READOUT = CountReadout()


class Queue:
    """A scheduler with different texts of given lengths."""

    def __init__(self, *, max_batch_tokens: int = 32, max_queue_tokens: int = 10_000, **options: object) -> None:
        self.scheduler = Scheduler(
            max_batch_tokens=max_batch_tokens,
            max_queue_tokens=max_queue_tokens,
            **options,  # type: ignore[arg-type]
        )
        self.number = 0
        self.now = 0.0

    def add(self, *lengths: int, options: Options = ONLINE) -> list[Sequence]:
        asked = [self.asked(length, options) for length in lengths]
        self.scheduler.add(asked, options, self.now)
        return [one.sequence for one in asked]

    def asked(self, length: int, options: Options = ONLINE, *, number: int | None = None) -> Asked:
        self.number += 1
        ids = [self.number if number is None else -number] * length
        sequence = Sequence(length, arrived=self.now, deadline=options.deadline)
        return Asked(ids, None, READOUT, key_of("", READOUT, ids, None), sequence)

    def next(self) -> Batch:
        return self.scheduler.next_batch(self.now)

    def lengths(self) -> list[int]:
        return [len(one) for one in self.next().works]

    def learn(self, *, per_token: float, fixed: float = 0.0) -> None:
        """Teach how long batches take."""
        for tokens in (10, 20, 40, 80) * 20:
            self.scheduler.pace.add(tokens, per_token * tokens + fixed)


def waiters_of(batch: Batch) -> list[Sequence]:
    return [sequence for work in batch.works for sequence in work.waiters]


# Batches


@given(lengths=LENGTHS, max_batch_tokens=st.integers(16, 128), pads=st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_text_runs_exactly_once(lengths: list[int], max_batch_tokens: int, *, pads: bool) -> None:
    queue = Queue(max_batch_tokens=max_batch_tokens, pads_attention=pads)
    added = queue.add(*lengths)
    ran: list[Sequence] = []
    while (batch := queue.next()).works:
        ran += waiters_of(batch)
    assert sorted(map(id, ran)) == sorted(map(id, added))
    assert (queue.scheduler.waiting_tokens, queue.scheduler.waiting_pieces) == (0, 0)


@given(LENGTHS, st.integers(16, 128))
@settings(max_examples=60, deadline=None)
def test_batches_are_filled_in_order_up_to_their_budget(lengths: list[int], max_batch_tokens: int) -> None:
    queue = Queue(max_batch_tokens=max_batch_tokens)
    queue.add(*lengths)
    ran: list[int] = []
    while batch := queue.lengths():
        ran += batch
        following = lengths[len(ran) : len(ran) + 1]
        assert sum(batch) <= max_batch_tokens or len(batch) == 1
        assert not following or sum(batch) + following[0] > max_batch_tokens
    assert ran == lengths


@given(LENGTHS, st.integers(16, 128))
@settings(max_examples=60, deadline=None)
def test_where_attention_pads_every_batch_holds_the_oldest_text(lengths: list[int], max_batch_tokens: int) -> None:
    queue = Queue(max_batch_tokens=max_batch_tokens, pads_attention=True)
    waiting = queue.add(*lengths)
    while sequences := waiters_of(queue.next()):
        tokens, cells = sum(map(len, sequences)), len(sequences) * max(map(len, sequences))
        assert sequences[0] is waiting[0]
        assert tokens <= max_batch_tokens or len(sequences) == 1
        assert cells <= max(GRID_SLACK * tokens, max_batch_tokens // SMALL_GRID) or len(sequences) == 1
        waiting = [one for one in waiting if one not in sequences]


def test_where_attention_pads_the_oldest_text_is_joined_by_those_of_its_own_length() -> None:
    queue = Queue(pads_attention=True)
    queue.add(8, 30, 2, 8, 7, 9, 25)
    assert queue.lengths() == [8, 8, 7, 9]


def test_where_attention_pads_a_long_text_does_not_widen_the_grid_of_short_ones() -> None:
    queue = Queue(max_batch_tokens=400, pads_attention=True)
    queue.add(*[3] * 50, 100)
    assert [queue.lengths(), queue.lengths()] == [[3] * 50, [100]]


def test_texts_past_the_look_ahead_keep_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler_module, "LOOK_AHEAD", 2)
    queue = Queue(max_batch_tokens=10, pads_attention=True)
    queue.add(4, 9, 4, 5)
    assert [queue.lengths() for _ in range(3)] == [[4], [9], [4, 5]]


def test_texts_of_several_requests_share_a_batch() -> None:
    queue = Queue()
    for _ in range(3):
        queue.add(5)
    assert queue.lengths() == [5, 5, 5]


def test_a_text_longer_than_the_budget_runs_alone() -> None:
    queue = Queue(max_batch_tokens=16)
    queue.add(40, 4)
    assert [queue.lengths(), queue.lengths()] == [[40], [4]]


def test_a_batch_is_no_larger_than_makes_the_session_efficient() -> None:
    queue = Queue(max_batch_tokens=4_096)
    queue.learn(per_token=1.0, fixed=16.0)
    queue.add(*[10] * 200)
    assert queue.scheduler.batch_size == pytest.approx(31 * 16, abs=2)
    assert sum(queue.lengths()) == pytest.approx(500, abs=10)


# Priorities and shares


def test_online_texts_run_before_bulk_texts() -> None:
    queue = Queue()
    queue.add(30, 29, options=BULK)
    queue.add(28)
    assert [queue.lengths() for _ in range(3)] == [[28], [30], [29]]


def test_bulk_work_gets_its_turn_however_much_online_work_comes() -> None:
    queue = Queue()
    queue.add(*[30] * 3, options=BULK)
    queue.add(*[20] * 40)
    lengths = [queue.lengths()[0] for _ in range(3 * BULK_TURN)]
    assert [place for place, length in enumerate(lengths) if length == 30] == [
        BULK_TURN * turn - 1 for turn in (1, 2, 3)
    ]


def test_a_caller_with_a_thousand_texts_does_not_hold_up_another_one() -> None:
    queue = Queue(max_queue_tokens=100_000)
    queue.add(*[10] * 1_000, options=Options(caller="many"))
    queue.next()
    queue.add(7, options=Options(caller="single"))
    assert 7 in queue.lengths()


def test_callers_get_equal_tokens_whatever_the_lengths_of_their_texts() -> None:
    queue = Queue(max_batch_tokens=64)
    queue.add(*[32] * 50, options=Options(caller="long"))
    queue.add(*[4] * 400, options=Options(caller="short"))
    served = Counter(length for _ in range(20) for length in queue.lengths())
    assert abs(32 * served[32] - 4 * served[4]) <= 32 + 4


def test_a_caller_who_gives_up_its_texts_gets_its_share_back() -> None:
    queue = Queue()
    given_up = queue.add(*[30] * 20, options=Options(caller="one"))
    queue.add(*[30] * 3, options=Options(caller="two"))
    queue.scheduler.cancel(given_up)
    queue.add(29, options=Options(caller="one"))
    assert 29 in queue.lengths() + queue.lengths()


# Identical texts


def test_identical_texts_of_one_request_are_one_piece_of_work() -> None:
    queue = Queue()
    asked = [queue.asked(5, number=1) for _ in range(3)]
    assert queue.scheduler.add(asked, Options(), 0.0) == 2
    assert (queue.scheduler.waiting_tokens, queue.scheduler.waiting_pieces, queue.lengths()) == (5, 3, [5])


def test_who_asks_while_a_text_runs_joins_it() -> None:
    queue = Queue()
    queue.scheduler.add([queue.asked(5, number=1)], Options(), 0.0)
    batch = queue.next()
    follower = queue.asked(5, number=1)
    queue.scheduler.add([follower], Options(), 3.0)
    assert waiters_of(batch)[1] is follower.sequence
    assert (follower.sequence.status, follower.sequence.started) == (Status.RUNNING, 3.0)


def test_who_asks_after_a_text_ran_runs_it_anew() -> None:
    queue = Queue()
    for _ in range(2):
        assert queue.scheduler.add([queue.asked(5, number=1)], Options(), 0.0) == 0
        queue.scheduler.finish(queue.next().works)


def test_an_online_follower_lifts_a_bulk_text() -> None:
    queue = Queue()
    queue.add(*[30] * 5, options=BULK)
    queue.scheduler.add([queue.asked(31, number=1)], BULK, 0.0)
    queue.scheduler.add([queue.asked(31, number=1)], Options(), 0.0)
    assert [queue.lengths(), queue.lengths()] == [[31], [30]]
    assert queue.scheduler.waiting_tokens == 120


def test_a_follower_of_another_caller_lifts_a_text_to_its_own_place() -> None:
    queue = Queue()
    many = Options(caller="many")
    queue.add(*[30] * 20, options=many)
    queue.scheduler.add([queue.asked(31, number=1)], many, 0.0)
    queue.scheduler.add([queue.asked(31, number=1)], Options(caller="single"), 0.0)
    assert [31] in [queue.lengths(), queue.lengths()]


def test_a_text_lives_as_long_as_somebody_waits_for_it() -> None:
    queue = Queue()
    leader, follower = queue.asked(5, number=1), queue.asked(5, number=1)
    queue.scheduler.add([leader], Options(), 0.0)
    queue.scheduler.add([follower], Options(), 0.0)
    assert queue.scheduler.cancel([leader.sequence]) == [leader.sequence]
    assert queue.scheduler.waiting_tokens == 5
    queue.scheduler.cancel([follower.sequence])
    assert (queue.scheduler.waiting_tokens, queue.scheduler.waiting_pieces, queue.lengths()) == (0, 0, [])


def test_a_follower_with_time_gets_what_the_leader_has_no_time_for() -> None:
    queue = Queue()
    leader = queue.asked(5, Options(deadline=1.0), number=1)
    follower = queue.asked(5, number=1)
    for one in (leader, follower):
        queue.scheduler.add([one], Options(deadline=one.sequence.deadline), 0.0)
    batch = queue.scheduler.next_batch(2.0)
    assert batch.late == [leader.sequence]
    assert waiters_of(batch) == [follower.sequence]


# Admission


def test_cancelled_texts_are_dropped_and_make_room() -> None:
    queue = Queue(max_queue_tokens=20)
    given_up, kept = queue.add(6, 6), queue.add(8)
    assert queue.scheduler.cancel(given_up) == given_up
    assert queue.scheduler.cancel(given_up) == []
    assert queue.scheduler.can_add(12)
    assert waiters_of(queue.next()) == kept


def test_cancelling_a_running_text_changes_nothing() -> None:
    queue = Queue()
    (running,) = queue.add(6)
    queue.next()
    assert queue.scheduler.cancel([running]) == []
    assert running.status is Status.RUNNING


def test_a_full_queue_refuses_the_whole_request_and_says_when_to_come_back() -> None:
    queue = Queue(max_queue_tokens=20)
    queue.add(15)
    with pytest.raises(Overloaded, match="15 tokens wait and the request has 9; the queue holds 20") as caught:
        queue.add(2, 7)
    assert caught.value.retry_after == 1
    assert "serving.max_queue_tokens" in caught.value.help
    assert queue.scheduler.waiting_tokens == 15


def test_a_queue_of_too_many_texts_refuses_even_identical_ones() -> None:
    queue = Queue(max_queue_pieces=3)
    queue.scheduler.add([queue.asked(1, number=1) for _ in range(3)], Options(), 0.0)
    with pytest.raises(Overloaded, match="3 texts wait and the request has 1; at most 3 may"):
        queue.scheduler.add([queue.asked(1, number=1)], Options(), 0.0)


def test_retry_after_follows_the_measured_speed() -> None:
    queue = Queue(max_queue_tokens=100)
    queue.learn(per_token=0.1)
    queue.add(95)
    with pytest.raises(Overloaded) as caught:
        queue.add(9)
    assert caught.value.retry_after == 10


def test_a_request_larger_than_the_queue_is_taken_when_nothing_waits() -> None:
    queue = Queue(max_queue_tokens=20)
    queue.add(15, 15)
    assert queue.scheduler.waiting_tokens == 30
    assert not queue.scheduler.can_add(1)


def test_a_refused_request_leaves_nothing_behind() -> None:
    """PROTOCOLS 6.5: partial admission."""
    queue = Queue(max_queue_tokens=20)
    queue.add(15)
    with pytest.raises(Overloaded):
        queue.scheduler.add([queue.asked(4, number=1), queue.asked(9, number=2)], Options(), 0.0)
    assert queue.scheduler.add([queue.asked(4, number=1)], Options(), 0.0) == 0


def test_the_newest_request_is_refused_and_the_oldest_kept() -> None:
    """PROTOCOLS 6.12: an unbounded queue, and dropping the oldest under overload."""
    queue = Queue(max_queue_tokens=20)
    oldest = queue.add(15)
    with pytest.raises(Overloaded):
        queue.add(10)
    assert waiters_of(queue.next()) == oldest


# Deadlines


def test_a_request_that_cannot_be_done_in_time_is_refused_at_once() -> None:
    queue = Queue()
    queue.learn(per_token=0.1)
    queue.add(*[30] * 10)
    with pytest.raises(Overloaded, match=r"would be done in \d+\.\d+ s; it has 5\.000 s") as caught:
        queue.add(10, options=Options(deadline=5.0))
    assert caught.value.retry_after > 30
    queue.add(10, options=Options(deadline=5.0, caller="another"))


def test_a_request_that_takes_longer_than_it_has_even_alone_is_too_late() -> None:
    queue = Queue()
    queue.learn(per_token=0.1)
    with pytest.raises(DeadlineExceeded, match=r"may take 6\.250 s; it has 5\.000 s"):
        queue.add(50, options=Options(deadline=5.0))


def test_a_queue_that_takes_too_long_refuses_before_anything_is_known_of_a_request() -> None:
    queue = Queue()
    queue.learn(per_token=0.1)
    queue.add(*[30] * 10)
    with pytest.raises(Overloaded):
        queue.scheduler.expect(1, 1, Options(deadline=5.0), queue.now)
    queue.scheduler.expect(1, 1, Options(), queue.now)


def test_a_request_that_is_being_prepared_has_its_place_in_the_queue() -> None:
    queue, options = Queue(max_queue_tokens=100), Options(caller="one")
    queue.scheduler.expect(80, 2, options, queue.now)
    with pytest.raises(Overloaded):
        queue.add(30)
    queue.scheduler.arrived(80, options)
    queue.add(30)


def test_what_others_prepare_delays_a_request_by_as_much_as_it_has_itself() -> None:
    queue = Queue()
    queue.learn(per_token=0.01)
    queue.scheduler.expect(900, 9, Options(caller="many", deadline=100.0), queue.now)
    queue.add(10, options=Options(caller="few", deadline=1.0))
    with pytest.raises(Overloaded):
        queue.add(10, options=Options(caller="many", deadline=1.0))


def test_a_batch_on_half_of_a_session_takes_twice_as_long_and_teaches_the_pace_of_the_whole() -> None:
    queue = Queue(max_batch_tokens=4_096)
    queue.learn(per_token=0.001)
    queue.scheduler.take_over(2)
    queue.add(*[20] * 50)
    part = queue.scheduler.part(queue.now)
    assert part is not None
    batch = queue.scheduler.next_batch(queue.now, part)
    assert queue.scheduler.seconds(batch) == pytest.approx(2 * 0.001 * batch.tokens, rel=0.05)
    queue.scheduler.ran(batch, 2 * 0.001 * batch.tokens)
    assert queue.scheduler.pace.seconds(100) == pytest.approx(0.1, rel=0.05)


def test_while_both_halves_are_at_work_there_is_no_part_for_a_batch() -> None:
    queue = Queue(max_batch_tokens=4_096)
    queue.scheduler.take_over(2)
    queue.add(*[20] * 100)
    for half in (0, 1):
        part = queue.scheduler.part(queue.now)
        assert part is not None
        assert part.half == half
        queue.scheduler.next_batch(queue.now, part)
        queue.add(*[20] * 50)
    assert queue.scheduler.part(queue.now) is None


def test_speed_is_of_tokens_not_of_texts() -> None:
    """PROTOCOLS 6.12: a latency model that counts items."""
    queue = Queue(max_queue_tokens=100_000)
    queue.learn(per_token=0.1)
    queue.add(*[1] * 40, options=Options(deadline=7.0))
    with pytest.raises((Overloaded, DeadlineExceeded)):
        queue.add(*[30] * 2, options=Options(deadline=7.0, caller="another"))


def test_texts_too_late_to_finish_are_given_back_and_not_run() -> None:
    queue = Queue(max_batch_tokens=64)
    hopeless = queue.add(20, options=Options(deadline=10.0))
    hopeful = queue.add(5, options=Options(deadline=10.0))
    queue.learn(per_token=0.1)
    batch = queue.scheduler.next_batch(9.0)
    assert (batch.late, waiters_of(batch)) == (hopeless, hopeful)
    assert queue.scheduler.waiting_tokens == 0


def test_texts_whose_time_is_over_are_given_back_wherever_they_wait() -> None:
    queue = Queue()
    queue.add(*[30] * 50)
    late = queue.add(30, options=Options(deadline=1.0))
    assert queue.scheduler.next_batch(2.0).late == late
    assert queue.scheduler.waiting_tokens == 49 * 30


def test_for_a_text_that_came_with_little_time_a_batch_is_kept_small() -> None:
    queue = Queue(max_batch_tokens=256)
    queue.add(10, options=Options(deadline=2.6))
    queue.add(*[10] * 20)
    queue.learn(per_token=0.1)
    assert len(queue.lengths()) == 2


def test_for_texts_that_have_little_time_left_batches_are_not_kept_small() -> None:
    queue = Queue(max_batch_tokens=256)
    late = queue.add(10, options=Options(deadline=100.0))
    queue.add(*[10] * 30)
    queue.learn(per_token=0.1)
    batch = queue.scheduler.next_batch(95.0)
    assert (batch.late, batch.tokens) == (late, 250)


def test_without_a_measured_speed_nobody_is_refused_for_a_guess() -> None:
    queue = Queue()
    queue.add(*[30] * 100)
    queue.add(30, options=Options(deadline=0.001))
    assert queue.next().late == []


# Cost


class CountedLength(list[int]):
    """Token ids that count how often their length was asked for."""

    asked = 0

    def __len__(self) -> int:
        CountedLength.asked += 1
        return super().__len__()


def test_a_long_queue_costs_no_more_per_text_than_a_short_one() -> None:
    def operations(waiting: int) -> int:
        queue = Queue(max_queue_tokens=10**7, max_queue_pieces=10**6)
        for number in range(waiting):
            asked = queue.asked(4)
            asked = asked._replace(ids=CountedLength(asked.ids))
            queue.scheduler.add([asked], Options(caller=str(number % 7)), 0.0)
        more = [queue.asked(4) for _ in range(50)]
        CountedLength.asked = 0
        for one in more:
            queue.scheduler.add([one], Options(caller="late", deadline=10.0), 0.0)
        queue.scheduler.cancel([one.sequence for one in more[::2]])
        for _ in range(20):
            queue.next()
        return CountedLength.asked

    few, many = operations(1_000), operations(100_000)
    assert many <= 1.1 * few


def test_what_is_cancelled_is_let_go() -> None:
    queue = Queue(max_queue_tokens=10**7)
    for _ in range(100):
        queue.scheduler.cancel(queue.add(*[4] * 20, options=Options(deadline=10.0**9, caller=str(queue.number))))
        queue.next()
    lane = queue.scheduler._lanes["online"]
    assert max(len(lane._heap), len(lane._ends), len(queue.scheduler._deadlines)) <= 200


# Everything at once


class SchedulerMachine(RuleBasedStateMachine):
    """Nothing lost, nothing twice, budgets and bounds kept, whatever happens in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue(max_batch_tokens=32, max_queue_tokens=400, max_queue_pieces=40)
        self.waiting: dict[Sequence, int] = {}
        self.running: list[Batch] = []
        self.told: Counter[Sequence] = Counter()
        self.online_in_a_row = 0

    @rule(
        texts=st.lists(st.integers(1, 12), min_size=1, max_size=5),
        caller=st.sampled_from("abc"),
        bulk=st.booleans(),
        patience=st.none() | st.integers(0, 20),
    )
    def add(self, texts: list[int], caller: str, patience: int | None, *, bulk: bool) -> None:
        deadline = None if patience is None else self.queue.now + patience
        options = Options("bulk" if bulk else "online", deadline, caller)
        asked = [self.queue.asked(3 * text, options, number=text) for text in texts]
        before = self.queue.scheduler.waiting_pieces
        try:
            self.queue.scheduler.add(asked, options, self.queue.now)
        except (Overloaded, DeadlineExceeded):
            assert self.queue.scheduler.waiting_pieces == before
            return
        self.waiting |= {one.sequence: 3 * text for one, text in zip(asked, texts, strict=True)}

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        chosen = data.draw(st.lists(st.sampled_from(list(self.waiting)), max_size=4, unique=True))
        for sequence in self.queue.scheduler.cancel(chosen):
            assert sequence.status is Status.WAITING
            self.tell(sequence)

    @rule()
    def take(self) -> None:
        bulk_waits = len(self.queue.scheduler._lanes["bulk"]) > 0
        batch = self.queue.next()
        for sequence in batch.late:
            assert sequence.deadline is not None
            self.tell(sequence)
        assert batch.tokens == sum(map(len, batch.works)) <= 32 or len(batch.works) == 1
        if batch.works:
            self.running.append(batch)
            is_online = batch.works[0].priority == "online"
            self.online_in_a_row = self.online_in_a_row + 1 if is_online and bulk_waits else 0
        assert self.online_in_a_row < BULK_TURN

    @precondition(lambda self: self.running)
    @rule(seconds=st.floats(0.1, 3))
    def finish(self, seconds: float) -> None:
        batch = self.running.pop(0)
        self.queue.now += seconds
        self.queue.scheduler.ran(batch, seconds)
        self.queue.scheduler.finish(batch.works)
        for sequence in waiters_of(batch):
            self.tell(sequence)

    def tell(self, sequence: Sequence) -> None:
        self.told[sequence] += 1
        del self.waiting[sequence]

    @invariant()
    def nothing_is_told_twice(self) -> None:
        assert not self.told or max(self.told.values()) == 1

    @invariant()
    def counts_add_up(self) -> None:
        scheduler = self.queue.scheduler
        run = {one for batch in self.running for one in waiters_of(batch)}
        left = [one for one in self.waiting if one not in run]
        works = {id(scheduler._owners[one]): scheduler._owners[one] for one in left}
        assert scheduler.waiting_pieces == len(left)
        assert scheduler.waiting_tokens == sum(map(len, works.values()))
        assert sum(map(len, scheduler._lanes.values())) == len(works)

    def teardown(self) -> None:
        while self.waiting:
            self.take()
            if self.running:
                self.finish(0.1)


TestSchedulerMachine = SchedulerMachine.TestCase
TestSchedulerMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_at_full_load_each_batch_brings_every_backlogged_caller_nearer() -> None:
    queue = Queue(max_batch_tokens=40, max_queue_tokens=100_000)
    for caller in "abcd":
        queue.add(*[10] * 200, options=Options(caller=caller))
    served = Counter(work.caller for _ in range(50) for work in queue.next().works)
    assert max(served.values()) - min(served.values()) <= 1
