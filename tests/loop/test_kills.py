"""Processes that work on one job and are killed with SIGKILL, in a real catalog, with real leases."""

from __future__ import annotations

from pathlib import Path

from tests.checks.catalog_loop import loop_job
from tests.store.children import output_of

from dragoman.store.catalog import SqlCatalog

KILLS = 10
STAGES = 28

# A parent that forks workers, so that the package is imported once. Two work at a time. Each says its number when it
# begins a stage; the parent then kills it at some moment of the stage, of its save, or of the stages after, and starts
# another one. Leases are short, and the loop's clock runs a hundred thousand times faster.
SCRIPT = """
import os, random, signal, sys, time
from pathlib import Path

import dragoman.store.catalog
from dragoman.loop import course
from dragoman.loop.stages import Stage
from dragoman.loop.worker import Worker
from dragoman.store.catalog import SqlCatalog
from dragoman.store.files import write_atomically

url, folder, id, stages, kills = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
course.MOST_ATTEMPTS = 1_000  # chance may kill one stage many times
said, saying = os.pipe()
began = time.monotonic()


def stage(number):
    def run(job):
        with open(folder / "begun", "a") as file:
            file.write(f"{number} {sorted(job.output)}\\n")
        os.write(saying, os.getpid().to_bytes(4, "little"))
        time.sleep(0.02)
        write_atomically(folder / f"effect-{number:02}", f"{number} after {len(job.output)}\\n".encode())
        return {f"{number:02}": number}

    return Stage(f"stage-{number:02}", run)


def work(number):
    catalog = SqlCatalog(url)
    clock = lambda: 1_800_000_000 + 100_000 * (time.monotonic() - began)
    handlers = {"evaluate": [stage(number) for number in range(stages)]}
    worker = Worker(catalog, handlers, holder=f"w{number}", lease_seconds=0.4, clock=clock)
    while not catalog.job(id).is_over:
        if job := worker.next():
            worker.run(job.id)
        time.sleep(0.01)


def start(number):
    if pid := os.fork():
        return pid
    try:
        work(number)
        os.write(saying, (0).to_bytes(4, "little"))
    finally:
        os._exit(0)


random.seed(7)
alive = {start(0), start(1)}
killed = 0
while killed < kills and (pid := int.from_bytes(os.read(said, 4), "little")):
    if pid in alive and random.random() < 0.75:
        time.sleep(random.uniform(0.0, 0.04))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        alive.remove(pid)
        killed += 1
        alive.add(start(killed + 1))
for pid in alive:
    os.waitpid(pid, 0)
print(killed)
"""


def test_a_job_is_done_once_though_its_workers_are_killed_ten_times(tmp_path: Path) -> None:
    url, folder = f"sqlite:///{tmp_path}/catalog.db", tmp_path / "effects"
    folder.mkdir()
    catalog = SqlCatalog(url)
    id = catalog.add_job(loop_job()).id
    killed = int(output_of(SCRIPT, url, folder, id, STAGES, KILLS))
    job = catalog.job(id)
    catalog.close()
    assert killed == KILLS
    assert (job.status, job.error, job.attempts) == ("done", "", 0)
    assert job.output == {f"{number:02}": number for number in range(STAGES)}
    effects = {path.name: path.read_text() for path in folder.glob("*[0-9]")}
    assert effects == {f"effect-{number:02}": f"{number} after {number}\n" for number in range(STAGES)}
    begun = (folder / "begun").read_text().splitlines()
    assert begun == sorted(begun, key=lambda line: int(line.split()[0]))
    assert len({*begun}) == STAGES < len(begun)
