from __future__ import annotations

import itertools
import logging
import threading

import pytest
from tests.monitoring.alerts.world import Clock, KeepingSender, alert, at, courier, notice, store

from dragoman.errors import Unavailable
from dragoman.monitoring.alerts import Courier
from dragoman.monitoring.alerts.delivery import failed, refused, sent, unreachable
from dragoman.monitoring.alerts.lane import MAX_BACKLOG
from dragoman.monitoring.alerts.moments import seconds_between
from dragoman.monitoring.alerts.retry import next_attempt
from dragoman.store.memory_catalog import MemoryCatalog


@pytest.fixture
def catalog() -> MemoryCatalog:
    return MemoryCatalog()


def status_of(catalog: MemoryCatalog, id: str = "n1") -> tuple[str, str]:
    return next((one.status, one.error) for one in catalog.notices() if one.id == id)


def rounds(catalog, sender, clock, *, seconds: float, every: float = 5.0) -> Courier:
    """A courier that has looked for so long."""
    one = courier(catalog, {"hook": sender}, clock)
    for _ in range(int(seconds / every)):
        one.tick()
        clock.pass_by(every)
    return one


def test_what_is_due_is_sent_once(catalog):
    store(catalog, notice(), notice(id="n2", due=at(100)))
    sender = KeepingSender()
    rounds(catalog, sender, Clock(), seconds=50)
    assert sender.tried == ["n1"]
    assert status_of(catalog) == ("sent", "")
    assert status_of(catalog, "n2") == ("waiting", "")


def test_a_failed_message_waits_longer_each_time_until_it_is_sent(catalog):
    store(catalog, notice())
    clock, times = Clock(), []

    def answer(one):
        times.append(clock.now)
        return failed("answered 503") if len(times) < 6 else sent()

    sender = KeepingSender(answer)
    rounds(catalog, sender, clock, seconds=600, every=0.5)
    waits = [seconds_between(*pair) for pair in itertools.pairwise(times)]
    assert len(times) == 6
    assert all(base / 2 <= wait <= base + 0.5 for wait, base in zip(waits, [5, 10, 20, 40, 80], strict=True))
    assert sender.got == ["n1"]
    assert status_of(catalog) == ("sent", "")


@pytest.mark.parametrize(("attempts", "longest"), [(1, 5), (2, 10), (10, 2560), (11, 3600), (5000, 3600)])
def test_the_wait_is_between_half_and_all_of_what_it_may_be(attempts, longest):
    waits = [
        seconds_between(at(), next_attempt(notice(attempts=attempts), failed(""), at(), draw=draw))
        for draw in (0.0, 0.999)
    ]
    assert waits == pytest.approx([longest, longest / 2], rel=0.01)


def test_a_message_waits_for_as_long_as_the_receiver_asks():
    due = next_attempt(notice(attempts=1), failed("busy", retry_after=7200), at(), draw=0.5)
    assert due == at(7200)


def test_a_receiver_is_left_alone_for_as_long_as_it_asks(catalog):
    store(catalog, notice(), notice(id="n2", group=["search", "1", ""]))
    clock = Clock()
    busy = KeepingSender(lambda one: failed("answered 429", retry_after=100) if clock.now < at(100) else sent())
    one = rounds(catalog, busy, clock, seconds=100)
    assert busy.tried == ["n1"]
    one.tick()
    one.tick()
    assert sorted(busy.got) == ["n1", "n2"]


def test_a_refused_message_is_given_up_at_once_and_loudly(catalog, caplog):
    store(catalog, notice())
    sender = KeepingSender(lambda one: refused("answered 404: no such hook"))
    one = rounds(catalog, sender, Clock(), seconds=50)
    assert sender.tried == ["n1"]
    assert status_of(catalog) == ("given up", "answered 404: no such hook")
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "no such hook" in record.message
    assert "12% of requests in Hindi" in record.message
    assert one.stats()["hook"].given_up == 1


def test_a_message_that_nobody_takes_for_three_days_is_given_up(catalog, caplog):
    store(catalog, notice())
    sender, clock = KeepingSender(lambda one: unreachable("it cannot be reached")), Clock()
    rounds(catalog, sender, clock, seconds=71 * 3600, every=600)
    assert status_of(catalog)[0] == "waiting"
    tried = len(sender.tried)
    rounds(catalog, sender, clock, seconds=2 * 3600, every=600)
    assert status_of(catalog)[0] == "given up"
    assert 70 <= tried <= 160


def test_messages_of_one_group_stay_in_order(catalog):
    store(catalog, notice(), notice(id="n2", created=at(1)), notice(id="n3", group=["search", "1", ""]))
    clock = Clock()
    sender = KeepingSender(lambda one: failed("no") if one.id == "n1" and clock.now < at(60) else sent())
    rounds(catalog, sender, clock, seconds=200)
    assert sender.got == ["n3", "n1", "n2"]


def test_pages_go_before_tickets(catalog):
    page = [alert(severity="page")]
    store(catalog, notice(), notice(id="n2", group=["search", "1", ""], created=at(5), alerts=page))
    sender = KeepingSender()
    rounds(catalog, sender, Clock(), seconds=5)
    assert sender.got == ["n2", "n1"]


