"""The CUDA device of this machine, if torch sees one."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CudaDevice", "find_cuda_device"]


class CudaDevice(NamedTuple):
    """What torch says of its first device."""

    name: str
    free_bytes: int


def find_cuda_device() -> CudaDevice | None:
    """None without torch, without a driver and without a device."""
    try:
        import torch  # optional, and heavy
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    return CudaDevice(torch.cuda.get_device_name(), torch.cuda.mem_get_info()[0])
