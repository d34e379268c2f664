from __future__ import annotations

from dragoman.runtime import memory
from dragoman.runtime.memory import available_bytes


def test_what_the_system_says_is_available(tmp_path, monkeypatch):
    (tmp_path / "meminfo").write_text("MemTotal: 8 kB\nMemFree:  2 kB\nMemAvailable:     5 kB\n")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    assert available_bytes() == 5 * 1024


def test_where_it_does_not_say_unused_memory_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "none")
    assert available_bytes() > 0
