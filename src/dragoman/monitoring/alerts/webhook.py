"""Messages as JSON, posted to an address."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from dragoman.errors import InvalidInput
from dragoman.monitoring.alerts.delivery import Delivery, Sender, failed
from dragoman.monitoring.alerts.http_post import HttpDoor
from dragoman.monitoring.alerts.words import status_of, subject_of, text_of
from dragoman.records import AlertKind, Notice, Record, Severity
from dragoman.spec.receivers import WebhookReceiver

__all__ = ["WebhookAlert", "WebhookMessage", "WebhookSender", "message_of", "signature_of"]

SECRET_PREFIX = "whsec_"  # noqa: S105 - marks a secret in base64
Status = Literal["firing", "resolved"]


class WebhookAlert(Record, frozen=True, kw_only=True):
    """One alert of a message."""

    id: str
    status: Status
    severity: Severity
    kind: AlertKind
    name: str
    model: str
    version: str
    language: str
    region: str
    summary: str
    since: str
    started: str
    ended: str
    owner: str
    escalation: str
    runbook: str
    evidence: dict[str, Any]


class WebhookMessage(Record, frozen=True, kw_only=True):
    """The body. However often a message is sent, it is the same, byte by byte."""

    format: Literal["dragoman.alerts.v1"] = "dragoman.alerts.v1"
    id: str
    receiver: str
    status: Status
    created: str
    model: str
    version: str
    region: str
    subject: str
    text: str
    alerts: list[WebhookAlert]


class WebhookSender(Sender):
    """Posts messages. The headers `webhook-…` are those of the Standard Webhooks specification, version 1
    (https://www.standardwebhooks.com); `Idempotency-Key` stands beside them.
    """

    def __init__(
        self, receiver: WebhookReceiver, environ: Mapping[str, str], *, seconds: Callable[[], float] = time.time
    ) -> None:
        self.receiver, self.environ, self.seconds = receiver, environ, seconds
        self._door = HttpDoor(receiver, environ)

    def send(self, notice: Notice) -> Delivery:
        body = msgspec.json.encode(message_of(notice))
        headers = {"Idempotency-Key": notice.id, "webhook-id": notice.id, "webhook-timestamp": f"{int(self.seconds())}"}
        if secret := self.environ.get(self.receiver.secret_env, "").strip("\r\n"):
            try:
                headers["webhook-signature"] = signature_of(secret, notice.id, headers["webhook-timestamp"], body)
            except InvalidInput as error:
                return failed(error.message)
        return self._door.post("", body, headers)


def message_of(notice: Notice) -> WebhookMessage:
    model, version, region = notice.group
    known = set(WebhookAlert.__struct_fields__)
    return WebhookMessage(
        id=notice.id,
        receiver=notice.receiver,
        status="firing" if status_of(notice) == "firing" else "resolved",
        created=notice.created,
        model=model,
        version=version,
        region=region,
        subject=subject_of(notice),
        text=text_of(notice),
        alerts=[
            WebhookAlert(**{key: value for key, value in msgspec.structs.asdict(alert).items() if key in known})
            for alert in notice.alerts
        ],
    )


def signature_of(secret: str, id: str, timestamp: str, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of `ID.TIMESTAMP.BODY` in base64.

    A secret that begins with `whsec_` goes on in base64, any other one counts as it is. Raises `InvalidInput`.
    """
    try:
        encoded = secret.removeprefix(SECRET_PREFIX)
        key = base64.b64decode(encoded, validate=True) if encoded != secret else secret.encode()
    except binascii.Error:
        raise InvalidInput("The secret begins with 'whsec_' and does not go on in base64.") from None
    digest = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
