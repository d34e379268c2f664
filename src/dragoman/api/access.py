"""Who is let in: what a request says of its caller, and what the server makes of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from dragoman.api.abilities import Ability, Need
from dragoman.api.keyring import Keys
from dragoman.api.principal import ANYBODY, STRANGER, Principal
from dragoman.errors import Forbidden, Unauthenticated
from dragoman.serving.suggestion import shown

__all__ = ["Access", "Claim", "KeyAccess", "OpenAccess", "admit", "is_loopback"]

KEY_HEADERS = ("x-api-key", "api-key")  # of several clients; of Azure's
SAFE_METHODS = ("GET", "HEAD")
MANAGEMENT = (Ability.OPERATE, Ability.APPROVE, Ability.ADMINISTER)


class Claim(NamedTuple):
    """What a request says before its body is read. The names of headers are in lower case; gRPC calls them metadata."""

    headers: Mapping[str, str]
    need: Need
    model: str = ""  # the reference in the path, if the request is about one model
    method: str = ""  # of HTTP


class Access(Protocol):
    """Whom a server lets in."""

    async def identify(self, claim: Claim) -> Principal:
        """Who asks. Raises `Unauthenticated`, `Forbidden` for a place that none may ask from, and `Unavailable`."""


async def admit(access: Access, claim: Claim) -> Principal:
    """Who asks, if that may have what is asked for. Raises as `Access.identify` does, and `Forbidden`."""
    ability, keeps_scope = claim.need
    if ability is None:
        return STRANGER
    principal = await access.identify(claim)
    principal.check(ability)
    if claim.model:
        principal.check_model(claim.model)
    elif not keeps_scope:
        principal.check_everything()
    return principal


class KeyAccess:
    """Whoever has a key that counts."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys

    async def identify(self, claim: Claim) -> Principal:
        return await self.keys.holder(key_in(claim.headers))


class OpenAccess:
    """Anybody; but no web page of another site, which a browser would let act for whoever looks at it.

    `on_loopback` says that the server is open because only this machine reaches it. Then `Host` must name this machine:
    a page whose own name was made to point at it (DNS rebinding) gives itself away by that name.
    """

    def __init__(self, *, on_loopback: bool = False) -> None:
        self.on_loopback = on_loopback

    async def identify(self, claim: Claim) -> Principal:
        host, origin = claim.headers.get("host", ""), claim.headers.get("origin", "")
        if self.on_loopback and host and not is_loopback(hostname_of(host)):
            raise Forbidden(
                f"This server is for its own machine, and the request's Host is {shown(host)}.",
                help="behind a proxy, set `access` to 'keys', or to 'open' if the proxy knows who may come in.",
            )
        is_guarded = claim.need.ability in MANAGEMENT or (self.on_loopback and claim.method not in SAFE_METHODS)
        if is_guarded and origin and origin.partition("://")[2] != host:
            raise Forbidden(f"A page of {shown(origin)} may not do this.", help="let its own server ask, or use keys.")
        return ANYBODY


def key_in(headers: Mapping[str, str]) -> str:
    """The key of a request: never from its path or its query, which logs keep. Raises `Unauthenticated`."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    for name in KEY_HEADERS:
        if key := headers.get(name, "").strip():
            return key
    what = "'Authorization' holds no 'Bearer KEY'" if scheme else "The request has no key"  # it may hold one even so
    raise Unauthenticated(f"{what}.", help="send 'Authorization: Bearer KEY', or 'x-api-key: KEY'.")


def is_loopback(host: str) -> bool:
    """Whether a host, a name or an address, is this machine, reached from this machine only."""
    host = host.lower().removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def hostname_of(host: str) -> str:
    """A `Host` header without its port."""
    return host.partition("]")[0] if host.startswith("[") else host.partition(":")[0]
