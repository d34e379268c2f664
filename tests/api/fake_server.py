"""A real server over a fake model, which tells on standard output what happens.

`python fake_server.py PORT HOLD DRAIN_SECONDS LOADING`: batches wait while the file HOLD exists. Loading waits while
LOADING exists, and fails if it says so.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dragoman.api import server
from dragoman.api.application import create_app
from dragoman.api.lifecycle import Lifecycle
from dragoman.errors import NotFound
from dragoman.models.packing import PackedBatch
from dragoman.runtime.base import FakeSession, Floats
from dragoman.serving.fakes import fake_model
from dragoman.serving.table import ModelTable


class FileHeldSession(FakeSession):
    def __init__(self, hold: Path) -> None:
        super().__init__()
        self.hold = hold

    def run(self, batch: PackedBatch) -> Floats:
        say(f"running {batch.texts}")
        while self.hold.exists():
            time.sleep(0.002)
        return super().run(batch)


class Announce:
    """Middleware that tells of every request when its body is first asked for, and when it is over."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_reading = False

        async def announced() -> Message:
            nonlocal is_reading
            if not is_reading:
                say(f"reading {scope['path']}")
            is_reading = True
            return await receive()

        await self.app(scope, announced, send)
        say(f"over {scope['path']}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def load(loading: Path) -> None:
    say("loading")
    with suppress(FileNotFoundError):  # that is how a test says that it is loaded
        while loading.read_text() != "fail":
            time.sleep(0.002)
        raise NotFound("There is no such folder.")
    say("loaded")


def main(port: str, hold: str, drain_seconds: str, loading: str) -> None:
    models, lifecycle = ModelTable(), Lifecycle()
    models.add(fake_model(session=FileHeldSession(Path(hold))))
    app = Announce(create_app(models, lifecycle=lifecycle))
    server.FLUSH_SECONDS = 1
    try:
        server.run_server(
            app,
            lifecycle,
            host="127.0.0.1",
            port=int(port),
            prepare=lambda: load(Path(loading)),
            on_ready=lambda: say("ready"),
            drain_seconds=float(drain_seconds),
        )
    finally:
        models.close()
    say("ended")


if __name__ == "__main__":
    main(*sys.argv[1:])
