"""What does `dragoman up` cost on this machine, from nothing to an answer?

    python bench/up.py [--keep FOLDER]

Copies the example workspace, brings it up twice, and prints: training time and memory, time to ready of a second start,
resident memory of the ready server, accuracy over all and in the worst language. Exits 1 over a limit.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

from dragoman import open_workspace
from dragoman.training.environment import hardware_state

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "support"


class Row(NamedTuple):
    """One measured number with its limit."""

    what: str
    value: float
    unit: str
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="use this folder, and leave it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = options.keep or Path(temporary) / "support"
        shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".dragoman"), dirs_exist_ok=True)
        rows = measure(root)
    hardware = hardware_state()
    print(f"\nHardware: {hardware['processor']}, {hardware['cores']} cores, {hardware['memory_gb']} GB.\n")
    print("| what | measured | limit | |\n|---|---|---|---|")
    for row in rows:
        limit = f"{'at least' if row.at_least else 'at most'} {row.limit:g} {row.unit}"
        print(f"| {row.what} | {row.value:.3g} {row.unit} | {limit} | {'' if row.is_met else 'missed'} |")
    return 0 if all(row.is_met for row in rows) else 1


def measure(root: Path) -> list[Row]:
    port = free_port()
    first = until_answer(root, port)
    trained_memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    second = until_answer(root, port)
    workspace = open_workspace(root)
    run = workspace.catalog.run(workspace.registry.resolve("support").run)
    return [
        Row("from `up` to the first answer", first.seconds / 60, "min", 5),
        Row("training", run.seconds / 60, "min", 4),
        Row("greatest memory of training", trained_memory, "GB", 4),
        Row("second start to ready", second.seconds, "s", 5),
        Row("resident memory of the ready server", second.memory_mb, "MB", 600),
        Row("accuracy, test split", run.metrics["accuracy"], "", 0.88, at_least=True),
        Row("accuracy, worst language", run.metrics["worst_language_accuracy"], "", 0.75, at_least=True),
    ]


class Start(NamedTuple):
    """One start of the server."""

    seconds: float
    memory_mb: float


def until_answer(root: Path, port: int) -> Start:
    started = time.monotonic()
    child = subprocess.Popen([sys.executable, "-m", "dragoman", "up", str(root), "--port", str(port)])
    wait_until_ready(f"http://127.0.0.1:{port}", child)
    seconds = time.monotonic() - started
    ask(f"http://127.0.0.1:{port}/v1/models/support/predict")
    memory = resident_mb(child.pid)
    child.send_signal(signal.SIGTERM)
    if child.wait():
        raise SystemExit(f"the server ended with exit code {child.returncode}")
    return Start(seconds, memory)


def wait_until_ready(url: str, child: subprocess.Popen[bytes]) -> None:
    while True:
        if child.poll() is not None:
            raise SystemExit(f"`dragoman up` ended with exit code {child.returncode}")
        try:
            urllib.request.urlopen(f"{url}/health/ready", timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)


def ask(url: str) -> None:
    body = json.dumps({"inputs": ["where is my order", "wo ist mein Paket", "注文はどこですか"]}).encode()
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        json.load(response)


def resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
