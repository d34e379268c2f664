"""`dragoman bench engine`: every contender in its own process, measured in turn, round after round."""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dragoman.bench.child_process import ChildProcess, command_of
from dragoman.bench.machine import machine_state
from dragoman.bench.plan import Plan, check_plan
from dragoman.bench.report import Contest, EngineReport, Peak, Ratio, Spread, spread
from dragoman.bench.workload import Workload, make_workload
from dragoman.errors import DragomanError

__all__ = ["Racer", "measure_engines"]

SINGLES = 20  # single texts in each round
SETTLE_SECONDS = 0.3  # after each measurement: libraries let their threads spin for a while before they sleep
REFERENCES = ("dragoman-fp32", "dragoman-fp32-cuda")
PRECISION = {"cpu": "int8", "cuda": "bf16"}  # of the peak that shares are of

Say = Callable[[str], None]
Rates = list[dict[str, Any]]


def measure_engines(plan: Plan, *, say: Say = lambda line: None) -> EngineReport:
    """Prepare and load all contenders one after the other, then measure them in interleaved rounds.

    `say` gets a line for each step. A contender that is not installed or fails is reported with the reason. Raises
    `InvalidRequest` for a plan that contradicts itself and `InvalidCheckpoint` for a model that is none.
    """
    check_plan(plan)
    hardware = machine_state()
    with tempfile.TemporaryDirectory(prefix="dragoman-bench-") as name, ExitStack() as stack:
        say("writing the model and the texts")
        workload = make_workload(plan, Path(name))
        racers = [Racer(name, plan, workload, stack) for name in plan.names]
        for racer in racers:
            racer.start(say)
        gauges = _start_gauges(plan, workload, stack, say)
        rounds = [_run_round(number, racers, gauges, say) for number in range(plan.rounds)]
    return _report(plan, hardware, workload, racers, rounds)


class Racer:
    """One contender, and what is known about it."""

    def __init__(self, name: str, plan: Plan, workload: Workload, stack: ExitStack) -> None:
        self.name, self.workload, self._stack = name, workload, stack
        self._command = command_of(name, interpreter=plan.interpreter)
        self._child: ChildProcess | None = None
        self.note = ""
        self.settings: dict[str, Any] = {}
        self.loaded: dict[str, Any] = {}
        self.seconds: list[float] = []  # a round
        self.single_ms: list[float] = []  # a round: the median

    @property
    def is_running(self) -> bool:
        return self._child is not None

    def start(self, say: Say) -> None:
        """Convert and try settings in a process that ends, then load with the best in one that stays."""
        say(f"{self.name}: converting and trying settings")
        with self._noting_failure():
            with ChildProcess(self.name, self._command, threads=self.workload.threads) as child:
                self.settings = child.ask("prepare", job=self.workload.job)["settings"]
            self._child = self._stack.enter_context(
                ChildProcess(self.name, self._command, threads=self.workload.threads)
            )
            self.loaded = self._child.ask("load", job=self.workload.job, settings=self.settings)
        if self.note:
            say(f"{self.name}: {self.note}")

    def measure(self) -> None:
        """One round: all texts, then single texts."""
        assert self._child
        with self._noting_failure():
            seconds = self._child.ask("throughput")["seconds"]
            milliseconds = self._child.ask("latency", count=SINGLES)["milliseconds"]
            self.seconds.append(seconds)
            self.single_ms.append(statistics.median(milliseconds))

    @contextmanager
    def _noting_failure(self) -> Iterator[None]:
        """A contender that fails is out of the race, not the end of it."""
        try:
            yield
        except DragomanError as error:
            self.note = error.message
            if self._child:
                self._child.close()
                self._child = None


# Rounds -------------------------------------------------------------------------------------------------------------


def _start_gauges(plan: Plan, workload: Workload, stack: ExitStack, say: Say) -> list[ChildProcess]:
    """The processes that measure the machine's matrix products: with our libraries, and with the peers'."""
    say("matrix products: trying what is installed")
    gauges = []
    for name in ("dragoman-rates", *(("rates",) if plan.python else ())):
        command = command_of(name, interpreter=plan.interpreter)
        gauge = stack.enter_context(ChildProcess(name, command, threads=workload.threads))
        try:
            gauge.ask("load", job=workload.job, settings={"options": {}, "batch": 0})
            gauges.append(gauge)
        except DragomanError as error:
            say(f"{name}: {error.message}")
    return gauges


