"""A disk that is really full: a small file system of its own, where the system lets anybody make one."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

OWN_DISK = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
MOUNT = 'mount -t tmpfs -o size=3m tmpfs "$0"'

LIFE = """
import logging, os, pathlib, sys
from dragoman.monitoring.prediction_log import PredictionLog, read_predictions
from dragoman.records import PredictionRow
from dragoman.store.tables import DeltaTables

folder = pathlib.Path(sys.argv[1])
logging.disable()
log = PredictionLog(folder / "log", DeltaTables(folder / "tables"), flush_seconds=0.01)

def fate(number):
    row = PredictionRow(id=str(number), time="2026-01-01T00:00:00Z", model="m", version="1", task="t", text="x" * 5_000)
    return log.append([row]).wait()

print(fate(1))
filler = open(folder / "filler", "wb", buffering=0)
try:
    while True:
        filler.write(bytes(512))
except OSError:
    pass
print(*sorted({fate(number) for number in range(2, 30)}), log.stats.last_error)
filler.truncate(0)
print(fate(99))
log.close()
ids = set(read_predictions(DeltaTables(folder / "tables"))["id"].to_pylist())
print({"1", "99"} <= ids, len(ids) == log.stats.durable)
"""


def can_mount(folder) -> bool:
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*OWN_DISK, MOUNT, folder], capture_output=True, check=False).returncode == 0


def test_a_full_disk_sheds_and_recovers_by_itself(tmp_path):
    if not can_mount(tmp_path):
        pytest.skip("this system does not let its users mount a file system of their own")
    environment_path = ":".join(filter(None, sys.path))
    command = [*OWN_DISK, f'{MOUNT} && exec env PYTHONPATH="$1" "$2" -c "$3" "$0"', tmp_path]
    done = subprocess.run(
        [*command, environment_path, sys.executable, LIFE], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    first, full, freed, kept = done.stdout.splitlines()
    assert first == freed == "durable"
    assert "shed" in full
    assert "No space left" in full
    assert kept == "True True"
