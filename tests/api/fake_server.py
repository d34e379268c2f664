"""A real server over a fake model, which tells on standard output what happens.

`python fake_server.py PORT HOLD DRAIN_SECONDS`: batches wait while the file HOLD exists.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dragoman.api import server
from dragoman.api.native import create_app
from dragoman.models.packing import PackedBatch
from dragoman.runtime.base import FakeSession, Outputs
from dragoman.serving.fakes import fake_model
from dragoman.serving.table import ModelTable


class FileHeldSession(FakeSession):
    def __init__(self, hold: Path) -> None:
        super().__init__()
        self.hold = hold

    def run(self, batch: PackedBatch) -> Outputs:
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


def main(port: str, hold: str, drain_seconds: str) -> None:
    models = ModelTable()
    models.add(fake_model(session=FileHeldSession(Path(hold))))
    app = create_app(models)
    app.add_middleware(Announce)
    server.FLUSH_SECONDS = 1
    server.run_server(
        app,
        host="127.0.0.1",
        port=int(port),
        on_ready=lambda: say("ready"),
        drain_seconds=float(drain_seconds),
    )
    models.close()
    say("ended")


if __name__ == "__main__":
    main(*sys.argv[1:])
