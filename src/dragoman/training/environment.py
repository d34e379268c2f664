"""What a run depends on besides its spec and data: code, packages, hardware."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import dragoman

__all__ = [
    "TABLE_PACKAGES",
    "TEXT_PACKAGES",
    "code_state",
    "environment_lock",
    "environment_state",
    "fingerprint",
    "hardware_state",
    "keep_freed_memory",
]

MALLOC_TRIM_THRESHOLD, MALLOC_MMAP_THRESHOLD = -1, -3  # names of malloc.h
KEPT_BYTES = 1 << 30
TEXT_PACKAGES = ("numpy", "onnx", "onnxruntime", "safetensors", "sentencepiece", "tokenizers", "torch")
TABLE_PACKAGES = ("lightgbm", "numpy", "onnx", "onnxruntime", "pyarrow", "safetensors")


def code_state(workspace: Path) -> dict[str, str]:
    """Version and digest of Dragoman's own code, and the workspace's Git revision if it has one."""
    return {
        "dragoman": metadata.version("dragoman"),
        "dragoman_digest": _package_digest(),
        "workspace_revision": _git(workspace, "rev-parse", "HEAD"),
        "workspace_changed": "yes" if _git(workspace, "status", "--porcelain", "--", ".") else "no",
    }


def environment_state(packages: Sequence[str] = TEXT_PACKAGES) -> dict[str, str]:
    """Versions of Python and of the packages whose arithmetic reaches the bundle; of none that is not installed."""
    installed = {found.name.lower() for found in metadata.distributions()}
    versions = {name: metadata.version(name) for name in packages if name in installed}
    return {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}", **versions}


def environment_lock() -> dict[str, str]:
    """Version of Python and of every installed package: what a run is repeated with."""
    installed = {found.name.lower(): found.version for found in metadata.distributions()}
    return {"python": platform.python_version(), **dict(sorted(installed.items()))}


def hardware_state() -> dict[str, str]:
    """Processor, cores and memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"processor": _processor(), "cores": str(os.cpu_count()), "memory_gb": f"{memory / 2**30:.1f}"}


def fingerprint(environment: dict[str, str]) -> str:
    """What a training's checkpoint is bound to: code and packages. After an upgrade a training starts anew."""
    return hashlib.sha256(f"{_package_digest()} {sorted(environment.items())}".encode()).hexdigest()


def keep_freed_memory() -> None:
    """Ask the C library to keep what a training step frees instead of giving it back to the system.

    Every step allocates the same tensors; mapping them anew each time took half of the processor time. Libraries other
    than glibc have no such knob, and are left alone.
    """
    try:
        library = ctypes.CDLL("libc.so.6")
    except OSError:
        return
    for knob in (MALLOC_TRIM_THRESHOLD, MALLOC_MMAP_THRESHOLD):
        library.mallopt(knob, KEPT_BYTES)


def _package_digest() -> str:
    root = Path(dragoman.__file__).parent
    whole = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        whole.update(path.relative_to(root).as_posix().encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
