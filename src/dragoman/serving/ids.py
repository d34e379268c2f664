"""Identifiers that sort by time: the ULID format, 48 bits of milliseconds and 80 random bits."""

from __future__ import annotations

import os
import time

__all__ = ["new_id"]

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
PAIRS = [first + second for first in ALPHABET for second in ALPHABET]  # ten bits at a time
SHIFTS = range(120, -1, -10)
RANDOM_BYTES = 10


def new_id() -> str:
    """A new identifier of 26 characters; those of a later millisecond sort later."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << (8 * RANDOM_BYTES) | int.from_bytes(os.urandom(RANDOM_BYTES), "big")
    return "".join([PAIRS[number >> shift & 1023] for shift in SHIFTS])
