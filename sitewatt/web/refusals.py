"""What the server itself answers where no request has come to the service; each closes.

Whole answers, as bytes: `headers` are those that every answer has, as its date.
"""

import random
from collections.abc import Iterable

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from sitewatt.problems import RETRY_AFTER_SECONDS

Headers = Iterable[tuple[bytes, bytes]]


def unreadable(sentence: str, headers: Headers) -> bytes:
    """Return the refusal of what is no HTTP, as plain text: who sent it speaks something else."""
    return _closing(400, b"text/plain; charset=utf-8", sentence.encode("ascii"), headers)


def late(headers: Headers) -> bytes:
    """Return the refusal of a head of which only a part has come."""
    return _problem(
        408,
        "request-timeout",
        "The request did not come in time",
        "The head of the request did not come in time; nothing was done.",
        headers,
    )


def full(of: str, headers: Headers) -> bytes:
    """Return the refusal of what is one more than the server holds `of`."""
    again = (b"retry-after", b"%d" % random.randint(*RETRY_AFTER_SECONDS))  # noqa: S311  # no secret
    return _problem(
        503,
        "overloaded",
        "The server is full",
        f"This server has as many {of} as it can hold just now; nothing was done.",
        [*headers, again],
    )


def _problem(status: int, slug: str, title: str, detail: str, headers: Headers) -> bytes:
    problem = {
        "type": f"/problems/{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": "none",
    }
    return _closing(status, b"application/problem+json", orjson.dumps(problem), headers)


def _closing(status: int, media_type: bytes, body: bytes, headers: Headers) -> bytes:
    fields = [
        *headers,
        (b"content-type", media_type),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    lines = [b": ".join(field) for field in fields]
    return STATUS_LINE[status] + b"\r\n".join([*lines, b"", body])
