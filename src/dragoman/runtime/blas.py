"""Keeping numpy's matrix products from taking the processor away from the models."""

from __future__ import annotations

import functools
import os

__all__ = ["calm_blas"]

OWN_CHOICE = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")  # whoever sets one has decided


@functools.cache
def calm_blas() -> None:
    """Let numpy multiply on the calling thread only, in the whole process, unless its environment says how many.

    A head is a small product. OpenBLAS wakes its threads for it, and they wait for the next one by spinning, for some
    20 ms: the session then shares every core but one with them, and a short text takes four times as long.
    """
    if not any(name in os.environ for name in OWN_CHOICE):
        from threadpoolctl import threadpool_limits  # heavy: looks through all loaded libraries

        threadpool_limits(1, user_api="blas")