def test_an_unreachable_receiver_is_tried_once_a_round(catalog):
    store(catalog, *[notice(id=f"n{number}", group=["support", f"{number}", ""]) for number in range(10)])
    sender = KeepingSender(lambda one: unreachable("gone"))
    courier(catalog, {"hook": sender}, Clock()).tick()
    assert len(sender.tried) == 1


def test_all_that_waited_is_sent_when_a_receiver_is_back(catalog):
    store(catalog, *[notice(id=f"n{number}", group=["support", f"{number}", ""]) for number in range(10)])
    clock, is_back = Clock(), []
    sender = KeepingSender(lambda one: sent() if is_back else unreachable("gone"))
    one = rounds(catalog, sender, clock, seconds=4 * 3600, every=60)
    is_back.append(True)
    store(catalog, notice(id="new", group=["search", "1", ""], created=clock.now, due=clock.now))
    one.tick()
    one.tick()
    assert sorted(sender.got) == sorted(["new", *[f"n{number}" for number in range(10)]])


def test_a_receiver_that_hangs_delays_no_other(catalog):
    store(catalog, notice(), notice(id="n2", receiver="mail"))
    released = threading.Event()
    slow, quick = KeepingSender(lambda one: sent() if released.wait(30) else failed("")), KeepingSender()
    one = Courier(catalog, {"hook": slow, "mail": quick}, clock=Clock())
    one.tick()
    assert not one.wait(0.3)
    assert (slow.got, quick.got) == ([], ["n2"])
    one.tick()
    released.set()
    assert one.wait(30)
    assert slow.tried == ["n1"]


def test_of_two_couriers_one_sends(catalog):
    store(catalog, *[notice(id=f"n{number}", group=["support", f"{number}", ""]) for number in range(50)])
    first, second = KeepingSender(), KeepingSender()
    couriers = [Courier(catalog, {"hook": sender}, clock=Clock()) for sender in (first, second)]
    for one in couriers:
        one.tick()
    assert all(one.wait(30) for one in couriers)
    assert sorted(first.got + second.got) == sorted(f"n{number}" for number in range(50))


def test_a_message_in_another_couriers_hand_is_not_sent_before_its_lease_is_over(catalog):
    store(catalog, notice())
    catalog.save_notice(notice(status="sending", attempts=1, due=at(120), revision=1))
    sender, clock = KeepingSender(), Clock()
    one = rounds(catalog, sender, clock, seconds=120)
    assert sender.tried == []
    one.tick()
    assert sender.got == ["n1"]
    assert catalog.notices()[0].attempts == 2


def test_what_was_sent_and_could_not_be_stored_is_not_sent_again(catalog, monkeypatch):
    store(catalog, notice(), notice(id="n2", created=at(1)))
    real, broken = catalog.save_notice, [True]

    def save(one):
        if one.status == "sent" and broken:
            raise Unavailable("The database is away.")
        return real(one)

    monkeypatch.setattr(catalog, "save_notice", save)
    sender, clock = KeepingSender(), Clock()
    one = rounds(catalog, sender, clock, seconds=600)
    assert sender.got == ["n1", "n2"]
    broken.clear()
    one.tick()
    assert {one.status for one in catalog.notices()} == {"sent"}
    assert sender.got == ["n1", "n2"]


def test_a_sender_that_breaks_costs_an_attempt_only(catalog, caplog):
    store(catalog, notice())
    sender = KeepingSender(lambda one: {}["nothing"])
    courier(catalog, {"hook": sender}, Clock()).tick()
    assert status_of(catalog) == ("waiting", "the sender failed: KeyError")


def test_messages_to_a_receiver_that_is_gone_are_given_up(catalog):
    store(catalog, notice(receiver="old"))
    courier(catalog, {"hook": KeepingSender()}, Clock()).tick()
    assert status_of(catalog) == ("given up", "receivers.toml has no receiver 'old'")


def test_only_so_many_messages_wait_for_a_receiver_pages_longest(catalog):
    page = [alert(severity="page")]
    store(catalog, notice(id="page", alerts=page, due=at(9)))
    more = [
        notice(id=f"n{number}", group=["support", f"{number}", ""], created=at(1 + number), due=at(9000))
        for number in range(MAX_BACKLOG + 2)
    ]
    store(catalog, *more)
    one = courier(catalog, {"hook": KeepingSender()}, Clock())
    one.tick()
    given_up = [one.id for one in catalog.notices() if one.status == "given up"]
    assert given_up == ["n0", "n1", "n2"]
    assert one.stats()["hook"].given_up == 3


def test_a_receiver_that_forgets_is_reminded_of_what_it_was_told_and_still_fires(catalog):
    known, unknown = alert(told={"hook": "ticket"}), alert(id="a2", language="th", told={"other": "page"})
    over = alert(id="a3", language="sw", status="resolved", ended=at(), told={"hook": "ticket"})
    catalog.save_alerts([known, unknown, over])
    sender = KeepingSender(keeps=True)
    rounds(catalog, sender, Clock(), seconds=180, every=5)
    assert sender.reminded == [["a1"]] * 3


def test_the_catalogs_absence_is_the_callers_to_hear(catalog, monkeypatch):
    def refuse(**options):
        raise Unavailable("The database is away.")

    monkeypatch.setattr(catalog, "notices", refuse)
    with pytest.raises(Unavailable):
        courier(catalog, {}, Clock()).tick()
