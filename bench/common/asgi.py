"""What the Python servers beside sitewatt share: keys, stamps, request ids, the limit of a body.

Written once, as an engineer would write it for a service of his own: plain ASGI middleware (the
fastest kind there is in these frameworks) and the standard library's fastest parser of stamps.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.common.key import KEY

INSTANT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.0+)?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$"
)
MOST_ROWS = 10_000
MOST_BYTES = 2 * 1024 * 1024
GRACE_SECONDS = 24 * 3600
END = 4_291_747_200

_DIGEST = hashlib.sha256(KEY.encode()).digest()
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def is_known(key: str) -> bool:
    """Return whether the key is the one there is."""
    return hmac.compare_digest(hashlib.sha256(key.encode()).digest(), _DIGEST)


def utc_seconds(moment: datetime) -> int:
    """Return the moment in seconds since 1970; raises ValueError outside the years 1970 to 2105."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seconds = int(aware.timestamp())
    if not 0 <= seconds < END:
        raise ValueError("lies outside the years 1970 to 2105")
    return seconds


def checked(instants: list[int]) -> list[int]:
    """Return the instants when all differ and none is over 24 hours ahead; raises ValueError."""
    if len(set(instants)) != len(instants):
        raise ValueError("an instant stands in the list twice")
    if max(instants, default=0) > time.time() + GRACE_SECONDS:
        raise ValueError("lies more than 24 hours ahead")
    return instants


def parsed(stamps: Iterable[str]) -> list[int]:
    """Return the instants that stamps of the form INSTANT name; raises ValueError."""
    return checked([instant(stamp) for stamp in stamps])


def instant(stamp: str) -> int:
    """Return the instant that a stamp of the form INSTANT names; raises ValueError."""
    return utc_seconds(datetime.fromisoformat(stamp.upper()))


def written(moment: int) -> str:
    """Return the moment, in UTC seconds, as answers say it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class RequestIds:
    """Gives each answer the id that its request brought, or a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((v for k, v in scope["headers"] if k == b"x-request-id"), b"")
        identity = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8).encode()

        async def signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", identity)]
            await send(message)

        await self._app(scope, receive, signed)


class TooLarge(Exception):
    """The body has more bytes than are taken."""


class BodyLimit:
    """Refuses a body over the limit by its announced length, or while it comes in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > MOST_BYTES:
                raise TooLarge
            return message

        announced = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        try:
            if int(announced) > MOST_BYTES:
                raise TooLarge
            await self._app(scope, counted, send)
        except TooLarge:
            headers = [(b"content-length", b"0"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": 413, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
