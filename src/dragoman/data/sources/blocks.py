"""A file of text in blocks of whole rows, with the digest of its bytes."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from dragoman.errors import InvalidData, NotFound

__all__ = ["Blocks", "open_file"]

BLOCK_BYTES = 8 * 2**20
LONGEST_ROW = 64 * 2**20  # bytes
HEAD_BYTES = 4_096
UTF_8 = "utf-8"
BINARY = {b"PAR1": "a Parquet file", b"\x1f\x8b": "compressed with gzip", b"PK\x03\x04": "a ZIP or Excel file"}
WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Cut = Callable[[bytes], int]  # how many bytes from the beginning are whole rows


class Blocks:
    """Reads a file once. `line` is the line in which the next block begins, from 1."""

    def __init__(self, path: Path, name: str, *, cut: Cut, encoding: str = UTF_8) -> None:
        self.path, self.name, self.cut, self.encoding = path, name, cut, encoding
        self.line, self.read_bytes = 1, 0
        self.size = 0  # known when the file is open
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    @property
    def share(self) -> float:
        return min(1.0, self.read_bytes / self.size) if self.size else 0.0

    def __iter__(self) -> Iterator[bytes]:
        """Blocks in UTF-8, each of whole rows; the last one may have no line feed at its end.

        Raises `InvalidData` for a file that is empty, is not text, or has a row that is much too long.
        """
        with open_file(self.path, self.name) as file:
            self.size = self.path.stat().st_size
            rest = b""
            for chunk in self._chunks(file):
                rest += chunk
                if end := self.cut(rest):
                    yield rest[:end]
                    self.line += rest.count(b"\n", 0, end)
                    rest = rest[end:]
                elif len(rest) > LONGEST_ROW:
                    raise self._problem(f"{self.line}: a row of more than {LONGEST_ROW // 2**20} MB")
            if rest:
                yield rest
        if not self.read_bytes:
            raise InvalidData(f"{self.name} is empty.", help="Give a file with rows; nothing was stored.")

    def _chunks(self, file: BufferedReader) -> Iterator[bytes]:
        pieces = self._pieces(file)
        return pieces if codecs.lookup(self.encoding).name == UTF_8 else self._decoded(pieces)

    def _pieces(self, file: BufferedReader) -> Iterator[bytes]:
        while piece := file.read(BLOCK_BYTES):
            if not self.read_bytes:
                self._look_at(piece[:HEAD_BYTES])
            self._hash.update(piece)
            self.read_bytes += len(piece)
            yield piece

    def _look_at(self, head: bytes) -> None:
        """Say what a file is that is no text, rather than what is wrong with its first line."""
        is_wide = self.encoding.casefold().replace("_", "-").startswith(("utf-16", "utf-32"))
        if head.startswith(WIDE_MARKS) and not is_wide:
            raise self._problem(" is UTF-16", help="Save it as UTF-8; CSV may have another encoding (--encoding).")
        for mark, kind in BINARY.items():
            if head.startswith(mark):
                raise self._problem(f" is {kind}, not text", help="Name the format with --format, or unpack the file.")
        if b"\0" in head and not is_wide:
            raise self._problem(f" is not text: byte {head.index(0)} is 0", help="Give a text file.")

    def _decoded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces in UTF-8."""
        decoder, lines = codecs.getincrementaldecoder(self.encoding)(), 0
        for piece, is_last in _with_last(pieces):
            try:
                text = decoder.decode(piece, is_last)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(self.encoding, "ignore")
                byte = error.object[error.start]
                line = lines + good.count("\n") + 1
                raise self._problem(f"{line}: not {self.encoding}: byte 0x{byte:02x}") from None
            lines += text.count("\n")
            yield text.encode("utf-8", "surrogatepass")

    def _problem(self, what: str, *, help: str = "Correct the file and start again.") -> InvalidData:
        separator = "" if what.startswith(" ") else ":"
        return InvalidData(f"{self.name}{separator}{what}.", help=f"{help} Nothing was stored.")


def _with_last(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each piece, and at the end an empty one that is the last."""
    yield from ((piece, False) for piece in pieces)
    yield b"", True


@contextmanager
def open_file(path: Path, name: str) -> Iterator[BufferedReader]:
    """A data file. Raises `NotFound`, and `InvalidData` if it cannot be read."""
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise NotFound(f"There is no file {name}.", help="Name a file that is there.") from None
    except OSError as error:
        raise InvalidData(f"{name} cannot be read: {error.strerror}.", help="Give a file that can be read.") from None
