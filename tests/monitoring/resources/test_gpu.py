from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from dragoman.monitoring.metrics import Metrics
from dragoman.monitoring.resources.gpu import FakeDevices, Gpu, NvmlDevices, open_library
from dragoman.monitoring.resources.gpu_metrics import GpuCollector

GB = 10**9
H100 = Gpu(0, "H100", "GPU-1", used=9 * GB, memory=80 * GB, utilisation=0.5, celsius=61.0, watts=320.5, own=7 * GB)


class NVMLError(Exception):
    """Of the library."""


class FakeNvml:
    """The library's functions, over devices; what is None is not supported."""

    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *gpus: Gpu | None, pid: int | None = None) -> None:
        self.gpus, self.pid, self.is_gone = gpus, os.getpid() if pid is None else pid, False

    def nvmlDeviceGetCount(self) -> int:
        if self.is_gone:
            raise NVMLError
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Gpu:
        return said(self.gpus[index])

    def nvmlDeviceGetMemoryInfo(self, gpu: Gpu) -> Any:
        return SimpleNamespace(used=gpu.used, total=gpu.memory)

    def nvmlDeviceGetUUID(self, gpu: Gpu) -> str:
        return said(gpu.uuid)

    def nvmlDeviceGetName(self, gpu: Gpu) -> str:
        return said(gpu.name)

    def nvmlDeviceGetUtilizationRates(self, gpu: Gpu) -> Any:
        return SimpleNamespace(gpu=said(gpu.utilisation) * 100)

    def nvmlDeviceGetPowerUsage(self, gpu: Gpu) -> float:
        return said(gpu.watts) * 1_000

    def nvmlDeviceGetTemperature(self, gpu: Gpu, kind: int) -> float:
        return said(gpu.celsius)

    def nvmlDeviceGetComputeRunningProcesses(self, gpu: Gpu) -> list[Any]:
        own = SimpleNamespace(pid=self.pid, usedGpuMemory=said(gpu.own))
        return [own, SimpleNamespace(pid=-1, usedGpuMemory=GB)]


def said(value: Any) -> Any:
    if value is None:
        raise NVMLError
    return value


def test_a_device_is_read_whole() -> None:
    assert NvmlDevices(lambda: FakeNvml(H100)).read() == [H100]


def test_what_a_device_does_not_say_is_left_out() -> None:
    silent = Gpu(0, "", "", used=1, memory=2)
    assert NvmlDevices(lambda: FakeNvml(silent)).read() == [silent]


def test_a_device_that_cannot_be_seen_is_left_out() -> None:
    second = H100._replace(number=1)
    assert NvmlDevices(lambda: FakeNvml(None, second)).read() == [second]


def test_a_driver_that_goes_away_is_no_error() -> None:
    nvml = FakeNvml(H100)
    devices = NvmlDevices(lambda: nvml)
    assert devices.read() == [H100]
    nvml.is_gone = True
    assert devices.read() == []


def test_a_library_that_is_not_there_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    calls: list[int] = []

    def opened() -> Any:
        calls.append(1)
        return open_library()

    devices = NvmlDevices(opened)
    assert devices.read() == devices.read() == []
    assert len(calls) == 1


def test_a_library_without_a_driver_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise NVMLError

    monkeypatch.setitem(sys.modules, "pynvml", SimpleNamespace(nvmlInit=fails, NVMLError=NVMLError))
    assert NvmlDevices().read() == []


@pytest.mark.parametrize("is_begun", [False, True])
def test_in_a_container_torch_says_what_is_its_own(monkeypatch: pytest.MonkeyPatch, *, is_begun: bool) -> None:
    cuda = SimpleNamespace(
        is_initialized=lambda: is_begun,
        device_count=lambda: 2,
        get_device_properties=lambda index: SimpleNamespace(uuid=str(index)),
        memory_reserved=lambda index: 3 * GB + index,
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    (read,) = NvmlDevices(lambda: FakeNvml(H100, pid=-2)).read()
    assert read.own == (3 * GB + 1 if is_begun else None)


def test_devices_are_metrics() -> None:
    metrics = Metrics()
    metrics.add(GpuCollector(FakeDevices([H100, Gpu(1, "A2", "GPU-2", used=1, memory=2)])))
    lines = [line for line in metrics.exposition().decode().splitlines() if "_gpu_" in line and line[0] != "#"]
    assert sorted(lines) == [
        'dragoman_gpu_info{gpu="0",name="H100",uuid="GPU-1"} 1.0',
        'dragoman_gpu_info{gpu="1",name="A2",uuid="GPU-2"} 1.0',
        'dragoman_gpu_memory_bytes{gpu="0"} 8e+10',
        'dragoman_gpu_memory_bytes{gpu="1"} 2.0',
        'dragoman_gpu_memory_used_bytes{gpu="0"} 9e+09',
        'dragoman_gpu_memory_used_bytes{gpu="1"} 1.0',
        'dragoman_gpu_power_watts{gpu="0"} 320.5',
        'dragoman_gpu_process_memory_bytes{gpu="0"} 7e+09',
        'dragoman_gpu_temperature_celsius{gpu="0"} 61.0',
        'dragoman_gpu_utilisation_ratio{gpu="0"} 0.5',
    ]


def test_without_devices_there_are_no_samples() -> None:
    metrics = Metrics()
    metrics.add(GpuCollector(FakeDevices()))
    assert not [line for line in metrics.exposition().decode().splitlines() if line.startswith("dragoman_gpu")]
