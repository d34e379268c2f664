"""What predictions cost, by model, version and language: time, memory, and money where there are prices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from dragoman.monitoring.service import ALL, UNKNOWN, LanguageCounts, ServiceCounts
from dragoman.records.base import Record
from dragoman.settings import Settings

__all__ = ["CostRow", "Prices", "Served", "cost_rows", "total_of"]

HOUR = 3_600.0  # seconds
GB = 1e9
MEGABYTE = 1e6
MICRO = 1e-6


class Prices(NamedTuple):
    """What the machine costs. With all at 0 only time, memory and bytes are told."""

    cpu_hour: float = 0.0
    gb_hour: float = 0.0
    currency: str = "USD"
    gpu_hour: float = 0.0
    gb_month: float = 0.0  # stored

    @classmethod
    def of(cls, settings: Settings) -> Prices:
        return cls(
            cpu_hour=settings.price_cpu_hour,
            gb_hour=settings.price_gb_hour,
            currency=settings.currency,
            gpu_hour=settings.price_gpu_hour,
            gb_month=settings.price_stored_gb_month,
        )

    def of_serving(self, device: str) -> Prices:
        """Those of a model whose sessions run on a device: a session on a GPU counts as one core.

        Without a price of GPUs, that of cores is taken.
        """
        return self._replace(cpu_hour=self.gpu_hour) if device == "cuda" and self.gpu_hour else self

    def __bool__(self) -> bool:
        return max(self.cpu_hour, self.gb_hour, self.gpu_hour, self.gb_month) > 0


class Served(NamedTuple):
    """One version in a period, all replicas together."""

    model: str
    version: str
    counts: ServiceCounts


class CostRow(Record, frozen=True, kw_only=True):
    """What the predictions of a version in one language took, and cost."""

    model: str
    version: str
    language: str  # `ALL`: the sum over languages
    texts: int
    tokens: int
    compute_seconds: float  # of the session
    core_hours: float  # the same, of each of its cores
    gb_hours: float  # of memory that was held, shared by compute
    cost: float | None  # in `currency`; None: there are no prices
    currency: str

    @property
    def seconds_per_1000(self) -> float | None:
        """Compute for 1,000 predictions; None without any."""
        return 1_000 * self.compute_seconds / self.texts if self.texts else None

    @property
    def cost_per_1000(self) -> float | None:
        """Cost of 1,000 predictions; None without any, or without prices."""
        return None if self.cost is None or not self.texts else 1_000 * self.cost / self.texts


def cost_rows(served: Iterable[Served], prices: Prices = Prices()) -> list[CostRow]:  # noqa: B008 (frozen)
    """One row for each version and language, in this order.

    A core that computes is counted while it does; one that waits is nobody's. Memory is counted all the time that a
    version was loaded, and shared between its languages as their compute is; without any compute, as their texts are.
    The memory of a version that nobody asked is that of `UNKNOWN`.
    """
    rows = [row for one in served for row in _rows_of(one, prices)]
    return sorted(rows, key=lambda row: (row.model, row.version, row.language))


def total_of(rows: Iterable[CostRow]) -> CostRow | None:
    """The sum of rows of one currency; model and version stay where all have the same. None without rows."""
    listed = list(rows)
    if not listed:
        return None
    models, versions = {row.model for row in listed}, {row.version for row in listed}
    costs = [row.cost for row in listed if row.cost is not None]
    return CostRow(
        model=models.pop() if len(models) == 1 else ALL,
        version=versions.pop() if len(versions) == 1 else ALL,
        language=ALL,
        texts=sum(row.texts for row in listed),
        tokens=sum(row.tokens for row in listed),
        compute_seconds=sum(row.compute_seconds for row in listed),
        core_hours=sum(row.core_hours for row in listed),
        gb_hours=sum(row.gb_hours for row in listed),
        cost=sum(costs) if costs else None,
        currency=listed[0].currency,
    )


def _rows_of(served: Served, prices: Prices) -> list[CostRow]:
    held = sum(one.held_mbs for one in served.counts.languages.values()) * MEGABYTE / GB / HOUR
    counted = {name: one for name, one in served.counts.languages.items() if one.texts or one.compute_us}
    if not counted:
        return [_row(served, prices, UNKNOWN, LanguageCounts(), held)] if held else []
    weights = _weights(counted)
    return [_row(served, prices, name, one, held * weights[name]) for name, one in counted.items()]


def _weights(counted: dict[str, LanguageCounts]) -> dict[str, float]:
    """Each language's share of the memory."""
    computed = sum(one.compute_us for one in counted.values())
    parts = {name: one.compute_us if computed else one.texts for name, one in counted.items()}
    total = sum(parts.values())
    return {name: part / total for name, part in parts.items()}


def _row(served: Served, prices: Prices, language: str, counts: LanguageCounts, gb_hours: float) -> CostRow:
    core_hours = counts.core_us * MICRO / HOUR
    return CostRow(
        model=served.model,
        version=served.version,
        language=language,
        texts=counts.texts,
        tokens=counts.tokens,
        compute_seconds=counts.compute_us * MICRO,
        core_hours=core_hours,
        gb_hours=gb_hours,
        cost=core_hours * prices.cpu_hour + gb_hours * prices.gb_hour if prices else None,
        currency=prices.currency,
    )
