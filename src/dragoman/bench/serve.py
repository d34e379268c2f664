"""`dragoman bench serve`: what HTTP costs, and what happens when more is asked than the server can do."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
import numpy as np

from dragoman.bench.floor import measure_floor
from dragoman.bench.load import Answered, Target, closed_loop, open_loop, post_bytes
from dragoman.bench.machine import machine_state
from dragoman.errors import DragomanError
from dragoman.records import Record

__all__ = [
    "HttpReport",
    "Offline",
    "OverloadReport",
    "ServePlan",
    "ServeReport",
    "bench_serve",
    "measure_offline",
    "running_server",
]

MODEL = "bench"
ADDRESS = re.compile(r"Serving on (http://[^\s;]+)")
WARM_UP_SECONDS = 3.0
SAMPLE_SECONDS = 0.5
END_SECONDS = 30.0
OFFLINE_TEXTS = 1_000
SINGLES = 50


class ServePlan(Record, frozen=True, kw_only=True):
    """What to measure."""

    clients: int = 64
    seconds: float = 20.0  # of each measurement without overload
    overload_seconds: float = 120.0
    overload: float = 10.0  # times the capacity
    texts_per_request: int = 32  # of the overload; one short text each before
    deadline_ms: int = 2_000
    seed: int = 0


class Offline(NamedTuple):
    """What the same model does in process."""

    texts_per_second: float
    single_ms: float


class HttpReport(Record, frozen=True, kw_only=True):
    """One client at a time, then many: what HTTP adds to a request, and keeps of the throughput."""

    single_ms: float  # median of a request
    added_ms: float  # median of what is not inference in it
    floor_ms: float  # median of a request to an application that answers at once
    offline_texts_per_second: float
    texts_per_second: float
    kept: float  # of the offline throughput


class OverloadReport(Record, frozen=True, kw_only=True):
    """More requests than the server can answer."""

    capacity_rps: float  # requests a second that it answers when clients wait for their answers
    offered_rps: float
    goodput_rps: float  # answered with 200 before their deadline
    kept: float  # goodput as a share of the capacity
    statuses: dict[str, int]
    late_p99_ms: float  # of the requests' sending: where it is not small, the clients could do no more
    admitted_p50_ms: float
    admitted_p99_ms: float
    refused_p99_ms: float
    deadline_ms: int
    memory_start_mb: float
    memory_end_mb: float
    memory_peak_mb: float


class ServeReport(Record, frozen=True, kw_only=True):
    """Everything that `dragoman bench serve` prints."""

    date: str
    hardware: dict[str, str]
    http: HttpReport
    overload: OverloadReport


def bench_serve(
    source: str,
    texts: Iterator[str],
    offline: Offline,
    plan: ServePlan,
    *,
    options: Sequence[str] = (),
    report: Callable[[str], None],
) -> ServeReport:
    """Serve `source` in a process of its own, and put load on it. `offline` is what it does without a server.

    No text is asked twice. `options` go to `dragoman serve`. Raises `DragomanError` if the server does not start.
    """
    with running_server(source, options) as server:
        report(f"HTTP: one client, then {plan.clients}")
        http = _measure_http(server.url, texts, offline, plan)
        report(f"overload: {plan.overload:g} times the capacity for {plan.overload_seconds:g} s")
        overload = _measure_overload(server, texts, plan)
    now = dt.datetime.now(dt.UTC).date().isoformat()
    return ServeReport(date=now, hardware=machine_state(), http=http, overload=overload)


# The server ---------------------------------------------------------------------------------------------------------


class Server(NamedTuple):
    """A server in a child process."""

    url: str
    pid: int


@contextmanager
def running_server(source: str, options: Sequence[str] = ()) -> Iterator[Server]:
    """`dragoman serve` of one model on a free port, until the block ends."""
    command = [sys.executable, "-m", "dragoman", "serve", "--model", f"{MODEL}={source}", "--port", "0", *options]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        yield Server(_wait_for_address(child.stdout), child.pid)
    finally:
        child.terminate()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()


def _wait_for_address(output: IO[str]) -> str:
    for line in output:
        if match := ADDRESS.search(line):
            return match[1]
    raise DragomanError("The server ended before it was ready.", help="Its message stands above.")


# Measuring ----------------------------------------------------------------------------------------------------------


def _measure_http(url: str, texts: Iterator[str], alone: Offline, plan: ServePlan) -> HttpReport:
    target, requests = Target.of(url), _requests(texts, 1)
    asyncio.run(closed_loop(target, requests, clients=plan.clients, seconds=min(WARM_UP_SECONDS, plan.seconds)))
    single = _good(asyncio.run(closed_loop(target, requests, clients=1, seconds=plan.seconds / 2)))
    many = _good(asyncio.run(closed_loop(target, requests, clients=plan.clients, seconds=plan.seconds)))
    return _http_report(single, many, alone, floor_ms=measure_floor(requests))


def _http_report(
    single: Sequence[Answered], many: Sequence[Answered], alone: Offline, *, floor_ms: float
) -> HttpReport:
    rate = len(many) / _span(many)
    return HttpReport(
        single_ms=_quantile([one.seconds for one in single], 0.5),
        added_ms=statistics.median(map(_added_ms, single)),
        floor_ms=floor_ms,
        offline_texts_per_second=alone.texts_per_second,
        texts_per_second=rate,
        kept=rate / alone.texts_per_second,
    )


def _measure_overload(server: Server, texts: Iterator[str], plan: ServePlan) -> OverloadReport:
    target = Target.of(server.url)
    patient = _requests(texts, plan.texts_per_request)  # what can be done shows without deadlines
    base = _good(asyncio.run(closed_loop(target, patient, clients=plan.clients, seconds=plan.seconds)))
    capacity = len(base) / _span(base)
    requests = _requests(texts, plan.texts_per_request, timeout_ms=plan.deadline_ms)
    with _memory_of(server.pid) as memory:
        offered = plan.overload * capacity
        answered = asyncio.run(open_loop(target, requests, rate=offered, seconds=plan.overload_seconds, seed=plan.seed))
    return _overload_report(answered, capacity, memory, plan)


def _overload_report(
    answered: Sequence[Answered], capacity: float, memory: Sequence[float], plan: ServePlan
) -> OverloadReport:
    good = _good(answered)
    in_time = [one for one in good if one.seconds * 1_000 <= plan.deadline_ms]
    refused = [one.seconds for one in answered if one.status == HTTPStatus.TOO_MANY_REQUESTS]
    statuses = sorted({one.status for one in answered})
    goodput = len(in_time) / _span(answered)
    return OverloadReport(
        capacity_rps=capacity,
        offered_rps=_offered(answered),
        goodput_rps=goodput,
        kept=goodput / capacity,
        statuses={str(status): sum(one.status == status for one in answered) for status in statuses},
        late_p99_ms=_quantile([one.late for one in answered], 0.99),
        admitted_p50_ms=_quantile([one.seconds for one in good], 0.5),
        admitted_p99_ms=_quantile([one.seconds for one in good], 0.99),
        refused_p99_ms=_quantile(refused, 0.99),
        deadline_ms=plan.deadline_ms,
        memory_start_mb=memory[0],
        memory_end_mb=memory[-1],
        memory_peak_mb=max(memory),
    )


def _requests(texts: Iterator[str], size: int, **envelope: object) -> Iterator[bytes]:
    path = f"/v1/models/{MODEL}/predict"
    while True:
        yield post_bytes(path, msgspec.json.encode({"inputs": list(islice(texts, size)), **envelope}))


def _good(answered: Sequence[Answered]) -> list[Answered]:
    return [one for one in answered if one.status == HTTPStatus.OK]


def _span(answered: Sequence[Answered]) -> float:
    """Seconds from the first request to the last answer."""
    if not answered:
        raise DragomanError("The server answered no request with 200.", help="Try one with curl; its log may say more.")
    return max(one.started + one.seconds for one in answered) - min(one.started for one in answered)


def _offered(answered: Sequence[Answered]) -> float:
    """Requests that were sent in a second."""
    sent = [one.started + one.late for one in answered]
    return len(sent) / max(max(sent) - min(sent), 1e-9)


def _added_ms(one: Answered) -> float:
    return one.seconds * 1_000 - float(msgspec.json.decode(one.body)["usage"]["inference_ms"])


def _quantile(seconds: Sequence[float], share: float) -> float:
    return float(np.quantile(seconds, share)) * 1_000 if seconds else 0.0


@contextmanager
def _memory_of(pid: int) -> Iterator[list[float]]:
    """Resident megabytes of a process, sampled while the block runs."""
    samples, done = [_resident_mb(pid)], threading.Event()

    def sample() -> None:
        while not done.wait(SAMPLE_SECONDS):
            samples.append(_resident_mb(pid))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()
        samples.append(_resident_mb(pid))


def _resident_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(text.split("VmRSS:")[1].split()[0]) / 1_024


def measure_offline(predict: Callable[[Sequence[str]], object], texts: Iterator[str], seconds: float) -> Offline:
    """Texts a second through `predict` in long lists, and the median time of one text. No text is asked twice."""
    predict(list(islice(texts, OFFLINE_TEXTS)))
    elapsed, done = 0.0, 0
    while elapsed < seconds:
        elapsed += _timed(predict, list(islice(texts, OFFLINE_TEXTS)))
        done += OFFLINE_TEXTS
    singles = [_timed(predict, [text]) for text in islice(texts, SINGLES)]
    return Offline(done / elapsed, statistics.median(singles) * 1_000)


def _timed(predict: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    started = time.perf_counter()
    predict(texts)
    return time.perf_counter() - started
