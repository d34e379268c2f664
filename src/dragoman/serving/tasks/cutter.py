"""What happens to texts that do not fit: cut, refused, or read in windows."""

from __future__ import annotations

from typing import NamedTuple

from dragoman.errors import InvalidRequest, TextTooLong
from dragoman.serving.tasks.base import TextParameters, TooLong, TruncateFrom
from dragoman.spec import ServingSpec
from dragoman.text.windows import windows

__all__ = ["Cutter", "PairCut"]


class PairCut(NamedTuple):
    """What is read of a pair: each part of a text, beside the tokens that are kept of the other."""

    parts: list[range]
    kept: range
    truncated: bool


class Cutter(NamedTuple):
    """Decides which tokens of a text the model reads; a request's parameters come before the model's spec."""

    too_long: TooLong
    stride: int | None  # as the caller asked; None: the spec's, and never more than half a window
    default_stride: int
    max_tokens: int
    truncate_from: TruncateFrom

    @classmethod
    def of(
        cls, parameters: TextParameters, serving: ServingSpec, *, max_tokens: int, usual: TooLong | None = None
    ) -> Cutter:
        """`usual` is what a task does where the request says nothing, if that is not the spec's own word.

        Raises `InvalidRequest` for a choice of the end that is cut where nothing is.
        """
        too_long = parameters.too_long or usual or serving.too_long
        if parameters.truncate_from is not None and too_long != "truncate":
            raise InvalidRequest(
                f"The parameter 'truncate_from' is '{parameters.truncate_from}'; with too_long '{too_long}' no text "
                "is cut.",
                help='ask for too_long "truncate", or leave truncate_from out.',
            )
        return cls(too_long, parameters.stride, serving.stride, max_tokens, parameters.truncate_from or "end")

    def cut(self, place: str, length: int, *, room: int) -> list[range]:
        """The parts of a text of `length` tokens to read, where `room` of them fit in a piece.

        One part, which lacks an end of the text if the text is truncated, or the windows that cover the text. `place`
        is what the text is called in a message. Raises `TextTooLong`, or `InvalidRequest` for a stride of more than
        half the room and for a text without any token, special ones included.
        """
        if not length and room >= self.max_tokens:
            raise InvalidRequest(f"{place} has no tokens.", help="send a text with letters, digits or symbols.")
        if length <= room:
            return [range(length)]
        if self.too_long == "refuse":
            raise self._refusal(place, length + self.max_tokens - room)
        if self.too_long == "windows":
            return windows(length, size=room, stride=self._stride(room))
        return [self.keep(length, room)]

    def keep(self, length: int, most: int) -> range:
        """Which `most` tokens truncation leaves of a text of `length`; all of a shorter one."""
        left = min(length, most)
        return range(length - left, length) if self.truncate_from == "start" else range(left)

    def cut_pair(self, place: str, text: int, other: int, *, room: int, is_first: bool) -> PairCut:
        """What to read of a text and the other one of its pair, of so many tokens each.

        Truncation takes from the longer of the two, as in `transformers` (`longest_first`), for which it matters
        whether the text `is_first` of the pair. Windows go over the text; the other keeps half the room at least.
        """
        if text + other <= room:
            return PairCut(self.cut(place, text, room=room), range(other), truncated=False)
        if self.too_long == "refuse":
            raise self._refusal(place, text + other + self.max_tokens - room)
        if self.too_long == "windows":
            kept = min(other, max(room // 2, room - text))
            return PairCut(self.cut(place, text, room=room - kept), range(kept), truncated=kept < other)
        longer = room - min(text, other, room // 2)
        is_longer = text > other or (text == other and not is_first)
        read = longer if is_longer else room - longer
        return PairCut([self.keep(text, read)], self.keep(other, room - read), truncated=True)

    def _stride(self, room: int) -> int:
        if self.stride is None:
            return min(self.default_stride, room // 2)
        if self.stride > room // 2:
            raise InvalidRequest(
                f"The stride is {self.stride}, and a window holds {room} tokens of the text.",
                help=f"give a stride from 0 to {room // 2}.",
            )
        return self.stride

    def _refusal(self, place: str, tokens: int) -> TextTooLong:
        return TextTooLong(
            f"{place} has {tokens} tokens; the model accepts {self.max_tokens}.",
            help='shorten or split it, or ask for too_long "truncate" or "windows".',
        )
