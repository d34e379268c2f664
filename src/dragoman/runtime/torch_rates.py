"""How fast a device multiplies matrices: what a session's speed is a share of."""

from __future__ import annotations

import time

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch code uses)

from dragoman.models.config import EncoderConfig
from dragoman.runtime.torch_session import PRECISIONS

__all__ = ["measure_matmul_rate"]

REPEATS = 10  # products between two looks at the clock


def measure_matmul_rate(
    precision: str,
    seconds: float,
    *,
    device: str = "cuda",
    config: EncoderConfig | None = None,
    tokens: int = 32_768,
    side: int = 8192,
) -> dict[str, float]:
    """FLOP/s of the library's matrix product on random data, by shape `rows x inputs x outputs`.

    The first is square with `side`; the others, if a config is given, are those of its layers. `seconds` for each.
    """
    shapes = [(side, side, side)]
    if config is not None:
        hidden, wide = config.hidden, config.intermediate
        sides = ((hidden, 3 * hidden), (hidden, hidden), (hidden, wide), (wide, hidden))
        shapes += [(tokens, *pair) for pair in sides]
    rates = {}
    for rows, inputs, outputs in shapes:
        left = torch.randn(rows, inputs, dtype=PRECISIONS[precision], device=device)
        right = torch.randn(outputs, inputs, dtype=PRECISIONS[precision], device=device)
        rates[f"{rows}x{inputs}x{outputs}"] = 2.0 * rows * inputs * outputs / seconds_of(left, right, seconds)
    return rates


def seconds_of(left: Tensor, right: Tensor, seconds: float) -> float:
    """Seconds of one product, from as many as fill `seconds`."""
    _multiply(left, right)  # loads the kernel
    done, started = 0, time.perf_counter()
    while not done or time.perf_counter() - started < seconds:
        _multiply(left, right)
        done += REPEATS
    return (time.perf_counter() - started) / done


def _multiply(left: Tensor, right: Tensor) -> None:
    for _ in range(REPEATS):
        F.linear(left, right)
    if left.is_cuda:
        torch.cuda.synchronize(left.device)
