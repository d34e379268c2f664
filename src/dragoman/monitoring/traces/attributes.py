"""What spans say of a request: from closed lists, and bounded in number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from dragoman.records import Prediction
from dragoman.serving.tracing import Attempt, Trace

__all__ = ["MAX_IDS", "MAX_LANGUAGES", "Value", "attempt_attributes", "request_attributes"]

Value = str | int | Sequence[str] | Sequence[int]

MAX_IDS = 16
MAX_LANGUAGES = 16
OTHER = "other"
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")  # models without a list take what a caller says


def attempt_attributes(attempt: Attempt) -> dict[str, Value]:
    """Which version it was, and in which arm of which release."""
    found: dict[str, Value] = {"dragoman.model": attempt.model, "dragoman.version": attempt.version}
    if attempt.release:
        found |= {"dragoman.release": attempt.release, "dragoman.arm": attempt.arm}
    return found


def request_attributes(trace: Trace) -> dict[str, Value]:
    """Those of the transport, and what the last attempt did for the request."""
    found: dict[str, Value] = dict(trace.outcome.attributes)
    if not trace.attempts:
        return found
    attempt = trace.attempts[-1]
    found |= attempt_attributes(attempt) | {"dragoman.task": attempt.task}
    if attempt.sequences:
        found |= {
            "dragoman.pieces": len(attempt.sequences),
            "dragoman.cached_pieces": attempt.hits,
            "dragoman.coalesced_pieces": attempt.coalesced,
            "dragoman.tokens": sum(map(len, attempt.sequences)),
        }
    return found | _answered(attempt.predictions)


def _answered(predictions: Sequence[Prediction]) -> dict[str, Value]:
    if not predictions:
        return {}
    languages = _languages(predictions)
    return {
        "dragoman.texts": len(predictions),
        "dragoman.languages": list(languages),
        "dragoman.language_texts": list(languages.values()),
        "dragoman.predictions": [one.id for one in predictions[:MAX_IDS]],
    }


def _languages(predictions: Sequence[Prediction]) -> dict[str, int]:
    """Texts by language, the most frequent ones first; what is no code of a language is not repeated."""
    found = Counter(one.language if LANGUAGE.fullmatch(one.language) else OTHER for one in predictions)
    kept = dict(found.most_common(MAX_LANGUAGES))
    if rest := found.total() - sum(kept.values()):
        kept[OTHER] = kept.get(OTHER, 0) + rest
    return kept
