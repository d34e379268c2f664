"""`receivers.toml` read. What is wrong is refused with its place and the nearest right key."""

from __future__ import annotations

import difflib
import ipaddress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from dragoman.errors import InvalidSpec
from dragoman.spec.receivers import RECEIVER_KINDS, RECEIVERS_FILE, EmailReceiver, HttpReceiver, Receiver, receiver_rows
from dragoman.spec.toml_file import in_toml_words, read_text, refuse_same_names, tables_of

__all__ = ["parse_receivers", "read_receivers"]

DOCUMENTATION = "docs/alerts.md lists every key with its type and default."
SECRETS = ("password", "secret", "token")


def read_receivers(path: Path) -> list[Receiver]:
    """The receivers in a file; none without the file. Raises `InvalidSpec` for everything wrong in it."""
    text = read_text(path)
    return [] if text is None else parse_receivers(text, source=str(path))


def parse_receivers(text: str, *, source: str = RECEIVERS_FILE) -> list[Receiver]:
    """Turn TOML text into receivers; `source` names it in errors. Raises `InvalidSpec`."""
    tables = tables_of(text, "receivers", source=source, help="Write one table [[receivers]] for each receiver.")
    receivers = [_receiver(table, place) for place, table in tables]
    refuse_same_names([receiver.name for receiver in receivers], "receivers", source)
    return receivers


def _receiver(table: dict[str, Any], place: str) -> Receiver:
    place += f" ('{table['name']}')" if isinstance(table.get("name"), str) else ""
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in RECEIVER_KINDS:
        what = "the table lacks the required key 'kind'" if kind is None else f"'kind' is {kind!r}"
        raise InvalidSpec(f"{place}: {what}.", help=f"Valid kinds are {', '.join(RECEIVER_KINDS)}.")
    _refuse_unknown(table, RECEIVER_KINDS[kind], place)
    try:
        receiver = msgspec.convert(table, RECEIVER_KINDS[kind])
    except msgspec.ValidationError as error:
        key, what = in_toml_words(str(error))
        raise InvalidSpec(f"{place}: {what}.", help=_help_for(key, kind)) from None
    _refuse_contradictions(receiver, place)
    return receiver


def _refuse_unknown(table: dict[str, Any], kind: type[Receiver], place: str) -> None:
    names = ["kind", *(field.encode_name for field in msgspec.structs.fields(kind))]
    for key in table:
        if key in SECRETS:
            raise InvalidSpec(
                f"{place}: '{key}' may not stand in the file.",
                help=f"Set {key}_env to the name of an environment variable that holds it.",
            )
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1)
            help = f"did you mean '{near[0]}'?" if near else f"valid keys are {', '.join(names)}."
            raise InvalidSpec(f"{place}: unknown key '{key}'.", help=help)


def _help_for(key: str, kind: str) -> str:
    """What the documentation says of the key."""
    rows = {row.key: row.help for row in receiver_rows(kind)}
    return rows.get(key.partition("[")[0], DOCUMENTATION)


def _refuse_contradictions(receiver: Receiver, place: str) -> None:
    username, password = getattr(receiver, "username", ""), getattr(receiver, "password_env", "")
    if bool(username) != bool(password):
        raise InvalidSpec(f"{place}: 'username' and 'password_env' belong together.", help="Give both, or neither.")
    if isinstance(receiver, HttpReceiver):
        _refuse_http(receiver, place)
    elif isinstance(receiver, EmailReceiver) and username and receiver.tls == "none" and not _is_here(receiver.host):
        raise InvalidSpec(f"{place}: the password would travel unprotected.", help='Set tls = "starttls" or "tls".')


def _refuse_http(receiver: HttpReceiver, place: str) -> None:
    if bool(receiver.url) == bool(receiver.url_env):
        raise InvalidSpec(f"{place}: it needs either 'url' or 'url_env'.", help='url = "https://…"')
    if receiver.token_env and receiver.username:
        raise InvalidSpec(f"{place}: it has a token and a username.", help="Give one of the two.")
    try:
        _ = urlsplit(receiver.url).port
    except ValueError as error:
        raise InvalidSpec(f"{place}: 'url' is no address: {error}.", help='url = "https://host:port/path"') from None


def _is_here(host: str) -> bool:
    """Whether what is sent there stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
