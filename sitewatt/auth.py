"""Who may do what. With no key defined the service is open, to this machine only.

The scopes that an operation needs stand in the contract, under `security`; this module compares.
"""

import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import monotonic
from typing import NamedTuple, Protocol

from sitewatt.scopes import SCOPES
from storage import key_digest

IDENTITY = "sitewatt.identity"
"""Where a request's scope has its Identity, from the check of its key on."""

SHORTEST_KEY = 32
LONG_BODY = 0.1
"""Seconds after which a key is looked at again when the rest of its request has come."""

NO_KEY = "Send a key: Authorization: Bearer KEY, or X-API-Key: KEY."

_THIS_MACHINE = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)


class Identity(NamedTuple):
    """On whose behalf a request is made: the id of its key, None in open mode."""

    key_id: str | None
    scopes: frozenset[str]
    sites: frozenset[int] | None = None
    """The sites that the key is bound to; None for all of them."""


ANYONE = Identity(None, SCOPES)
"""Whoever asks in open mode."""

BOOTSTRAP = Identity("bootstrap", SCOPES)
"""The holder of the admin key in the file of the settings. No key of the store has such an id."""


class Unauthenticated(Exception):
    """The request brings no key, or none that is known."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Forbidden(Exception):
    """The key is known and lacks the scopes that the operation needs."""

    def __init__(self, scopes: Iterable[str]) -> None:
        self.scopes = tuple(sorted(scopes))
        super().__init__(", ".join(self.scopes))


class ForeignRequest(Exception):
    """The service is open to this machine only, and the request does not come straight from it."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class KeyFileError(Exception):
    """The file of the admin key cannot be used; the text says why."""


class Authority(Protocol):
    """Decides over requests. Header names are lower case."""

    async def admit(self, headers: Mapping[str, str]) -> None:
        """Promise that the request may be looked at; raises ForeignRequest."""
        ...

    async def authorize(self, headers: Mapping[str, str], scopes: Iterable[str]) -> Identity:
        """Return on whose behalf the request is made, who has all of the scopes.

        Raises Unauthenticated or Forbidden, and Unavailable when nobody can say.
        """
        ...


async def admit_still(
    authority: Authority, headers: Mapping[str, str], scopes: Iterable[str] | None, since: float
) -> None:
    """Promise that who was let in at an instant of the monotonic clock still may, for the scopes.

    A key may end while its request's body still comes, which a client can make take very long. What
    has come within LONG_BODY was as good as there. Raises what `authorize` raises.
    """
    if scopes is not None and monotonic() - since > LONG_BODY:
        await authority.authorize(headers, scopes)


class OpenToThisMachine:
    """Lets every local client do everything, and nobody that a proxy or a web page speaks for."""

    async def admit(self, headers: Mapping[str, str]) -> None:
        """Raise ForeignRequest for a trace of a proxy, another Host, or another page's Origin."""
        for name in headers:
            if name in ("forwarded", "via", "x-real-ip") or name.startswith("x-forwarded-"):
                raise ForeignRequest("Without a key no proxy may stand before this.")
        host = headers.get("host", "")
        if not _THIS_MACHINE.fullmatch(host):
            raise ForeignRequest("Without a key the Host is localhost, 127.0.0.1 or [::1].")
        if headers.get("origin", f"http://{host}").lower() != f"http://{host}".lower():
            raise ForeignRequest("Without a key no page of another origin may call this.")

    async def authorize(self, headers: Mapping[str, str], scopes: Iterable[str]) -> Identity:
        """Allow everything."""
        return ANYONE


class AdminKey:
    """The one key whose holder may do everything. Only its SHA-256 is kept."""

    def __init__(self, key: str) -> None:
        self._digest = key_digest(key)

    @classmethod
    def from_file(cls, path: Path) -> "AdminKey":
        """Return the key in the file; raises KeyFileError."""
        try:
            key = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyFileError(f"the admin key file {path} cannot be read: {error}") from None
        if len(key) < SHORTEST_KEY or not key.isprintable() or " " in key:
            raise KeyFileError(
                f"the admin key in {path} must have {SHORTEST_KEY} or more characters and no space;"
                " make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
        return cls(key)

    def has_digest(self, digest: str) -> bool:
        """Return whether the digest is that of the key, in a time that tells nothing of it."""
        return hmac.compare_digest(digest, self._digest)


def presented_key(headers: Mapping[str, str]) -> str | None:
    """Return the key that the request brings as a bearer token or in X-API-Key, or None."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key")


def is_loopback(host: str | None) -> bool:
    """Return whether the name or address is this machine's own."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
