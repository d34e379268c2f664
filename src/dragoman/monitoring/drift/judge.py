"""The judge of drift: from counts to symptoms, and to a table of all cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.drift.baseline import Baseline, BundleBaseline, Standard, TrafficBaseline
from dragoman.monitoring.drift.budget import levels
from dragoman.monitoring.drift.bursts import recent_inflation
from dragoman.monitoring.drift.comparison import compare
from dragoman.monitoring.drift.episodes import symptoms_of
from dragoman.monitoring.drift.grid import Grid, Sums
from dragoman.monitoring.drift.look import Look
from dragoman.monitoring.drift.row import DriftRow
from dragoman.monitoring.times import seconds_of
from dragoman.profiles import Profile, Reference
from dragoman.records import Symptom
from dragoman.spec import DriftSpec

__all__ = ["DriftFindings", "DriftJudge"]

Buckets = Iterable[tuple[str, Profile]]
Bools = NDArray[np.bool_]


class DriftFindings(NamedTuple):
    """What one look found: what is wrong now, and every cell in every window."""

    symptoms: list[Symptom]
    rows: list[DriftRow]


class _Window(NamedTuple):
    """What a window has, before anything is compared."""

    length: int
    now: Sums
    starts: list[float]


class DriftJudge:
    """Compares windows of one version's traffic with its reference. Made once, asked at the end of every bucket.

    `baseline` are the buckets of the version's first `reference_days`, in order of time; looks are at later ones only.
    Where `spec.reference` is "traffic" they are the reference, and without them nothing is tested; else only the
    language mix is compared with them. Expected false alarms in 30 days are at most `spec.false_alarms`.
    """

    def __init__(self, spec: DriftSpec, reference: Reference, *, baseline: Buckets = ()) -> None:
        self.spec = spec
        self.grid = Grid(reference, spec.signals)
        traffic = TrafficBaseline(self.grid, spec, self._counted(baseline))
        self._baseline: Baseline = traffic if spec.reference == "traffic" else BundleBaseline(self.grid, traffic)
        self._begin = traffic.end if spec.reference == "traffic" else 0.0

    def look(
        self,
        buckets: Buckets,
        *,
        model: str,
        version: str = "",
        at: str = "",
        earlier: Sequence[Symptom] = (),
    ) -> DriftFindings:
        """Compare the windows that end with the bucket that begins at `at`, by default the newest.

        `buckets` are starts and counts of the longest window at least; those of a reference that is traffic do not
        count. `earlier` are the symptoms that the look before gave: a change that is told stays until it has gone.
        Raises `InvalidInput` for a profile of another reference.
        """
        if not self.grid.cells:
            return DriftFindings([], [])
        sums = sorted(self._counted(buckets), key=lambda bucket: bucket[0])
        last = seconds_of(at) if at else max((start for start, _ in sums), default=0.0)
        sums = [(start, one) for start, one in sums if self._begin <= start <= last]
        looks = self._looks(sums, last)
        rows = [look.row(cell) for cell in range(len(self.grid.cells)) for look in looks]
        return DriftFindings(symptoms_of(self.spec, looks, sums, model=model, version=version, earlier=earlier), rows)

    def _counted(self, buckets: Buckets) -> Iterator[tuple[float, Sums]]:
        return ((seconds_of(start), self.grid.sums(profile)) for start, profile in buckets)

    def _looks(self, sums: Sequence[tuple[float, Sums]], last: float) -> list[Look]:
        """A look through every window, the shortest first."""
        windows = [self._window(length, sums, last) for length in self.spec.windows]
        standards = [self._baseline.standard(window.length, window.starts) for window in windows]
        tested = [self._tested(window.now, standard.sums) for window, standard in zip(windows, standards, strict=True)]
        level = self._levels(tested)
        looks = [
            self._look(window, standard, mask, level)
            for window, standard, mask in zip(windows, standards, tested, strict=True)
        ]
        return [self._sobered(look, sums) for look in looks] if self.spec.reference == "bundle" else looks

    def _look(self, window: _Window, standard: Standard, tested: Bools, level: NDArray[np.float64]) -> Look:
        found = compare(
            self.grid.parts,
            window.now.counts,
            standard.sums.counts,
            inflation=standard.inflation,
            min_change=self.spec.min_change,
        )
        return Look(self.grid, window.length, window.now, standard, found, tested, level, self.spec.min_change)

    def _sobered(self, look: Look, sums: Sequence[tuple[float, Sums]]) -> Look:
        """The same after bursts are measured in the cells in which a change would begin or stay."""
        cells = look.suspects()
        if not cells.any():
            return look
        rows = np.flatnonzero(cells[self.grid.parts.cell])
        recent = recent_inflation(self.grid.parts, rows, [one.counts for _, one in sums], window=look.window)
        usual = look.standard.inflation
        inflation = np.ones(len(self.grid.parts.start)) if usual is None else usual.copy()
        inflation[rows] = np.maximum(inflation[rows], recent)
        window = _Window(look.window, look.now, [])
        return self._look(window, look.standard._replace(inflation=inflation), look.tested, look.levels)

    def _window(self, length: int, sums: Sequence[tuple[float, Sums]], last: float) -> _Window:
        begin = last - length * self.spec.every_minutes * 60
        chosen = [(start, one) for start, one in sums if start > begin]
        total = self.grid.nothing
        for _, one in chosen:
            total = total.plus(one)
        return _Window(length, total, [start for start, _ in chosen])

    def _tested(self, now: Sums, standard: Sums) -> Bools:
        """Cells `[cells]` with enough texts on both sides."""
        rows = np.array([cell.row for cell in self.grid.cells])
        first = self.grid.first[:-1]
        n, m = (self.grid.parts.totals(sums.counts)[first] for sums in (now, standard))
        texts = np.where(rows >= 0, np.append(now.texts, 0)[rows], n)
        least = self.spec.min_texts
        return np.asarray((texts >= least) & (n >= least) & (m >= least))

    def _levels(self, tested: Sequence[Bools]) -> NDArray[np.float64]:
        is_mix = np.array([cell.row < 0 for cell in self.grid.cells])
        found = levels(
            self.spec.false_alarms,
            every_minutes=self.spec.every_minutes,
            windows=len(self.spec.windows),
            cells=len(is_mix),
            tested=int(sum((mask & ~is_mix).sum() for mask in tested)),
        )
        return np.where(is_mix, found.mix, found.cell)
