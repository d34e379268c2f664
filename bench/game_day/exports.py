"""What an upstream system exports each day: tickets that people have closed, with the reason why they were opened."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.game_day.world import Writing

__all__ = ["CONTRACT", "DATASET", "broken", "export", "spoilt", "write_csv"]

DATASET = "tickets"
ROWS = 12_000  # of a day
BAD = 37  # rows of a day that are spoilt, where some are
CONTRACT = """
description = "Tickets that people have closed, as the ticket system exports them each night."

[columns.ticket_id]
type = "string"
required = true
unique = true

[columns.text]
type = "string"
required = true
refuse = ["blank", "control", "damage"]

[columns.label]
type = "string"
required = true
values = [LABELS]

[columns.language]
type = "string"
required = true

[columns.closed_at]
type = "time"
required = true

[rows]
min = 1000
"""

Row = dict[str, Any]


def export(ordinary: dict[str, list[Writing]], day: int) -> list[Row]:
    """The tickets of a day."""
    draw = random.Random(f"export {day}")
    everything = [one for language in sorted(ordinary) for one in ordinary[language]]
    return [
        {
            "ticket_id": f"{day}-{number:05}",
            "text": one.text,
            "label": one.label,
            "language": one.language,
            "closed_at": f"2026-03-{day + 1:02}T{number % 24:02}:{number % 60:02}:00Z",
        }
        for number, one in enumerate(draw.choices(everything, k=ROWS))
    ]


def broken(rows: Iterable[Row]) -> list[Row]:
    """The same after an update upstream: a column is renamed, labels and dates are written in another way."""
    return [
        {
            "ticket_id": row["ticket_id"],
            "message": row["text"],
            "label": row["label"].replace("_", " ").title(),
            "language": row["language"],
            "closed_at": f"{row['closed_at'][8:10]}.{row['closed_at'][5:7]}.26 {row['closed_at'][11:16]}",
        }
        for row in rows
    ]


def spoilt(rows: list[Row]) -> list[Row]:
    """The same with some rows whose label is in the new spelling still."""
    places = set(random.Random(BAD).sample(range(len(rows)), BAD))
    return [row | {"label": row["label"].title()} if place in places else row for place, row in enumerate(rows)]


def write_csv(path: Path, rows: list[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
