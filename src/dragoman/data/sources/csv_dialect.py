"""How a CSV file is written: RFC 4180, and the usual departures from it."""

from __future__ import annotations

import re
from functools import cached_property

from dragoman.data.sources.json_lines import BadLineError
from dragoman.errors import InvalidInput

__all__ = ["CsvDialect"]


class CsvDialect:
    """A dialect. `names` are the columns of a file that has no header.

    A field is in quotes, where a doubled quote stands for one, or has neither quotes, delimiters nor line ends. An
    empty field is no value, `""` is the empty text. Raises `InvalidInput` for a dialect that cannot be.
    """

    def __init__(
        self, *, delimiter: str = ",", quote: str = '"', encoding: str = "utf-8", names: tuple[str, ...] = ()
    ) -> None:
        self.delimiter, self.quote, self.encoding, self.names = delimiter, quote, encoding, names
        for what, character in (("delimiter", delimiter), ("quote", quote)):
            if len(character) != 1 or not character.isascii() or character in "\r\n\0":
                raise InvalidInput(
                    f"The {what} of a CSV file cannot be {character!r}.", help="Give one ASCII character."
                )
        if delimiter == quote:
            raise InvalidInput(f"{quote!r} cannot be both delimiter and quote.", help="Give two different characters.")
        _require_encoding(encoding)
        require_names(names, "--columns")

    def fields(self, row: bytes) -> list[str | None]:
        """The fields of one row, without its line end. Raises `BadLineError` with what is wrong."""
        if not row:
            raise BadLineError("an empty line")
        text, fields, position = _decoded(row), list[str | None](), 0
        while True:
            match = self._field.match(text, position)
            assert match is not None, "a field may be empty"
            position = match.end()
            fields.append(self._value(match))
            if position == len(text):
                return fields
            if text[position] != self.delimiter:
                raise BadLineError(self._why(text, position, is_quoted=match["quoted"] is not None))
            position += 1

    def _value(self, match: re.Match[str]) -> str | None:
        if match["quoted"] is not None:
            return match["quoted"].replace(self.quote * 2, self.quote)
        return match["plain"] or None

    def _why(self, text: str, position: int, *, is_quoted: bool) -> str:
        at = f"at character {position + 1}"
        if is_quoted:
            return f"something follows the closing quote {at}"
        if text[position] == "\r":
            return f"a carriage return in a field without quotes {at}"
        if text[position] == self.quote and text[position - 1 : position] in ("", self.delimiter):
            return f"the quote {at} is never closed"
        return f"a quote in a field without quotes {at}"

    @cached_property
    def _field(self) -> re.Pattern[str]:
        quote, delimiter = re.escape(self.quote), re.escape(self.delimiter)
        quoted = f"{quote}(?P<quoted>[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+){quote}"
        return re.compile(f"{quoted}|(?P<plain>[^{quote}{delimiter}\r\n]*+)")


def _require_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)
    except LookupError:
        raise InvalidInput(
            f"There is no encoding {encoding!r}.", help="Such as utf-8, latin-1, cp1252 or utf-16."
        ) from None


def require_names(names: tuple[str, ...] | list[str], place: str) -> None:
    """Raise `InvalidInput` for names of columns that are empty or not different."""
    for number, name in enumerate(names, start=1):
        if not name.strip():
            raise InvalidInput(f"{place}: column {number} has no name.", help="Give every column a name.")
        if name in names[: number - 1]:
            raise InvalidInput(f"{place}: two columns are called '{name}'.", help="Give each column its own name.")


def _decoded(row: bytes) -> str:
    try:
        return row.decode()
    except UnicodeDecodeError as error:
        byte = row[error.start]
        raise BadLineError(f"not UTF-8: byte 0x{byte:02x} at byte {error.start + 1} of the row") from None
