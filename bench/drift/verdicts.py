"""What a peer's report says of a column. Imports nothing: it is read in the peers' environment too."""

from __future__ import annotations

from typing import Any

__all__ = ["verdict"]


def verdict(metric: dict[str, Any]) -> dict[str, Any] | None:
    """Of a metric in Evidently's report; None for one that is not of a column.

    The value of a test is its p-value, which alarms below the threshold; a distance alarms from the threshold on.
    """
    config = metric["config"]
    if not config["type"].endswith(":ValueDrift"):
        return None
    value, threshold = float(metric["value"]), float(config["threshold"])
    alarm = value < threshold if "p_value" in config["method"] else value >= threshold
    return {"column": config["column"], "alarm": alarm, "value": value, "method": config["method"]}
