from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.loop import spending
from dragoman.loop.spending import Memory, measured, total_of
from dragoman.records import Spent

SECONDS = st.integers(0, 1_000).map(float)
SPENTS = st.builds(Spent, seconds=SECONDS, cpu_seconds=SECONDS, gpu_seconds=SECONDS, stored_bytes=st.integers(0, 9))


def burn(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_the_time_of_this_process_is_counted() -> None:
    with measured() as meter:
        burn(0.05)
    assert meter.spent.cpu_seconds >= 0.05
    assert meter.spent.seconds > 0.0
    assert meter.spent.stored_bytes == 0


def test_the_time_of_child_processes_that_ended_is_counted() -> None:
    script = "import time\nwhile time.process_time() < 0.2: pass"
    with measured() as meter:
        before = time.process_time()
        subprocess.run([sys.executable, "-c", script], check=True)
        own = time.process_time() - before
    assert meter.spent.cpu_seconds >= 0.2 + own


def test_what_comes_after_the_block_is_not_counted() -> None:
    with measured() as meter:
        so_far = meter.spent
    after = meter.spent
    burn(0.02)
    assert meter.spent == after
    assert so_far.seconds <= after.seconds


def test_a_block_that_fails_is_measured_too() -> None:
    with pytest.raises(ZeroDivisionError), measured() as meter:
        raise ZeroDivisionError
    first = meter.spent
    burn(0.02)
    assert meter.spent == first


@pytest.mark.parametrize(
    ("start", "end", "held"),
    [
        (Memory(resident=2, peak=9), Memory(resident=4, peak=30), 30),  # the block has raised the peak
        (Memory(resident=2, peak=9), Memory(resident=4, peak=9), 4),  # another one had
        (Memory(resident=5, peak=9), Memory(resident=4, peak=9), 5),
    ],
)
def test_memory_is_the_peak_of_the_block(
    start: Memory, end: Memory, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = [start, end]
    monkeypatch.setattr(spending, "_memory", lambda: readings.pop(0))
    monkeypatch.setattr(spending, "GB", 1.0)
    with measured() as meter:
        pass
    assert meter.spent.gb_seconds == pytest.approx(held * meter.spent.seconds)


TAKE = """
from dragoman.loop import spending
before = spending._memory()
with spending.measured() as meter:
    held = bytearray(before.peak - before.resident + 64_000_000)
    held[::4_096] = b"x" * len(held[::4_096])
print(meter.spent.gb_seconds / meter.spent.seconds * 1e9 - before.peak)
"""


def test_a_block_that_takes_memory_raises_the_peak() -> None:
    # In a process of its own: here other tests' memory may be freed meanwhile.
    done = subprocess.run([sys.executable, "-c", TAKE], capture_output=True, text=True, check=True)
    assert float(done.stdout) >= 32_000_000


def test_without_a_system_page_the_peak_of_the_process_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spending, "STATUS", tmp_path / "none")
    memory = spending._memory()
    assert memory.peak == memory.resident > 1_000_000


def fake_torch(*reserved: int, is_used: bool = True) -> SimpleNamespace:
    cuda = SimpleNamespace(
        is_initialized=lambda: is_used,
        device_count=lambda: len(reserved),
        max_memory_reserved=lambda index: reserved[index],
    )
    return SimpleNamespace(cuda=cuda)


@pytest.mark.parametrize(
    ("torch", "devices"),
    [(None, 0), (fake_torch(5, is_used=False), 0), (fake_torch(5, 0), 1), (fake_torch(5, 0, 7), 2)],
)
def test_gpu_seconds_are_those_of_every_device_that_is_held(
    torch: object, devices: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", torch)
    with measured() as meter:
        pass
    assert meter.spent.gpu_seconds == devices * meter.spent.seconds


@given(st.lists(SPENTS, max_size=5), st.lists(SPENTS, max_size=5))
def test_what_was_spent_adds_up_field_by_field(left: list[Spent], right: list[Spent]) -> None:
    whole = total_of([*left, *right])
    assert whole == total_of([total_of(left), total_of(right)])
    assert whole.cpu_seconds == sum(one.cpu_seconds for one in [*left, *right])
    assert total_of([]) == Spent()
