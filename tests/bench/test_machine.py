from __future__ import annotations

from dragoman.bench import machine


def test_the_instructions_that_matter_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CPU_INFO", tmp_path / "cpuinfo")
    machine.CPU_INFO.write_text("model name\t: X\nflags\t\t: fpu avx2 amx_int8 avx512_vnni sse\n", encoding="utf-8")
    assert machine.machine_state()["instructions"] == "avx2 avx512_vnni amx_int8"


def test_a_machine_that_tells_nothing_has_no_instructions(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CPU_INFO", tmp_path / "absent")
    assert machine.machine_state()["instructions"] == ""
