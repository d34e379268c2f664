"""What a benchmark of engines is asked to do."""

from __future__ import annotations

import difflib
import os
import shutil
import sys

from dragoman.errors import InvalidRequest
from dragoman.records import Record

__all__ = ["DEVICES", "OWN", "PEERS", "LengthMix", "Plan", "available_threads", "check_plan", "parse_peers"]

DEVICES = ("cpu", "cuda")
OWN = {  # device → our contenders, the main one first
    "cpu": ("dragoman-int8", "dragoman-fp32"),
    "cuda": ("dragoman-bf16", "dragoman-fp16", "dragoman-fp32-cuda"),
}
PEERS = {
    "cpu": (
        "transformers",
        "transformers-batched",
        "sentence-transformers",
        "onnxruntime",
        "ctranslate2",
        "openvino",
    ),
    "cuda": ("transformers", "transformers-batched", "sentence-transformers"),
}
SHORTEST = 3  # tokens: the first, one word, the last


class LengthMix(Record, frozen=True, kw_only=True):
    """Tokens of a text, first and last token included: log-normal, cut at `longest`."""

    median: int = 27
    p95: int = 110
    longest: int = 256


class Plan(Record, frozen=True, kw_only=True):
    """The options of `dragoman bench engine`."""

    model: str = ""  # a Hugging Face folder; empty: random weights of the shape
    shape: str = "base"
    device: str = "cpu"
    texts: int = 192
    rounds: int = 5
    mix: LengthMix = LengthMix()
    threads: int = 0  # 0: all cores of the process
    peers: tuple[str, ...] = PEERS["cpu"]
    python: str = ""  # the peers' interpreter; empty: this one
    seed: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        return (*OWN[self.device], *self.peers)

    @property
    def interpreter(self) -> str:
        return self.python or sys.executable


def available_threads(asked: int) -> int:
    """The threads to use: those asked for, or for 0 the cores that this process may run on."""
    return asked or len(os.sched_getaffinity(0))


def parse_peers(text: str, *, device: str) -> tuple[str, ...]:
    """`"a,b"`, `"all"` or `"none"` → names. Raises `InvalidRequest` for a name that is no peer on the device."""
    known = PEERS[device]
    if text in ("all", "none"):
        return known if text == "all" else ()
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            help = f"did you mean '{near[0]}'?" if near else f"peers on {device} are {', '.join(known)}; or none."
            raise InvalidRequest(f"'{name}' is not a peer that can be measured on {device}.", help=help)
    return names


def check_plan(plan: Plan) -> None:
    """Raise `InvalidRequest` for values that contradict each other or do not exist."""
    mix = plan.mix
    if not SHORTEST <= mix.median <= mix.p95 <= mix.longest:
        raise InvalidRequest(
            f"The lengths are not in order: median {mix.median}, p95 {mix.p95}, longest {mix.longest}.",
            help=f"Give {SHORTEST} ≤ median ≤ p95 ≤ longest.",
        )
    if plan.python and shutil.which(plan.python) is None:
        raise InvalidRequest(
            f"--python {plan.python} is not an interpreter that can be run.", help="Name one, such as VENV/bin/python."
        )
