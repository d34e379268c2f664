"""Every answer recorded: rows go through a write-ahead file to a Delta table, exactly once."""

from __future__ import annotations

from dragoman.monitoring.prediction_log.counters import LogStats
from dragoman.monitoring.prediction_log.keys import key_pseudonym, logged_key
from dragoman.monitoring.prediction_log.log import PredictionLog
from dragoman.monitoring.prediction_log.query import read_pending, read_predictions
from dragoman.monitoring.prediction_log.schema import rows_of
from dragoman.monitoring.prediction_log.ticket import Fate, Ticket
from dragoman.monitoring.prediction_log.verify import verify_wal

__all__ = [
    "Fate",
    "LogStats",
    "PredictionLog",
    "Ticket",
    "key_pseudonym",
    "logged_key",
    "read_pending",
    "read_predictions",
    "rows_of",
    "verify_wal",
]