def _run_round(number: int, racers: Sequence[Racer], gauges: Sequence[ChildProcess], say: Say) -> Rates:
    """Measure every contender once, the others idle, and the machine's rates; every second round runs backwards."""
    say(f"round {number + 1}")
    running = [racer for racer in racers if racer.is_running]
    for racer in running if number % 2 == 0 else reversed(running):
        racer.measure()
        time.sleep(SETTLE_SECONDS)
    return [rate for gauge in gauges for rate in _rates_of(gauge, say)]


def _rates_of(gauge: ChildProcess, say: Say) -> Rates:
    try:
        rates: Rates = gauge.ask("rates")["rates"]
    except DragomanError as error:
        say(f"{gauge.name}: {error.message}")
        return []
    return rates


# Reporting ----------------------------------------------------------------------------------------------------------


def _report(
    plan: Plan, hardware: dict[str, str], workload: Workload, racers: Sequence[Racer], rounds: Sequence[Rates]
) -> EngineReport:
    peaks, main = list(_peaks(rounds)), _main(plan, racers)
    precision = PRECISION[plan.device]
    peak = next((peak.gops.median for peak in peaks if peak.precision == precision), None)
    vector = next((racer.loaded.get("vector") for racer in racers if racer.name in REFERENCES), None)
    return EngineReport(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        hardware=hardware,
        workload=workload,
        rounds=plan.rounds,
        precision=precision,
        contests=[_contest(racer, peak, vector) for racer in racers],
        peaks=peaks,
        main=main.name if main else "",
        ratios=list(_ratios(main, racers)),
    )


def _contest(racer: Racer, peak: float | None, reference: Sequence[float] | None) -> Contest:
    if racer.note:
        return Contest(name=racer.name, note=racer.note)
    work, loaded = racer.workload, racer.loaded
    memory = loaded["memory_mb"]
    tokens = spread([work.tokens / seconds for seconds in racer.seconds])
    return Contest(
        name=racer.name,
        versions=loaded["versions"],
        settings=_in_words(racer.settings),
        tokens_per_second=tokens,
        texts_per_second=spread([work.texts / seconds for seconds in racer.seconds]),
        single_ms=spread(racer.single_ms),
        import_seconds=loaded["import_seconds"],
        load_seconds=loaded["load_seconds"],
        loaded_mb=memory["loaded"] - memory["imported"],
        peak_mb=memory["peak"] - memory["started"],
        device_mb=memory["device"],
        share_of_peak=tokens.median * work.operations_per_token / (peak * 1e9) if peak else None,
        cosine=_cosine(loaded["vector"], reference),
    )


def _in_words(settings: dict[str, Any]) -> str:
    """`{"options": {"graph": "fused"}, "batch": 8, …}` → `"graph fused, batch 8"`."""
    words = [f"{name} {value}" for name, value in settings["options"].items()]
    return ", ".join([*words, f"batch {settings['batch']}"])


def _cosine(left: Sequence[float] | None, right: Sequence[float] | None) -> float | None:
    if left is None or right is None:
        return None
    product = sum(one * other for one, other in zip(left, right, strict=True))
    return product / (math.hypot(*left) * math.hypot(*right))


def _peaks(rounds: Sequence[Rates]) -> Iterator[Peak]:
    """The best of each round, whichever library gave it; the source is that of the best round."""
    for precision in sorted({rate["precision"] for rates in rounds for rate in rates}):
        found = [[rate for rate in rates if rate["precision"] == precision] for rates in rounds]
        best = [max(rates, key=lambda rate: rate["gops"]) for rates in found if rates]
        top = max(best, key=lambda rate: rate["gops"])
        yield Peak(
            precision=precision, gops=spread([rate["gops"] for rate in best]), source=f"{top['source']} {top['shape']}"
        )


def _main(plan: Plan, racers: Sequence[Racer]) -> Racer | None:
    """The first of our own contenders that was measured."""
    return next((racer for racer in racers if not racer.note and racer.name not in plan.peers), None)


def _ratios(main: Racer | None, racers: Sequence[Racer]) -> Iterator[Ratio]:
    for other in racers if main else ():
        if main and other is not main and not other.note:
            yield Ratio(
                other=other.name,
                throughput=_quotients(other.seconds, main.seconds),
                latency=_quotients(main.single_ms, other.single_ms),
            )


def _quotients(above: Sequence[float], below: Sequence[float]) -> Spread:
    return spread([one / other for one, other in zip(above, below, strict=True)])
