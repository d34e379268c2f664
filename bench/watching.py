"""What watching costs a server: requests of one text each, with and without a monitor.

    python bench/watching.py WORKSPACE [--requests 20000]

Asks the champion of a trained workspace one text after the other, in rounds that alternate between a model without a
reference, one whose vectors are projected while nobody watches, the counters of service, and those with profiles.
Prints the CPU time of the whole process per request, threads that work aside included, and what share of the texts was
profiled. Texts are asked once each and do not come from the cache.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dragoman
from dragoman.monitoring.profiler import Profiler
from dragoman.monitoring.service import ServiceCounter
from dragoman.monitoring.watcher import Watcher
from dragoman.profiles import Profile
from dragoman.serving.model import Model
from dragoman.serving.observer import Observer, Silent
from dragoman.serving.options import Options
from dragoman.spec import DriftSpec, SloSpec

ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--requests", type=int, default=20_000, help="of each way")
    options = parser.parse_args()
    place = dragoman.open_workspace(options.workspace)
    name = place.specs()[0].name
    texts = [example.text for example in place.test_examples(name)]
    with place.load(f"models:/{name}@champion") as model:
        ways = {"no reference": bare, "projections": nobody, "counters, too": counters, "profiles, too": profiles}
        measured: dict[str, list[float]] = {way: [] for way in ways}
        shares: list[float] = []
        numbers = iter(range(10**9))
        for _ in range(ROUNDS):
            for way, make in ways.items():
                seconds, share = one_round(model, make, texts, numbers, options.requests // ROUNDS)
                measured[way].append(seconds)
                shares += [share] if way == "profiles, too" else []
    base = statistics.median(measured["no reference"])
    print(f"{'':<24}{'CPU per request':>18}{'more':>10}")
    for way, seconds in measured.items():
        middle = statistics.median(seconds)
        print(f"{way:<24}{1e6 * middle:>15.0f} µs{1e6 * (middle - base):>7.0f} µs")
    print(f"{statistics.median(shares):.0%} of the texts were profiled, at {DriftSpec().texts_per_second:g} a second")


def one_round(
    model: Model,
    make: Callable[[Model], tuple[Observer, Profiler | None]],
    texts: list[str],
    numbers: Iterator[int],
    count: int,
) -> tuple[float, float]:
    """CPU seconds per request, and the share of the texts that was profiled."""
    model.observer, profiler = make(model)
    asked = [f"{texts[number % len(texts)]} {number}" for number in (next(numbers) for _ in range(count))]
    began = time.process_time()
    for text in asked:
        model.predict(text, options=Options())
    if profiler is not None:
        profiler.close()
    seconds = (time.process_time() - began) / count
    return seconds, profiled(profiler) / count if profiler else 0.0


def bare(model: Model) -> tuple[Observer, None]:
    model.probe = None
    return Silent(), None


def nobody(model: Model) -> tuple[Observer, None]:
    model.probe = model.reference.probe if model.reference else None
    return Silent(), None


def counters(model: Model) -> tuple[Observer, None]:
    return watcher(model, Profiler()), None


def profiles(model: Model) -> tuple[Observer, Profiler]:
    profiler = Profiler()
    profiler.watch(model, DriftSpec())
    profiler.start()
    return watcher(model, profiler), profiler


def watcher(model: Model, profiler: Profiler) -> Watcher:
    service = ServiceCounter()
    service.watch(model.name, model.version, model.languages, SloSpec())
    return Watcher(service, profiler)


def profiled(profiler: Profiler) -> int:
    return sum(sum(Profile.decode(row.content).mix.values()) for row in profiler.changed())


if __name__ == "__main__":
    main()
