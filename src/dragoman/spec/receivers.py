"""The workspace's `receivers.toml`: who is told of alerts. Secrets come from the environment only.

```toml
[[receivers]]
name = "on-call"
kind = "webhook"
url = "https://alerts.example.com/hook"
token_env = "ALERTS_TOKEN"
severities = ["page"]
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dragoman.spec.base import Language, Name, Section
from dragoman.spec.reference import FieldRow, field_rows

__all__ = [
    "RECEIVERS_FILE",
    "RECEIVER_KINDS",
    "AlertmanagerReceiver",
    "EmailReceiver",
    "HttpReceiver",
    "Receiver",
    "WebhookReceiver",
    "missing_secrets",
    "receiver_rows",
    "receivers_schema",
]

RECEIVERS_FILE = "receivers.toml"
TOML_NAMES = {"sender": "from", "recipients": "to"}  # `from` is a word of Python
Url = Annotated[str, Meta(pattern=r"^https?://[^/?#\s@]+(/[^\s#]*)?$(?!\n)")]
Variable = Annotated[str, Meta(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$(?!\n)")]
Address = Annotated[str, Meta(pattern=r"^[^\r\n]*[^\s@<>]+@[^\s@<>]+>?$(?!\n)")]


class Receiver(Section, frozen=True, kw_only=True, rename=TOML_NAMES):
    """What all kinds share."""

    name: Annotated[Name, Meta(description="Name of the receiver; messages that wait for it are kept under it.")]
    severities: Annotated[
        list[Literal["page", "ticket"]], Meta(min_length=1, description="Which alerts it is told.")
    ] = msgspec.field(default_factory=lambda: ["page", "ticket"])
    models: Annotated[
        list[Name],
        Meta(
            description="Models whose alerts it is told; empty: all. Alerts about a server, which are of no single "
            "model, are told in any case."
        ),
    ] = msgspec.field(default_factory=list)
    languages: Annotated[
        list[Language],
        Meta(
            description="Languages whose alerts it is told; empty: all. Alerts that are of no single language are told "
            "in any case."
        ),
    ] = msgspec.field(default_factory=list)
    timeout_seconds: Annotated[
        float, Meta(gt=0, le=60, description="How long one attempt may take before it counts as failed.")
    ] = 10.0

    @property
    def secret_names(self) -> list[str]:
        """The environment variables that it needs."""
        names = [field.name for field in msgspec.structs.fields(self) if field.name.endswith("_env")]
        return [variable for name in names if (variable := getattr(self, name))]


class HttpReceiver(Receiver, frozen=True, kw_only=True):
    """What receivers over HTTP share."""

    url: Annotated[Url, Meta(description="Address, `https://…` or `http://…`, without a name or password in it.")] = ""
    url_env: Annotated[
        Variable,
        Meta(description="Name of the environment variable with the address, where the address itself is a secret."),
    ] = ""
    token_env: Annotated[
        Variable, Meta(description="Name of the environment variable with a token, sent as `Authorization: Bearer …`.")
    ] = ""
    username: Annotated[
        str, Meta(description="Name that is given to the server, by basic authentication; in place of a token.")
    ] = ""
    password_env: Annotated[
        Variable, Meta(description="Name of the environment variable with the password of `username`.")
    ] = ""


class WebhookReceiver(HttpReceiver, frozen=True, kw_only=True, tag_field="kind", tag="webhook"):
    """A JSON message by `POST`."""

    secret_env: Annotated[
        Variable,
        Meta(
            description="Name of the environment variable with the secret that messages are signed with (HMAC-SHA256)."
        ),
    ] = ""


class AlertmanagerReceiver(HttpReceiver, frozen=True, kw_only=True, tag_field="kind", tag="alertmanager"):
    """Prometheus Alertmanager; `/api/v2/alerts` is added to the address."""


class EmailReceiver(Receiver, frozen=True, kw_only=True, tag_field="kind", tag="email"):
    """A plain text message by SMTP."""

    host: Annotated[str, Meta(min_length=1, description="Name or address of the SMTP server.")]
    port: Annotated[
        int, Meta(ge=0, le=65_535, description="Its port; 0: 587 for `starttls`, 465 for `tls`, 25 for `none`.")
    ] = 0
    tls: Annotated[Literal["starttls", "tls", "none"], Meta(description="How the connection is protected.")] = (
        "starttls"
    )
    sender: Annotated[Address, Meta(description="E-mail address that messages come from: `name@host`.")]
    recipients: Annotated[list[Address], Meta(min_length=1, description="E-mail addresses that messages go to.")]
    username: Annotated[str, Meta(description="Name that is given to the server; empty: none.")] = ""
    password_env: Annotated[
        Variable, Meta(description="Name of the environment variable with the password of `username`.")
    ] = ""


RECEIVER_KINDS: dict[str, type[Receiver]] = {
    "webhook": WebhookReceiver,
    "email": EmailReceiver,
    "alertmanager": AlertmanagerReceiver,
}


class ReceiversFile(Section, frozen=True, kw_only=True):
    """The file as a whole."""

    receivers: list[WebhookReceiver | EmailReceiver | AlertmanagerReceiver] = msgspec.field(default_factory=list)


def missing_secrets(receivers: Sequence[Receiver], environ: Mapping[str, str]) -> dict[str, list[str]]:
    """Environment variables that are not set or empty, by the receiver that needs them."""
    missing = {one.name: [name for name in one.secret_names if not environ.get(name)] for one in receivers}
    return {name: variables for name, variables in missing.items() if variables}


def receiver_rows(kind: str) -> Iterator[FieldRow]:
    """Every key of a kind of receiver, for the documentation."""
    for row in field_rows(RECEIVER_KINDS[kind]):
        yield row._replace(key=TOML_NAMES.get(row.key, row.key))


def receivers_schema() -> dict[str, Any]:
    """JSON Schema of `receivers.toml`, for editors."""
    schema = msgspec.json.schema(ReceiversFile)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Dragoman receivers", **schema}
