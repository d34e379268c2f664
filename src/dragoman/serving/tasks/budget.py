"""How much work one request may make."""

from __future__ import annotations

from dragoman.errors import BodyTooLarge
from dragoman.spec import ServingSpec

__all__ = ["check_budget", "check_pieces"]

QUEUES = 16  # a request may have the tokens of so many full queues
MOST_PIECES = 262_144  # of a request; each takes about 3 KB until it is answered


def check_budget(tokens: int, pieces: int, serving: ServingSpec) -> None:
    """Raise `BodyTooLarge` for tokens that could hardly ever run, or for too many pieces, before they take memory.

    For tasks whose pieces multiply what the caller sent: texts by labels, texts by their query.
    """
    check_pieces(pieces)
    most = QUEUES * serving.max_queue_tokens
    if tokens > most:
        raise BodyTooLarge(
            f"The request makes {tokens} tokens or more; at most {most} are accepted at once.",
            help="send fewer texts or labels in a request, or raise serving.max_queue_tokens.",
        )


def check_pieces(pieces: int) -> None:
    """Raise `BodyTooLarge` for more pieces than a request may make."""
    if pieces > MOST_PIECES:
        raise BodyTooLarge(
            f"The request makes {pieces} pairs of texts or more; at most {MOST_PIECES} are accepted at once.",
            help="send fewer texts or labels in a request.",
        )
