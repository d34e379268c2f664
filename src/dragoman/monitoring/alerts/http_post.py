"""One POST, and what a receiver's answer to it means."""

from __future__ import annotations

import base64
import contextlib
import http.client
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from dragoman.monitoring.alerts.cutoff import cut_off
from dragoman.monitoring.alerts.delivery import Delivery, failed, refused, sent, unreachable
from dragoman.spec.receivers import HttpReceiver

__all__ = ["HttpDoor", "post"]

ANSWER_BYTES = 2_000  # that are read of an answer
SHOWN = 200  # characters of it in a message
LONGEST_RETRY_AFTER = 24 * 3600.0
TRY_AGAIN = (401, 403, 404, 407, 408, 425, 429)  # access and addresses are mended by people, within days


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]  # by name in lower case
    text: str


class HttpDoor:
    """A receiver's address with its credentials, read from the environment for every message anew."""

    def __init__(self, receiver: HttpReceiver, environ: Mapping[str, str]) -> None:
        self.receiver, self.environ = receiver, environ

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Delivery:
        """Send the body to the receiver's address, with `path` added to it."""
        one = self.receiver
        if missing := [name for name in one.secret_names if not self._secret(name)]:
            return failed(f"the environment variable {missing[0]} is not set")
        proof = self._proof()
        known = {**headers, "Authorization": proof} if proof else headers
        delivery = post(one.url or self._secret(one.url_env), path, body, known, timeout=one.timeout_seconds)
        secrets = [proof.partition(" ")[2], *map(self._secret, one.secret_names)]
        return delivery._replace(text=_without(secrets, delivery.text))

    def _secret(self, name: str) -> str:
        """Files that secrets are kept in often end with a newline."""
        return self.environ.get(name, "").strip("\r\n")

    def _proof(self) -> str:
        """What shows who sends; empty where nobody asks."""
        one = self.receiver
        if one.token_env:
            return f"Bearer {self._secret(one.token_env)}"
        pair = f"{one.username}:{self._secret(one.password_env)}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}" if one.username else ""


def _without(secrets: Sequence[str], text: str) -> str:
    """A receiver may answer with what it was sent."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def post(url: str, path: str, body: bytes, headers: Mapping[str, str], *, timeout: float) -> Delivery:
    """Send JSON to an address; at most `timeout` seconds after the name is known there is an answer or a failure.

    Certificates are checked, redirects are not followed, no proxy is asked. What is said of a failure never holds the
    address, which may be a secret.
    """
    try:
        connection, target = _connection(url, path, timeout)
    except ValueError:
        return failed("its address is no http or https address")
    everything = {"Content-Type": "application/json", "User-Agent": "dragoman", **headers}
    was_cut = None
    try:
        with contextlib.closing(connection), cut_off(lambda: connection.sock, timeout) as was_cut:
            connection.request("POST", target, body, everything)
            return _judge(_answer(connection.getresponse()))
    except (OSError, http.client.HTTPException, ValueError) as error:
        is_slow = isinstance(error, TimeoutError) or (was_cut is not None and was_cut.is_set())
        return unreachable(f"no answer within {timeout:g} seconds" if is_slow else _in_words(error))


def _connection(url: str, path: str, timeout: float) -> tuple[http.client.HTTPConnection, str]:
    """A connection that is not open yet, and what to ask for. Raises `ValueError` for another kind of address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(parts.scheme)
    target = (parts.path.rstrip("/") + path if path else parts.path) or "/"
    target += f"?{parts.query}" if parts.query else ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout), target
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context), target


def _answer(response: http.client.HTTPResponse) -> Answer:
    """The status decides; what is said with it is read only where something is wrong, and may be cut short."""
    headers, said = {name.lower(): value for name, value in response.getheaders()}, b""
    if response.status >= 300:
        with contextlib.suppress(OSError, http.client.HTTPException):
            said = response.read(ANSWER_BYTES)
    return Answer(response.status, headers, said.decode("utf-8", "replace"))


def _judge(answer: Answer) -> Delivery:
    """2xx: it has the message. 5xx, those of `TRY_AGAIN` and redirects: it may take it later. Other 4xx: never."""
    if 200 <= answer.status < 300:
        return sent()
    said = answer.text.strip()[:SHOWN]
    text = f"answered {answer.status}" + (f": {said}" if said else "")
    if 300 <= answer.status < 400:
        return failed(f"answered {answer.status}, a redirect, which is not followed")
    if 400 <= answer.status < 500 and answer.status not in TRY_AGAIN:
        return refused(text)
    return failed(text, retry_after=_seconds_of(answer.headers.get("retry-after", "")))


def _seconds_of(retry_after: str) -> float:
    """Of the header: seconds, or a date. 0 for anything else."""
    if retry_after.strip().isdecimal():
        return min(float(retry_after), LONGEST_RETRY_AFTER)
    with contextlib.suppress(ValueError):
        moment = parsedate_to_datetime(retry_after)
        if moment.tzinfo is not None:
            return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), LONGEST_RETRY_AFTER)
    return 0.0


def _in_words(error: Exception) -> str:
    """Without the address, which some errors repeat."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be reached: {error.strerror}"
    return f"it cannot be reached: {type(error).__name__}"
