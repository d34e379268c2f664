"""GPUs as their driver shows them. Nothing here fails where there is none."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple, Protocol, TypeVar

__all__ = ["Devices", "FakeDevices", "Gpu", "NvmlDevices"]

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Gpu(NamedTuple):
    """One device now. None: the device does not say."""

    number: int
    name: str
    uuid: str
    used: int  # bytes of its memory, by all processes
    memory: int  # bytes that it has
    utilisation: float | None = None  # share of the last moments in which it computed, from 0 to 1
    celsius: float | None = None
    watts: float | None = None
    own: int | None = None  # bytes that this process uses


class Devices(Protocol):
    """Where readings come from."""

    def read(self) -> list[Gpu]:
        """All devices that can be seen; an empty list without any. Raises nothing."""
        ...


class FakeDevices:
    """Devices that a test makes up."""

    def __init__(self, gpus: Sequence[Gpu] = ()) -> None:
        self.gpus = list(gpus)

    def read(self) -> list[Gpu]:
        return list(self.gpus)


class NvmlDevices:
    """NVIDIA's devices, through its management library: the extra `gpu`. Safe to share between threads.

    The library is opened at the first reading. Where it, its driver or a device is missing, nothing is read.
    """

    def __init__(self, library: Callable[[], Any] | None = None) -> None:
        self._open = library or open_library
        self._library: Any = None
        self._is_open = False
        self._lock = threading.Lock()

    def read(self) -> list[Gpu]:
        with self._lock:
            if not self._is_open:
                self._library, self._is_open = self._open(), True
            if self._library is None:
                return []
            try:
                return self._read_all(self._library)
            except Exception as error:  # the driver may go away, and says so in its own exceptions
                logger.warning("GPUs cannot be read: %s", error)
                return []

    def _read_all(self, nvml: Any) -> list[Gpu]:
        found = [_read_one(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]
        return [gpu for gpu in found if gpu is not None]


def open_library() -> Any | None:
    """The library, ready to be asked; None where there is no such device."""
    try:
        pynvml = import_module("pynvml")  # optional: the extra gpu
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def _read_one(nvml: Any, index: int) -> Gpu | None:
    """One device; None for one that this process may not see."""

    def asked(question: Callable[[Any], T]) -> T | None:
        with contextlib.suppress(nvml.NVMLError):
            return question(handle)
        return None

    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    except nvml.NVMLError:
        return None
    uuid = asked(nvml.nvmlDeviceGetUUID) or ""
    rates, milliwatts = asked(nvml.nvmlDeviceGetUtilizationRates), asked(nvml.nvmlDeviceGetPowerUsage)
    return Gpu(
        number=index,
        name=asked(nvml.nvmlDeviceGetName) or "",
        uuid=uuid,
        used=memory.used,
        memory=memory.total,
        utilisation=None if rates is None else rates.gpu / 100.0,
        celsius=asked(lambda one: float(nvml.nvmlDeviceGetTemperature(one, nvml.NVML_TEMPERATURE_GPU))),
        watts=None if milliwatts is None else milliwatts / 1_000.0,
        own=_own_bytes(asked(nvml.nvmlDeviceGetComputeRunningProcesses) or [], uuid),
    )


def _own_bytes(processes: Sequence[Any], uuid: str) -> int | None:
    """What this process uses, by the driver; in a container, which has numbers of its own, by torch."""
    own = [one.usedGpuMemory for one in processes if one.pid == os.getpid() and one.usedGpuMemory is not None]
    return sum(own) if own else _torch_bytes(uuid)


def _torch_bytes(uuid: str) -> int | None:
    """What torch holds of a device, where it is loaded and has begun to use it."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    for index in range(torch.cuda.device_count()):
        if str(getattr(torch.cuda.get_device_properties(index), "uuid", "")) in uuid:
            return int(torch.cuda.memory_reserved(index))
    return None
