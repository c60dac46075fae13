"""The head of a request: how long it may be, what it must say, and what it takes in memory."""

from collections.abc import Sequence

import httptools

LONGEST_HEAD = 65_536
"""The bytes of a request line and headers together; uvicorn has no limit with httptools."""

MOST_HEADERS = 256
"""What a head of short headers takes in memory is many times as long as the head."""

_BESIDE = 130
"""The bytes that a header takes in memory beside its text: a pair, and two objects."""

Headers = Sequence[tuple[bytes, bytes]]


class BadHead(Exception):
    """The head of a request is too long, or does not say for whom or how long the request is."""


def memory(part: int, headers: Headers) -> int:
    """Return how many bytes of memory a head takes of which `part` bytes have come."""
    return part + _BESIDE * len(headers)


def check_length(target: bytes, headers: Headers) -> None:
    """Raise BadHead when these are too long together."""
    if len(target) + sum(len(name) + len(value) for name, value in headers) > LONGEST_HEAD:
        raise BadHead


def check_framing(headers: Headers, version: str) -> None:
    """Raise BadHead unless there is one Host (RFC 9112, 3.2) and no coding but chunks (6.1)."""
    names = [name for name, _ in headers]
    if names.count(b"host") != 1 and (version != "1.0" or b"host" in names):
        raise BadHead
    if b"transfer-encoding" in names:
        codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
        if codings.count(b"chunked") != len(codings):
            raise BadHead


def path_and_query(target: bytes) -> tuple[bytes, bytes]:
    """Return both as they stand in a request's target, which may begin with scheme and host."""
    if target.startswith(b"/") and b"#" not in target:
        path, _, query = target.partition(b"?")
        return path, query
    url = httptools.parse_url(target)
    return url.path or b"/", url.query or b""
