"""What a release watches: six harms, each a number in [-1, 1] per request, positive where the challenger is worse."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["METRICS", "Metric", "metric_named"]


class Metric(NamedTuple):
    """A harm of one request.

    `least` is the lowest value that it can take. `paired` harms compare the two answers to one request; the others
    compare requests of users and exist only while both versions answer users. `may_pass` says that a machine does the
    harm, so that it may come and go. `weight` is the metric's share of the error that a release may make: most goes to
    the metric that sees a wrong model with the fewest requests. Models of numbers have no `confidence` and no
    `abstention`: nothing is counted of them.
    """

    name: str
    least: float
    paired: bool
    may_pass: bool
    weight: float
    help: str


METRICS = (
    Metric(
        "errors", -1.0, paired=True, may_pass=True, weight=0.1, help="the challenger failed, less: the champion failed"
    ),
    Metric(
        "latency",
        -1.0,
        paired=False,
        may_pass=True,
        weight=0.1,
        help="slower than the champion's 95th percentile, less its own",
    ),
    Metric("agreement", 0.0, paired=True, may_pass=False, weight=0.55, help="the two versions gave different answers"),
    Metric(
        "confidence",
        -1.0,
        paired=True,
        may_pass=False,
        weight=0.05,
        help="the champion's best score less the challenger's",
    ),
    Metric(
        "abstention",
        -1.0,
        paired=True,
        may_pass=False,
        weight=0.05,
        help="the challenger abstained, less: the champion abstained",
    ),
    Metric(
        "quality",
        -1.0,
        paired=True,
        may_pass=False,
        weight=0.15,
        help="the champion was right, less: the challenger was right; of numbers, how much the error grew",
    ),
)


def metric_named(name: str) -> Metric:
    """The metric of that name, which must be one of `METRICS`."""
    return next(metric for metric in METRICS if metric.name == name)
