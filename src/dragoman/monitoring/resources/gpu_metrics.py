"""GPUs as Prometheus metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.monitoring.resources.gpu import Devices, Gpu

__all__ = ["GpuCollector"]

NUMBERS = {  # field of `Gpu` → name, help
    "utilisation": ("utilisation_ratio", "Share of the time in which the device computed."),
    "used": ("memory_used_bytes", "Memory of the device that is in use, by all processes."),
    "memory": ("memory_bytes", "Memory of the device."),
    "celsius": ("temperature_celsius", "Temperature of the device."),
    "watts": ("power_watts", "Power that the device draws."),
    "own": ("process_memory_bytes", "Memory of the device that this process uses."),
}


class GpuCollector(Collector):
    """Shows all devices, as `dragoman_gpu_…`, at every scrape; nothing where there are none."""

    def __init__(self, devices: Devices) -> None:
        self.devices = devices

    def describe(self) -> list[Metric]:
        """Names without a question to the driver."""
        return list(_families([]))

    def collect(self) -> Iterator[Metric]:
        yield from _families(self.devices.read())


def _families(gpus: list[Gpu]) -> Iterator[Metric]:
    info = InfoMetricFamily("dragoman_gpu", "Which devices there are.", labels=["gpu", "name", "uuid"])
    for gpu in gpus:
        info.add_metric([str(gpu.number), gpu.name, gpu.uuid], {})
    yield info
    for field, (name, help) in NUMBERS.items():
        family = GaugeMetricFamily(f"dragoman_gpu_{name}", help, labels=["gpu"])
        for gpu in gpus:
            if (value := getattr(gpu, field)) is not None:
                family.add_metric([str(gpu.number)], value)
        yield family
