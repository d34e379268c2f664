"""How much work one request may make."""

from __future__ import annotations

from dragoman.errors import BodyTooLarge
from dragoman.spec import ServingSpec

__all__ = ["check_budget"]

QUEUES = 16  # a request may have the tokens of so many full queues


def check_budget(tokens: int, serving: ServingSpec) -> None:
    """Raise `BodyTooLarge` for tokens that could hardly ever run, before they take memory.

    For tasks whose pieces multiply what the caller sent: texts by labels, texts by their query.
    """
    most = QUEUES * serving.max_queue_tokens
    if tokens > most:
        raise BodyTooLarge(
            f"The request makes {tokens} tokens or more; at most {most} are accepted at once.",
            help="send fewer texts or labels in a request, or raise serving.max_queue_tokens.",
        )
