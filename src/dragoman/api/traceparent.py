"""W3C Trace Context: the headers `traceparent` and `tracestate` of a request, and `traceresponse` of an answer.

https://www.w3.org/TR/trace-context/; the answer's header is that of the standard's editor's draft. OpenTelemetry's
response propagators send it too. What is malformed is ignored, as the standard asks: the request begins a new trace.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dragoman.serving.tracing import Context

__all__ = ["TRACEPARENT", "TRACERESPONSE", "TRACESTATE", "read_context", "traceresponse"]

TRACEPARENT, TRACESTATE, TRACERESPONSE = "traceparent", "tracestate", "traceresponse"

FIELDS = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<rest>-.*)?"
)
FORBIDDEN_VERSION, PRESENT_VERSION = "ff", "00"
KNOWN_FLAGS = 0b11  # sampled; random trace id
MEMBER = re.compile(
    r"([a-z][_0-9a-z*/-]{0,255}|[a-z0-9][_0-9a-z*/-]{0,240}@[a-z][_0-9a-z*/-]{0,13})"
    r"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)
MAX_MEMBERS = 32


def read_context(parents: Sequence[str], states: Sequence[str] = ()) -> Context | None:
    """The caller's place in its trace, of all values of `traceparent` and of `tracestate`; None if there is none."""
    found = FIELDS.fullmatch(parents[0].strip(" \t")) if len(parents) == 1 else None
    if (
        found is None
        or found["version"] == FORBIDDEN_VERSION
        or (found["version"] == PRESENT_VERSION and found["rest"])
    ):
        return None
    if not found["trace"].strip("0") or not found["span"].strip("0"):
        return None
    return Context(found["trace"], found["span"], int(found["flags"], 16) & KNOWN_FLAGS, _state(states))


def traceresponse(context: Context) -> str:
    """The header of an answer that names the server's span."""
    return f"00-{context.trace}-{context.span}-{context.flags:02x}"


def _state(values: Sequence[str]) -> str:
    """The members of a trace's state, as they came; nothing if one is malformed, if there are too many, or twice."""
    members = [member for value in values for one in value.split(",") if (member := one.strip(" \t"))]
    keys = {member.partition("=")[0] for member in members}
    is_whole = len(keys) == len(members) <= MAX_MEMBERS and all(map(MEMBER.fullmatch, members))
    return ",".join(members) if is_whole else ""
