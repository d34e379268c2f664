from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.monitoring.resources.room import Room, memory_room, own_memory

GB = 10**9
KB = 1_024
MACHINE = f"MemTotal:       {8 * GB // KB} kB\nMemFree:  1 kB\nMemAvailable:   {5 * GB // KB} kB\n"
STATUS = "Name:\tx\nVmRSS:\t  900 kB\nRssAnon:\t  300 kB\nRssFile:\t  550 kB\nRssShmem:\t  50 kB\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def near(room: Room | None) -> tuple[float, float]:
    assert room is not None
    return round(room.limit / GB, 3), round(room.free / GB, 3)


def test_without_a_group_the_machine_is_the_limit(tmp_path: Path) -> None:
    assert near(memory_room(write(tmp_path, {"proc/meminfo": MACHINE}))) == (8.0, 5.0)


def test_a_group_of_version_2_counts_files_that_can_be_dropped_as_free(tmp_path: Path) -> None:
    group = "sys/fs/cgroup/pod/box"
    files = {
        "proc/meminfo": MACHINE,
        "proc/self/cgroup": "0::/pod/box\n",
        f"{group}/memory.max": f"{2 * GB}\n",
        f"{group}/memory.current": f"{GB}\n",
        f"{group}/memory.stat": f"anon 5\ninactive_file {GB // 4}\nactive_file 7\n",
    }
    assert near(memory_room(write(tmp_path, files))) == (2.0, 1.25)


def test_a_group_above_may_be_the_tightest(tmp_path: Path) -> None:
    files = {"proc/meminfo": MACHINE, "proc/self/cgroup": "0::/pod/box\n"}
    for group, limit in (("pod", 3 * GB), ("pod/box", 4 * GB), ("", "max")):
        files[f"sys/fs/cgroup/{group}/memory.max"] = f"{limit}\n"
        files[f"sys/fs/cgroup/{group}/memory.current"] = f"{GB}\n"
    assert near(memory_room(write(tmp_path, files))) == (3.0, 2.0)


def test_inside_a_container_the_group_is_at_the_top(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": MACHINE,
        "proc/self/cgroup": "4:cpu,memory:/host/path/of/it\n1:cpu:/\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{GB}",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{GB // 2}",
        "sys/fs/cgroup/memory/memory.stat": f"inactive_file 1\ntotal_inactive_file {GB // 4}\n",
    }
    assert near(memory_room(write(tmp_path, files))) == (1.0, 0.75)


@pytest.mark.parametrize("limit", ["max", str(2**63 - 4096), "", "some"])
def test_a_group_without_a_limit_limits_nothing(tmp_path: Path, limit: str) -> None:
    files = {
        "proc/meminfo": MACHINE,
        "proc/self/cgroup": "0::/\n1:memory:/\n",
        "sys/fs/cgroup/memory.max": limit,
        "sys/fs/cgroup/memory.current": f"{GB}",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": limit,
    }
    assert near(memory_room(write(tmp_path, files))) == (8.0, 5.0)


def test_a_system_that_says_nothing_is_no_error(tmp_path: Path) -> None:
    assert memory_room(tmp_path) is None
    assert own_memory(tmp_path) is None


def test_pages_of_mapped_files_are_not_the_processs_own(tmp_path: Path) -> None:
    assert own_memory(write(tmp_path, {"proc/self/status": STATUS})) == 350 * KB
    assert own_memory(write(tmp_path, {"proc/self/status": "VmRSS:\t  900 kB\n"})) == 900 * KB


def test_this_machine_has_memory_and_this_process_takes_some() -> None:
    room, own = memory_room(), own_memory()
    assert room is not None
    assert own is not None
    assert 0 < own < room.limit
    assert 0 < room.free <= room.limit
