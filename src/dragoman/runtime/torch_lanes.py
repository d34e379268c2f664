"""The way of batches to a device and of answers back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

__all__ = ["CudaLane", "HostLane", "Lane", "Pending", "memory_errors"]


class Pending(NamedTuple):
    """An answer on its way to the host."""

    values: Tensor  # on the host; not to be read before `done`
    done: torch.cuda.Event | None  # None: it is there

    def wait(self) -> None:
        if self.done is not None:
            self.done.synchronize()


class Lane(Protocol):
    """The way to a device and back."""

    def computing(self) -> AbstractContextManager[object]:
        """Work inside runs on the device, in the order of calls."""
        ...

    def staging(self, size: int) -> Tensor:
        """Host memory for `size` int32."""
        ...

    def send(self, staged: Tensor) -> Tensor: ...

    def fetch(self, values: Tensor) -> Pending: ...


class HostLane:
    """The device is the host: nothing moves."""

    def computing(self) -> AbstractContextManager[object]:
        return nullcontext()

    def staging(self, size: int) -> Tensor:
        return torch.zeros(size, dtype=torch.int32)

    def send(self, staged: Tensor) -> Tensor:
        return staged

    def fetch(self, values: Tensor) -> Pending:
        return Pending(values, None)


class CudaLane:
    """Pinned host memory, one stream that computes and one that brings answers back while the next batch runs."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.compute = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self.copies = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def computing(self) -> AbstractContextManager[object]:
        return torch.cuda.stream(self.compute)

    def staging(self, size: int) -> Tensor:
        return torch.zeros(size, dtype=torch.int32, pin_memory=True)

    def send(self, staged: Tensor) -> Tensor:
        return staged.to(self.device, non_blocking=True)

    def fetch(self, values: Tensor) -> Pending:
        host = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        self.copies.wait_stream(self.compute)
        with torch.cuda.stream(self.copies):
            host.copy_(values, non_blocking=True)
            values.record_stream(self.copies)  # its memory is free for others only after the copy
            return Pending(host, self.copies.record_event())


@contextmanager
def memory_errors() -> Iterator[None]:
    """Too little memory on the device, or on the host for the copies, is a `MemoryError`."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and not lacks_memory(str(error)):
            raise
        shown = str(error).split(". ")[0]
    else:
        return
    if torch.cuda.is_available():
        torch.cuda.empty_cache()  # the parts of the batch are other sizes than the whole
    raise MemoryError(shown)


def lacks_memory(message: str) -> bool:
    return any(words in message.lower() for words in ("out of memory", "can't allocate memory", "alloc_failed"))
