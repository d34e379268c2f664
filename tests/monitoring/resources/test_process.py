from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dragoman.monitoring.metrics import Metrics
from dragoman.monitoring.resources.process import (
    MEASURED_EVERY,
    DiskCollector,
    MemoryCollector,
    folder_bytes,
    process_collectors,
)
from dragoman.monitoring.resources.room import Room
from dragoman.serving.fakes import FakeClock


def samples(metrics: Metrics) -> dict[str, float]:
    return {
        sample.name + "".join(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
    }


def test_the_process_shows_time_memory_files_threads_and_garbage() -> None:
    metrics = Metrics()
    for collector in process_collectors():
        metrics.add(collector)
    found = samples(metrics)
    names = ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds")
    assert all(found[name] > 0 for name in (*names, "dragoman_process_threads", "dragoman_memory_bytes"))
    assert found["dragoman_memory_free_bytes"] <= found["dragoman_memory_limit_bytes"]
    assert "python_gc_collections_total0" in found
    assert any(name.startswith("python_info") for name in found)


@pytest.mark.parametrize("room", [None, Room(10, 4)])
def test_what_the_system_does_not_say_is_left_out(room: Room | None) -> None:
    metrics = Metrics()
    metrics.add(MemoryCollector(lambda: None, lambda: room))
    found = {name: value for name, value in samples(metrics).items() if "memory" in name}
    assert found == ({} if room is None else {"dragoman_memory_limit_bytes": 10.0, "dragoman_memory_free_bytes": 4.0})


def test_the_disk_and_the_folders_on_it_are_shown(tmp_path: Path) -> None:
    (tmp_path / "log" / "deep").mkdir(parents=True)
    (tmp_path / "log" / "a").write_bytes(b"x" * 30)
    (tmp_path / "log" / "deep" / "b").write_bytes(b"x" * 12)
    metrics = Metrics()
    metrics.add(DiskCollector(tmp_path, {"log": tmp_path / "log", "tables": tmp_path / "none"}))
    found = samples(metrics)
    assert 0 < found["dragoman_disk_free_bytes"] < found["dragoman_disk_bytes"]
    assert (found["dragoman_state_byteslog"], found["dragoman_state_bytestables"]) == (42.0, 0.0)


def test_folders_are_measured_every_five_minutes(tmp_path: Path) -> None:
    metrics, clock = Metrics(), FakeClock()
    metrics.add(DiskCollector(tmp_path, {"log": tmp_path}, clock=clock))
    sizes = []
    for seconds in (0, 10, MEASURED_EVERY):
        clock.now += seconds
        sizes.append(samples(metrics)["dragoman_state_byteslog"])
        (tmp_path / f"{seconds}").write_bytes(b"x")
    assert sizes == [0.0, 0.0, 2.0]


def test_a_state_that_is_gone_shows_nothing(tmp_path: Path) -> None:
    metrics = Metrics()
    metrics.add(DiskCollector(tmp_path / "gone", {}))
    assert not [name for name in samples(metrics) if name.startswith("dragoman_disk")]


def test_a_folder_of_too_many_files_has_no_size(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(b"xy")
    assert folder_bytes(tmp_path, most_files=3) == 6
    assert folder_bytes(tmp_path, most_files=2) is None
