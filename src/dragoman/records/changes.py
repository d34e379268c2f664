"""Who changes what, and who may."""

from __future__ import annotations

from typing import Any, Literal

from dragoman.records.base import Record

__all__ = ["ApiKey", "AuditRow", "By", "Role"]


class By(Record, frozen=True, kw_only=True):
    """Who makes a change, and why."""

    actor: str
    reason: str = ""
    evidence: str = ""  # what it rests on: a release's id, a digest


class AuditRow(Record, frozen=True, kw_only=True):
    """One change, chained to the one before it: `hash` covers all other fields, `previous` among them."""

    number: int  # 1, 2, 3, without gaps
    time: str
    actor: str
    action: str  # "alias.moved", "version.registered", "release.started", …
    subject: str  # what was changed: "models:/support@champion"
    detail: dict[str, Any]
    previous: str  # hash of the row before; 64 zeros for the first
    hash: str  # SHA-256, in hex


Role = Literal["viewer", "caller", "labeler", "operator", "approver", "admin"]


class ApiKey(Record, frozen=True, kw_only=True):
    """What is kept of a key: never the key itself."""

    id: str
    name: str
    role: Role
    models: list[str] = []  # those that it may be used for; empty: all
    digest: str  # SHA-256 of the secret, in hex
    created: str
    expires: str = ""
    revoked: str = ""
    previous: str = ""  # digest of the secret before, which counts until `previous_expires`
    previous_expires: str = ""
