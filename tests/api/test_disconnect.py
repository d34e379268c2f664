from __future__ import annotations

import asyncio

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from dragoman.api.disconnect import while_connected

pytestmark = pytest.mark.anyio


def request_of(leaves: asyncio.Event) -> Request:
    async def receive() -> Message:
        await leaves.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http"}, receive)


async def test_the_result_of_the_work_is_passed_on() -> None:
    assert await while_connected(request_of(asyncio.Event()), asyncio.sleep(0, "done")) == "done"


async def test_an_error_of_the_work_is_passed_on() -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await while_connected(request_of(asyncio.Event()), fail())


async def test_a_client_that_goes_ends_the_work_before_the_request_is_over() -> None:
    leaves, ended = asyncio.Event(), []

    async def work() -> None:
        leaves.set()
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    with pytest.raises(ClientDisconnect):
        await while_connected(request_of(leaves), work())
    assert ended == [True]
