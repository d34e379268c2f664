from __future__ import annotations

import asyncio
import threading

import pytest

from dragoman.monitoring.prediction_log.ticket import Ticket


@pytest.mark.parametrize(("fate", "is_durable"), [("durable", True), ("shed", False)])
def test_everybody_who_waits_is_told(fate, is_durable):
    ticket = Ticket()

    async def ask() -> list[bool]:
        waiting = [asyncio.create_task(ticket.durable()) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.to_thread(ticket.settle, fate)
        return await asyncio.gather(*waiting)

    assert asyncio.run(ask()) == [is_durable] * 3
    assert ticket.wait() == fate


def test_one_who_gives_up_keeps_nobody_else_waiting():
    ticket = Ticket()

    async def ask() -> bool:
        one, other = (asyncio.create_task(ticket.durable()) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        ticket.settle("durable")
        return await other

    assert asyncio.run(ask())


def test_a_loop_that_is_gone_is_no_problem():
    ticket = Ticket()

    async def ask() -> None:
        task = asyncio.create_task(ticket.durable())
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(ask())
    ticket.settle("durable")
    assert ticket.fate == "durable"


def test_a_settled_ticket_is_asked_without_waiting():
    ticket = Ticket(fate="shed")
    assert ticket.wait() == "shed"
    assert not asyncio.run(ticket.durable())


def test_asking_makes_haste():
    asked = threading.Event()
    assert Ticket(asked.set).wait(timeout=0) == "waiting"
    assert asked.is_set()
