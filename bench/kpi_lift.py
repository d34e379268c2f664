"""How often the intervals of a lift hold at every time, how wide they are, and how long the join takes.

`python bench/kpi_lift.py` simulates releases; every number of docs/kpis.md comes from it. `python bench/kpi_lift.py
join 10` joins 10 million predictions of a fifth as many subjects to a tenth as many events, in a temporary folder.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dragoman.api.fakes import fake_release
from dragoman.feedback.joining import Span
from dragoman.feedback.kpi.exposure import expose
from dragoman.feedback.kpi.lift import release_lift
from dragoman.feedback.kpi.sequence import log_wealth, mirrored
from dragoman.feedback.kpi.trial import Trial
from dragoman.spec import KpiSpec
from dragoman.store.tables import DeltaTables

SUBJECTS = 20_000
WORLDS = 200
ALPHA = 0.05
NORMAL = 1.959964
SHARES = (0.02, 0.1, 0.5, 0.9)
RAMP = (0.01, 0.05, 0.25, 0.5)
START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000  # microseconds

Doubles = NDArray[np.float64]
Draw = Callable[[np.random.Generator, Doubles], Doubles]  # 1 where the challenger was drawn → values in [0, 1]


def shares(mean: float, lift: float = 0.0) -> Draw:
    return lambda rng, treated: (rng.random(len(treated)) < mean + lift * treated).astype(float)


def sums(lift: float = 0.0) -> Draw:
    """Three in ten spend something, log-normal and cut at 1: the mean is small and a few make most of it."""

    def draw(rng: np.random.Generator, treated: Doubles) -> Doubles:
        spent = np.minimum(rng.lognormal(-4 + lift * treated, 1.5), 1.0)
        return spent * (rng.random(len(treated)) < 0.3)

    return draw


def seasons(rng: np.random.Generator, treated: Doubles) -> Doubles:
    """Rises from 2% to 60% while the share grows: a mean over all subjects would take it for a lift."""
    return (rng.random(len(treated)) < np.linspace(0.02, 0.6, len(treated))).astype(float)


WORLD: dict[str, Draw] = {
    "share of 2%": shares(0.02),
    "share of 50%": shares(0.5),
    "skewed sum": sums(),
}


def simulate(share: Doubles, draw: Draw, lift: float, rng: np.random.Generator) -> tuple[bool, bool, float, float]:
    """Whether the interval missed the lift at any time, whether a plain one did, and both widths at the end."""
    treated = (rng.random(len(share)) < share).astype(float)
    trial = Trial(treated, share, draw(rng, treated))
    steps = trial.steps()
    limit = np.log(2 / ALPHA)
    missed = bool((log_wealth(steps, lift) >= limit).any() or (log_wealth(mirrored(steps), -lift) >= limit).any())
    low, high = trial.lift_bounds(alpha=ALPHA)
    effects, errors = plain(trial)
    fooled = bool((np.abs(effects - lift) > NORMAL * errors)[1_000:].any())
    return missed, fooled, high - low, 2 * NORMAL * float(errors[-1])


def plain(trial: Trial) -> tuple[Doubles, Doubles]:
    """The difference of two means after each subject, and its standard error as a test of a fixed number has it."""
    arms = [plain_arm(trial.values, trial.treated == arm) for arm in (0, 1)]
    return arms[1][0] - arms[0][0], np.sqrt(arms[0][1] + arms[1][1])


def plain_arm(values: Doubles, own: NDArray[np.bool_]) -> tuple[Doubles, Doubles]:
    n = np.maximum(np.cumsum(own), 1)
    mean = np.cumsum(values * own) / n
    return mean, np.maximum(np.cumsum(values**2 * own) / n - mean**2, 1e-6) / n


def coverage() -> Iterator[str]:
    yield "| number | challenger's share | missed, ever | a plain interval missed, ever | width | plain width | ratio |"
    yield "|---|---|---|---|---|---|---|"
    ramp = np.repeat(RAMP, SUBJECTS // len(RAMP))
    cases = [(name, draw, f"{one:.0%}", np.full(SUBJECTS, one)) for name, draw in WORLD.items() for one in SHARES]
    cases += [(name, draw, "1, 5, 25, 50%", ramp) for name, draw in WORLD.items()]
    cases.append(("season of 2 to 60%", seasons, "1, 5, 25, 50%", ramp))
    for name, draw, words, share in cases:
        rng = np.random.default_rng(7)
        runs = np.array([simulate(share, draw, 0.0, rng) for _ in range(WORLDS)], float)
        missed, fooled, width, fixed = runs.mean(axis=0)
        yield f"| {name} | {words} | {missed:.1%} | {fooled:.1%} | {width:.4f} | {fixed:.4f} | {width / fixed:.2f} |"


def power() -> Iterator[str]:
    """How many subjects until a true lift is seen, beside a test of a fixed number with 80% power."""
    yield "| share, from | to | challenger's share | subjects, median | fixed number | ratio |"
    yield "|---|---|---|---|---|---|"
    for before, after, part in ((0.3, 0.33, 0.5), (0.3, 0.36, 0.5), (0.3, 0.36, 0.1), (0.05, 0.065, 0.5)):
        rng, found = np.random.default_rng(7), []
        spread = before * (1 - before) / (1 - part) + after * (1 - after) / part
        fixed = (NORMAL + 0.8416) ** 2 * spread / (after - before) ** 2
        share = np.full(int(fixed * 12), part)
        for _ in range(100):
            treated = (rng.random(len(share)) < share).astype(float)
            steps = Trial(treated, share, shares(before, after - before)(rng, treated)).steps()
            above = log_wealth(steps, 0.0) >= np.log(2 / ALPHA)
            found.append(int(above.argmax()) if above.any() else len(share))
        median = float(np.median(found))
        yield f"| {before:.1%} | {after:.1%} | {part:.0%} | {median:,.0f} | {fixed:,.0f} | {median / fixed:.1f} |"


def join(millions: float) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="dragoman-bench-") as folder:
        rows = int(millions * 1e6)
        writer = multiprocessing.get_context("spawn").Process(target=write_world, args=(Path(folder), rows))
        writer.start()
        writer.join()  # a process of its own: its memory is not that of the join
        begun, worked = time.perf_counter(), time.process_time()
        release = fake_release(id="r1", champion=1, challenger=2, languages=list(LANGUAGES))
        span = Span("support", "", START, START + timedelta(days=DAYS + 1))
        kpis = [KpiSpec(name="resolved"), KpiSpec(name="spent", kind="sum", most=50.0)]
        with expose(DeltaTables(Path(folder)), span, names=["resolved", "spent"], release=release) as exposure:
            exposed = time.perf_counter() - begun
            found = release_lift(exposure, span, release, kpis)
        seconds, worked = time.perf_counter() - begun, time.process_time() - worked
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        subjects = found.rows[0].champion.subjects + found.rows[0].challenger.subjects
        yield f"{rows:,} predictions, {rows // 10:,} events, {subjects:,} subjects, {len(found.rows)} rows:"
        yield f"  {exposed:.1f} s to find the first answers, {seconds:.1f} s in all ({worked:.1f} s of processors);"
        yield f"  the process took {memory:.2f} GB"


DAYS = 30
LANGUAGES = ("en", "de", "fr", "es", "hi", "th", "ja", "pt", "it", "pl")


def write_world(folder: Path, rows: int) -> None:
    """A log of days, and events of the same subjects; the share grows in the first days and is a half then."""
    import pyarrow as pa
    from deltalake import write_deltalake
    from pyarrow import compute

    rng, subjects, start = np.random.default_rng(0), rows // 5, round(START.timestamp() * 1e6)
    names = pa.array([f"{one:016x}" for one in (np.arange(subjects, dtype=np.uint64) * 11_400_714_819_323).tolist()])
    places = rng.random(subjects)
    for day in range(DAYS):
        n = rows // DAYS
        who, share = rng.integers(0, subjects, n), RAMP[min(day // 2, len(RAMP) - 1)]
        challenged = pa.array(places[who] < share)
        times = start + day * DAY + np.sort(rng.integers(0, DAY, n))
        arm = compute.if_else(challenged, "challenger", "champion")
        columns = {
            "id": pa.array([f"01K{day:03d}{place:020d}" for place in range(n)]),
            "time": pa.array(times, pa.timestamp("us", "UTC")),
            "model": pa.array(["support"] * n),
            "version": compute.if_else(challenged, "2", "1"),
            "release": pa.array(["r1"] * n),
            "arm": arm,
            "assigned": arm,
            "share": pa.array(np.full(n, share)),
            "mirrored": pa.array(np.zeros(n, bool)),
            "subject": names.take(pa.array(who)),
            "language": pa.array(np.array(LANGUAGES)[who % len(LANGUAGES)].tolist()),
            "error": pa.array([""] * n),
            "date": pa.array((times // DAY).astype(np.int32), pa.date32()),
        }
        write_deltalake(folder / "predictions", pa.table(columns), mode="append", partition_by=["date"])
    n = rows // 10
    times = pa.array(start + rng.integers(0, DAYS * DAY, n), pa.timestamp("us", "UTC"))
    columns = {
        "id": pa.array([f"{place:016x}" for place in range(n)]),
        "model": pa.array(["support"] * n),
        "subject": names.take(pa.array(rng.integers(0, subjects, n))),
        "name": compute.if_else(pa.array(rng.random(n) < 0.7), "resolved", "spent"),
        "value": pa.array(rng.lognormal(2, 1, n)),
        "time": times,
        "received": times,
    }
    write_deltalake(folder / "events", pa.table(columns))


if __name__ == "__main__":
    asked = sys.argv[1:]
    for part in [join(float(asked[1]))] if asked[:1] == ["join"] else [coverage(), power()]:
        for line in part:
            print(line, flush=True)
        print()
