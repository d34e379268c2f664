#!/usr/bin/env python3
"""How long does Dragoman take to start? `import dragoman` at most 150 ms, `dragoman --help` at most 400 ms.

usage: bench/startup.py [RUNS]

Each run is a new process. `import` is timed inside it, after the interpreter has started; `--help` is the whole
process. Prints the median and the slowest; the exit code is 1 if a median is over its limit.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from dragoman.training.environment import hardware_state

RUNS = 15
TIMED_IMPORT = """
import time
started = time.perf_counter()
import dragoman
print(time.perf_counter() - started)
"""


def import_seconds() -> float:
    """Seconds of `import dragoman`, without those of the interpreter."""
    return float(_run("-c", TIMED_IMPORT))


def help_seconds() -> float:
    """Seconds of `dragoman --help`, from start to exit."""
    started = time.perf_counter()
    _run("-m", "dragoman", "--help")
    return time.perf_counter() - started


def interpreter_seconds() -> float:
    """Seconds of a process that does nothing, for comparison."""
    started = time.perf_counter()
    _run("-c", "pass")
    return time.perf_counter() - started


def _run(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout


QUESTIONS: dict[str, tuple[Callable[[], float], float]] = {
    "python -c pass": (interpreter_seconds, float("inf")),
    "import dragoman": (import_seconds, 0.150),
    "dragoman --help": (help_seconds, 0.400),
}


def main(arguments: Sequence[str]) -> int:
    runs = int(arguments[0]) if arguments else RUNS
    hardware = hardware_state()
    print(f"{hardware['processor']}, {hardware['cores']} cores, Python {sys.version.split()[0]}, {runs} runs each\n")
    print(f"{'what':<16} {'median':>9} {'slowest':>9} {'limit':>9}")
    is_slow = False
    for name, (measure, limit) in QUESTIONS.items():
        measure()  # the first run reads files from disk and writes byte code
        seconds = [measure() for _ in range(runs)]
        shown = "" if limit == float("inf") else f"{limit * 1_000:6.0f} ms"
        print(f"{name:<16} {statistics.median(seconds) * 1_000:6.0f} ms {max(seconds) * 1_000:6.0f} ms {shown:>9}")
        is_slow |= statistics.median(seconds) > limit
    return int(is_slow)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
