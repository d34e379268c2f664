"""One text to be run, and all who wait for it."""

from __future__ import annotations

import enum
from array import array
from collections.abc import Sequence as Ordered

from dragoman.models.readouts import Readout
from dragoman.serving.options import Priority
from dragoman.serving.sequence import Output, Sequence

__all__ = ["Key", "Stage", "Work", "key_of"]

Key = tuple[str, str, bytes, bytes, *tuple[bytes, ...]]


class Stage(enum.Enum):
    WAITING = enum.auto()
    RUNNING = enum.auto()
    DONE = enum.auto()


class Work:
    """What a session computes once, for everybody who asked for the same.

    `start` and `order` are its place in the queue: see `FairQueue`. `caller` is whose share it takes.
    """

    __slots__ = (
        "caller", "features", "ids", "key", "order", "priority", "readout", "stage", "start", "types", "waiters",
    )  # fmt: skip

    def __init__(
        self,
        ids: Ordered[int],
        types: Ordered[int] | None,
        readout: Readout,
        *,
        key: Key | None,
        priority: Priority,
        features: Output | None = None,
    ) -> None:
        self.ids, self.types, self.readout, self.key, self.features = ids, types, readout, key, features
        self.priority = priority
        self.waiters: dict[Sequence, None] = {}  # in the order in which they came
        self.caller, self.start, self.order = "", 0.0, 0
        self.stage = Stage.WAITING

    def __len__(self) -> int:
        return len(self.ids)


def key_of(
    head: str, readout: Readout, ids: Ordered[int], types: Ordered[int] | None, features: Output | None = None
) -> Key:
    """What tells a text's answer from all others of a backbone: who asks what of which tokens, and which features.

    Two texts with the same token ids are the same text to the model, whatever their spelling was; and two texts that
    differ in anything that the model can see have different ids. So the ids are the normalised text, and no rule of
    normalisation here can disagree with that of the tokenizer.
    """
    zeros = types is None or not any(types)
    kinds = b"" if zeros else array("q", types or ()).tobytes()
    if features is None:
        return head, readout.key, array("q", ids).tobytes(), kinds
    return head, readout.key, array("q", ids).tobytes(), kinds, features.tobytes()
