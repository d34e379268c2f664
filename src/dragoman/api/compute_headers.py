"""What an answer cost, in the headers of text-embeddings-inference."""

from __future__ import annotations

import time

from dragoman.records import Usage

__all__ = ["compute_headers"]


def compute_headers(usage: Usage, texts: list[str], started: float) -> dict[str, str]:
    """The headers of text-embeddings-inference; times in milliseconds."""
    total = round((time.monotonic() - started) * 1_000)
    queue, inference = round(usage.queue_ms), round(usage.inference_ms)
    return {
        "x-compute-type": "cpu+optimized",
        "x-compute-time": str(total),
        "x-compute-characters": str(sum(map(len, texts))),
        "x-compute-tokens": str(usage.tokens),
        "x-total-time": str(total),
        "x-tokenization-time": str(max(total - queue - inference, 0)),
        "x-queue-time": str(queue),
        "x-inference-time": str(inference),
    }
