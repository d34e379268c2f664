"""Records in a file, each checked by itself and chained to the one before it.

A frame is 32 bytes and the payload: the mark ff 52 6f 77; the CRC-32 (4 bytes) of all that follows; the frame's number
in the file (4), counted from 0; the payload's length (4); the link (16): the first 16 bytes of the SHA-256 of the link
before it and the payload. Numbers are little-endian. A frame without a payload ends a file.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["START", "Damage", "Frame", "Place", "Torn", "join_frames", "scan_frames"]

MARK = b"\xffRow"  # ff stands in no UTF-8 text, so a payload never looks like the beginning of a frame
LEAD = struct.Struct("<4sI")  # mark, check
BODY = struct.Struct("<II16s")  # number, length of the payload, link
HEAD = struct.Struct("<4sIII16s")  # both
LEAD_BYTES, HEAD_BYTES = LEAD.size, HEAD.size


class Place(NamedTuple):
    """Where the next frame goes."""

    number: int
    link: bytes


class Frame(NamedTuple):
    """A whole frame."""

    offset: int
    number: int
    link: bytes
    payload: bytes

    @property
    def end(self) -> int:
        return self.offset + HEAD_BYTES + len(self.payload)


class Damage(NamedTuple):
    """Bytes, or an order, that nobody wrote here."""

    offset: int
    text: str


class Torn(NamedTuple):
    """The beginning of a frame that was never finished, up to the end of the file."""

    offset: int


START = Place(0, bytes(16))


def join_frames(payloads: Iterable[bytes], place: Place) -> tuple[bytes, Place]:
    """The frames of some payloads, one after the other, and the place after them."""
    number, link = place
    parts: list[bytes] = []
    for payload in payloads:
        link = _link(link, payload)
        body = BODY.pack(number, len(payload), link)
        parts += (LEAD.pack(MARK, zlib.crc32(payload, zlib.crc32(body))), body, payload)
        number += 1
    return b"".join(parts), Place(number, link)


def scan_frames(data: bytes) -> Iterator[Frame | Damage | Torn]:
    """The frames of a file in order, and what is wrong between them.

    Frames after damage come too, except those that are changed themselves or stand where they were not written.
    """
    offset, place, is_linked = 0, START, True
    while offset < len(data):
        frame = _frame_at(data, offset)
        if frame is None:
            frame = _next_frame(data, offset + 1)
            if frame is None:
                yield _rest(data, offset)
                return
            yield Damage(offset, f"{frame.offset - offset} bytes from byte {offset} are not what was written")
            offset, is_linked = frame.offset, False
            continue
        problem = _misplaced(frame, place, is_linked=is_linked)
        if problem:
            yield Damage(offset, problem)
        if not problem or frame.number > place.number:
            yield frame
        place = Place(max(frame.number + 1, place.number), frame.link)
        offset, is_linked = frame.end, True


def _misplaced(frame: Frame, place: Place, *, is_linked: bool) -> str:
    """What is wrong with the place of a frame that is whole; nothing is said of a gap that was named already."""
    if frame.number < place.number:
        return f"the record at byte {frame.offset} stands there a second time, or in another order"
    if frame.number > place.number:
        missing = frame.number - place.number
        return f"records are missing before byte {frame.offset}: {missing} of them" if is_linked else ""
    if is_linked and frame.link != _link(place.link, frame.payload):
        return f"the record at byte {frame.offset} was changed"
    return ""


def _rest(data: bytes, offset: int) -> Damage | Torn:
    """What stands at the end: a frame that was cut off, zeros of a file that grew before its content came, or else."""
    rest = data[offset:]
    is_cut = rest[: len(MARK)] == MARK[: len(rest)] and (
        len(rest) < HEAD_BYTES or HEAD.unpack_from(rest)[3] > len(rest) - HEAD_BYTES
    )
    if is_cut or not any(rest):
        return Torn(offset)
    return Damage(offset, f"{len(rest)} bytes from byte {offset} are not what was written")


def _frame_at(data: bytes, offset: int) -> Frame | None:
    """The frame that begins at `offset`, if a whole one does."""
    start = offset + HEAD_BYTES
    if start > len(data):
        return None
    mark, check, number, length, link = HEAD.unpack_from(data, offset)
    if mark != MARK or start + length > len(data):
        return None
    if zlib.crc32(data[offset + LEAD_BYTES : start + length]) != check:
        return None
    return Frame(offset, number, link, data[start : start + length])


def _next_frame(data: bytes, offset: int) -> Frame | None:
    while (offset := data.find(MARK, offset)) >= 0:
        if frame := _frame_at(data, offset):
            return frame
        offset += 1
    return None


def _link(before: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(before + payload).digest()[: len(before)]
