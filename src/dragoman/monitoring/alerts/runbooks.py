"""Where the page stands that says what to do about an alert."""

from __future__ import annotations

from dragoman.records import AlertKind

__all__ = ["RUNBOOKS", "runbook_of"]

RUNBOOKS = "docs/runbooks"  # in the project itself


def runbook_of(kind: AlertKind, base: str = "") -> str:
    """The address of the page; `base` is that of the folder, or holds `{kind}` where the kind stands in it."""
    if "{kind}" in base:
        return base.replace("{kind}", kind)
    return f"{(base or RUNBOOKS).rstrip('/')}/{kind}.md"
