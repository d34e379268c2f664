"""The loop beside a server: a process of its own, started again when it dies, ended with the server."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from dragoman.app.child_process import end_process, start_command

__all__ = ["LoopChild"]

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
STEADY_SECONDS = 60.0  # one that ran so long did not die of how it was started


class LoopChild:
    """Keeps `dragoman loop` running on a workspace, from `start` to `close`; without a workspace, nothing.

    As a context manager it is closed at the end of the block.
    """

    def __init__(self, workspace: Path | None) -> None:
        self.workspace = workspace
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dragoman-loop", daemon=True)

    def start(self) -> None:
        if self.workspace is not None:
            self._thread.start()

    def close(self) -> None:
        """End the loop: it finishes the stage that it is at, or leaves it to the next one."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        assert self.workspace is not None  # `start` has seen to it
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            ended = self._stay_with(start_command("loop", workspace=self.workspace))
            if self._stopping.is_set():
                return
            pause = FIRST_PAUSE if time.monotonic() - began > STEADY_SECONDS else pause
            logger.warning("The loop ended (%s); it is started again in %g s.", _words(ended), pause)
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _stay_with(self, child: subprocess.Popen[bytes]) -> int:
        while not self._stopping.wait(LOOK_SECONDS):
            if (ended := child.poll()) is not None:
                return ended
        return end_process(child)


def _words(ended: int) -> str:
    return f"killed by signal {-ended}" if ended < 0 else f"exit code {ended}"
