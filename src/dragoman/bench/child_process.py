"""A contender's process, seen from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dragoman.errors import NotFound, Unavailable

__all__ = ["ChildProcess", "command_of"]

FOLDER = Path(__file__).parent  # holds the package `contenders`, which needs no Dragoman
START = "import sys; sys.path.append(sys.argv[2]); from contenders.child import main; main(sys.argv[1])"
START_OWN = "import sys; from dragoman.bench.contenders.child import main; main(sys.argv[1])"
ANSWER_SECONDS = 1_800.0  # the longest that one command may take; conversions of large models take minutes
EXIT_SECONDS = 10.0
QUIET = {  # nothing is fetched, and nothing of the folder that the command is run in is imported
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYTHONSAFEPATH": "1",
    "PYTHONWARNINGS": "ignore",
    "TOKENIZERS_PARALLELISM": "true",
}


def command_of(name: str, *, interpreter: str) -> list[str]:
    """The command line of a contender: ours run in this interpreter, peers in theirs."""
    if name.startswith("dragoman"):
        return [sys.executable, "-c", START_OWN, name]
    return [interpreter, "-c", START, name, str(FOLDER)]


class ChildProcess:
    """Starts a process that answers one line of JSON with one line of JSON; ends it when the block ends."""

    def __init__(self, name: str, command: Sequence[str], *, threads: int) -> None:
        self.name = name
        self._noise = tempfile.TemporaryFile(prefix="dragoman-bench-")  # noqa: SIM115 (closed in `close`)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._noise,
            env={**os.environ, **QUIET, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)},
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Send a command and wait for its answer.

        Raises `NotFound` where a package that the contender needs is not installed, and `Unavailable` if it failed,
        died, or took longer than `ANSWER_SECONDS`.
        """
        line = self._exchange(json.dumps({"do": do, **fields}))
        if not line:
            raise Unavailable(f"{self.name} ended without an answer: {self._last_words()}", help="Leave it out.")
        answer: dict[str, Any] = json.loads(line)
        if missing := answer.get("missing"):
            raise NotFound(f"not installed: {', '.join(missing)}", help="Install it, or name another --python.")
        if error := answer.get("error"):
            raise Unavailable(f"{self.name} failed: {_first_line(error)}", help="Leave it out.")
        return answer

    def close(self) -> None:
        """End the process: its input ends, and if that does not help, it is killed."""
        if self._process.stdin and not self._process.stdin.closed:
            try:
                self._process.stdin.close()
            except BrokenPipeError:
                self._process.kill()
        try:
            self._process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._noise.close()

    def _exchange(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        guard = threading.Timer(ANSWER_SECONDS, self._process.kill)
        guard.start()
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            return self._process.stdout.readline()
        except BrokenPipeError:
            return ""
        finally:
            guard.cancel()

    def _last_words(self) -> str:
        """The last line that it wrote to standard error, else how it ended."""
        self._process.wait(EXIT_SECONDS)
        self._noise.seek(0)
        lines = self._noise.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return said[-1] if said else f"exit code {self._process.returncode}"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no message")
