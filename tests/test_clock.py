"""The time of the machine, and that of a rehearsal."""

import os
import subprocess
import sys
import time

import pytest

from dragoman import clock
from dragoman.clock import CLOCK_VARIABLE, RehearsalClock
from dragoman.errors import NotFound


def test_without_a_rehearsal_the_time_is_that_of_the_machine():
    before = time.time()
    assert before <= clock.seconds() <= time.time()
    assert clock.utc().tzinfo is not None


def test_times_of_records_compare_like_times():
    first = clock.written()
    assert first.endswith("Z")
    assert first <= clock.written()


def test_a_rehearsal_stands_still_until_it_is_moved_on(tmp_path):
    rehearsal = RehearsalClock(tmp_path / "clock")
    rehearsal.set(1_000.5)
    assert (rehearsal(), rehearsal()) == (1_000.5, 1_000.5)
    rehearsal.set(5_000.0)
    assert rehearsal() == 5_000.0


def test_every_process_of_a_rehearsal_has_its_time(tmp_path):
    RehearsalClock(tmp_path / "clock").set(86_400.0)
    environment = os.environ | {CLOCK_VARIABLE: str(tmp_path / "clock")}
    show = "from dragoman import clock; print(clock.written())"
    done = subprocess.run([sys.executable, "-c", show], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1970-01-02T00:00:00.000Z"


@pytest.mark.parametrize("content", [None, b"", b"tomorrow it is"])
def test_a_file_that_holds_no_time_is_refused_by_name(tmp_path, content):
    path = tmp_path / "clock"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NotFound, match=str(path)):
        RehearsalClock(path)()
