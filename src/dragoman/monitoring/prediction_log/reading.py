"""A segment read back: its records, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from dragoman.monitoring.prediction_log.frames import Damage, Frame, Torn, scan_frames
from dragoman.monitoring.prediction_log.segment import Header, name_of

__all__ = ["Reading"]


class Reading:
    """One pass over the bytes of a segment.

    `problems` fills while `payloads` is read: the places that are not what was written, in words. A record that was
    being written when its process died is no problem: `torn` is where it begins.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path, self.data = path, data
        self.problems: list[str] = []
        self.torn: int | None = None
        self.is_ended = False  # the file says so itself

    def payloads(self) -> Iterator[bytes]:
        """The records that are as they were written."""
        for found in self._frames():
            if found.number:
                yield found.payload
            else:
                self._check_header(found.payload)

    def _frames(self) -> Iterator[Frame]:
        """Frames with a payload, up to the one that says that nothing follows."""
        for found in scan_frames(self.data):
            if isinstance(found, Torn):
                self.torn = found.offset
            elif isinstance(found, Damage):
                self.problems.append(found.text)
            elif found.payload:
                yield found
            else:
                self.is_ended = True
                if found.end < len(self.data):
                    self.problems.append(f"{len(self.data) - found.end} bytes stand after its end")
                return

    def _check_header(self, payload: bytes) -> None:
        try:
            header = msgspec.json.decode(payload, type=Header)
        except msgspec.MsgspecError:
            self.problems.append("its first record is not a header that this release knows")
            return
        name = name_of(self.path)
        if (header.app, header.number) != name:
            self.problems.append(f"its header names the segment {header.number} of '{header.app}'")
