"""A source read to its end."""

from __future__ import annotations

from typing import Any

from dragoman.data.sources import Refused, Source


class Read:
    """What a source gave: rows by line, types by line, and what it refused."""

    def __init__(self, source: Source) -> None:
        self.source, self.refused = source, list[Refused]()
        self.rows: dict[int, dict[str, Any]] = {}
        self.kinds: dict[int, dict[str, str]] = {}
        self.files: list[str] = []
        for batch, place in source.batches(self.refused.append):
            self.files.append(place.file)
            for number, row in enumerate(batch.to_pylist()):
                self.rows[place.line_of(number)] = row
                self.kinds[place.line_of(number)] = {field.name: str(field.type) for field in batch.schema}

    @property
    def problems(self) -> dict[str, str]:
        return {one.place: one.why for one in self.refused}
