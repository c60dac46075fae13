"""Requests as bytes, and stamps as text."""

import json
from datetime import UTC, datetime
from typing import Any

from bench.common.key import KEY


def message(
    method: str,
    path: str,
    body: bytes = b"",
    *,
    key: str | None = KEY,
    media_type: str = "application/json",
) -> bytes:
    """Return the bytes of a request as an SDK would send it."""
    return head(method, path, len(body), key=key, media_type=media_type) + body


def head(
    method: str,
    path: str,
    length: int = 0,
    *,
    key: str | None = KEY,
    media_type: str = "application/json",
) -> bytes:
    """Return the head of a request; `length` is that of the body that a POST has."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "User-Agent: bench", "Accept: */*"]
    lines += [f"X-API-Key: {key}"] if key else []
    if method == "POST":
        lines += [f"Content-Type: {media_type}", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


def post(body: Any, path: str) -> bytes:
    """Return the bytes of a push."""
    return message("POST", path, json.dumps(body).encode())


def live(site_id: int) -> str:
    """Return the path of a site's readings."""
    return f"/v1/sites/{site_id}/live"


def spelt(moment: datetime) -> str:
    """Return a stamp in the brief's form."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def written(instant: int) -> str:
    """Return the instant, in UTC seconds, as answers say it."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
