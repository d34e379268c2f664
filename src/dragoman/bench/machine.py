"""The machine that a benchmark ran on."""

from __future__ import annotations

import os
from pathlib import Path

from dragoman.training.environment import hardware_state

__all__ = ["INSTRUCTIONS", "machine_state"]

INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "avx512_fp16", "amx_int8", "amx_bf16")
CPU_INFO = Path("/proc/cpuinfo")


def machine_state() -> dict[str, str]:
    """Processor, cores, memory, the load before the run, and the instruction sets that matter for matrix products."""
    return {
        **hardware_state(),
        "load": f"{os.getloadavg()[0]:.2f}",
        "instructions": " ".join(name for name in INSTRUCTIONS if name in _flags()),
    }


def _flags() -> set[str]:
    try:
        lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())
