from __future__ import annotations

import builtins
from typing import Any

import pytest
import torch

from dragoman.runtime.cuda_device import CudaDevice, find_cuda_device


def test_a_machine_without_torch_has_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def without_torch(name: str, *rest: Any) -> Any:
        if name == "torch":
            raise ImportError(name)
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_torch)
    assert find_cuda_device() is None


def test_a_machine_without_a_driver_has_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert find_cuda_device() is None


def test_a_device_is_told_with_its_name_and_its_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Card")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (7, 9))
    assert find_cuda_device() == CudaDevice("Card", 7)
