"""`receivers.toml` read. What is wrong is refused with its place and the nearest right key."""

from __future__ import annotations

import difflib
import ipaddress
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from dragoman.errors import InvalidSpec
from dragoman.spec.receivers import RECEIVER_KINDS, RECEIVERS_FILE, EmailReceiver, HttpReceiver, Receiver, receiver_rows

__all__ = ["parse_receivers", "read_receivers"]

DOCUMENTATION = "docs/alerts.md lists every key with its type and default."
SECRETS = ("password", "secret", "token")


def read_receivers(path: Path) -> list[Receiver]:
    """The receivers in a file; none without the file. Raises `InvalidSpec` for everything wrong in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise InvalidSpec(f"{path} is not UTF-8: byte {error.start}.", help="Save the file as UTF-8.") from None
    except OSError as error:
        raise InvalidSpec(f"{path} cannot be read: {error.strerror}.", help="It must be a TOML file.") from None
    return parse_receivers(text, source=str(path))


def parse_receivers(text: str, *, source: str = RECEIVERS_FILE) -> list[Receiver]:
    """Turn TOML text into receivers; `source` names it in errors. Raises `InvalidSpec`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSpec(f"{source} is not TOML: {error}.", help="https://toml.io shows the syntax.") from None
    tables = raw.pop("receivers", [])
    if raw or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        strange = f"unknown key '{next(iter(raw))}'" if raw else "'receivers' is no list of tables"
        raise InvalidSpec(f"{source}: {strange}.", help="Write one table [[receivers]] for each receiver.")
    receivers = [_receiver(table, f"{source}: receiver {number}") for number, table in enumerate(tables, 1)]
    _refuse_same_names(receivers, source)
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
        key, what = _in_toml_words(str(error))
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


def _in_toml_words(message: str) -> tuple[str, str]:
    """`Expected `int`, got `str` - at `$.port`` → `port`, `'port': expected `int`, got `str``."""
    what, _, where = message.partition(" - at ")
    what = what.replace("Object missing required field", "the table lacks the required key", 1)
    what = what.partition(" matching regex ")[0]  # the help says it in words
    key = where.strip("`").removeprefix("$").removeprefix(".")
    return key, f"'{key}': {what[:1].lower()}{what[1:]}" if key else what


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


def _refuse_same_names(receivers: list[Receiver], source: str) -> None:
    names = [receiver.name for receiver in receivers]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidSpec(f"{source}: two receivers are called '{twice[0]}'.", help="Each needs a name of its own.")


def _is_here(host: str) -> bool:
    """Whether what is sent there stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
