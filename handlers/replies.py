"""What handlers return. This module alone knows media types and headers.

Each function returns a finished Response; a value that breaks the contract is found when the
response is validated, not here.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson

from handlers import cursors, tables
from handlers.columns import receipt_members
from handlers.instants import format_instant
from handlers.preconditions import (
    PreconditionFailed,
    PreconditionRequired,
    entity_tag,
    matches,
    matches_strongly,
)
from storage import Receipt, Revision, Series, Site


class Response(NamedTuple):
    """A status, the bytes of a body (empty for none) and the headers that describe them."""

    status: int
    content: bytes
    headers: Mapping[str, str]


class Stream(NamedTuple):
    """A status, a body that comes in pieces, and the headers that describe it.

    What reads it takes one piece at a time and closes it early for a client that goes away. An
    error before the first piece is answered as any other; a later one breaks the connection.
    """

    status: int
    chunks: AsyncIterator[bytes]
    headers: Mapping[str, str]


_NO_HEADERS: Mapping[str, str] = {}


def json(value: Any, status: int = 200, headers: Mapping[str, str] = _NO_HEADERS) -> Response:
    """Return the value as JSON."""
    return Response(status, _encode(value), {"Content-Type": "application/json", **headers})


def tagged(
    value: Any,
    if_none_match: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] = _NO_HEADERS,
) -> Response:
    """Return the value as JSON with its ETag, or 304 when the client already has that state."""
    return _unless_known(json(value, status, headers), if_none_match)


def of_state(response: Response, etag: str, if_none_match: str | None) -> Response:
    """Return the response with the tag of its state, or 304 when the client already has that."""
    if if_none_match is not None and matches(if_none_match, etag):
        return not_modified(etag, response.headers)
    return response._replace(headers={**response.headers, "ETag": etag})


def not_modified(etag: str, headers: Mapping[str, str]) -> Response:
    """Return 304 with the tag and, of the headers that the answer would have, the Link."""
    kept = {"Link": headers["Link"]} if "Link" in headers else {}
    return Response(304, b"", {"ETag": etag, **kept})


def table(
    media_type: str, series: Series, columns: Sequence[str], headers: Mapping[str, str]
) -> Response:
    """Return readings as a table of the media type, a line each."""
    table, described = _table(media_type, columns)
    content = table.head.encode() + table.lines(series, columns)
    return Response(200, content, {**described, **headers})


def table_in_pieces(
    media_type: str, pages: AsyncIterator[Series], columns: Sequence[str]
) -> Stream:
    """Return readings as a table of the media type, a page of them after the other."""
    table, described = _table(media_type, columns)

    async def pieces() -> AsyncIterator[bytes]:
        head = table.head.encode()
        async for series in pages:
            yield head + table.lines(series, columns)
            head = b""

    return Stream(200, pieces(), described)


def document(content: bytes, media_type: str, if_none_match: str | None = None) -> Response:
    """Return a document as it is, with its ETag, or 304 when the client already has it."""
    return _unless_known(Response(200, content, {"Content-Type": media_type}), if_none_match)


def described(content: bytes, content_type: str) -> Response:
    """Return a content as it is, under the media type that it comes with."""
    return Response(200, content, {"Content-Type": content_type})


def empty() -> Response:
    """Return 204: done, and there is nothing to say."""
    return Response(204, b"", {})


def location(url: str, created: bool) -> dict[str, str]:
    """Return the Location header of what has been created; none of what was there."""
    return {"Location": url} if created else {}


def receipt(receipt: Receipt) -> Response:
    """Return a push's receipt: 201 when it stored a reading that was not there, else 200."""
    return json(receipt_members(receipt), 201 if receipt.stored else 200)


def revision_members(site_id: int, revision: Revision) -> dict[str, Any]:
    """Return a revision in the brief's shape, with its number and its two instants."""
    return {
        "id": site_id,
        "battery": revision["battery"],
        "production": revision["production"],
        "revision": revision["revision"],
        "effective_from": format_instant(revision["effective_from"]),
        "recorded_at": format_instant(revision["recorded_at"]),
    }


def instant(instant: int | None) -> str | None:
    """Return the instant as text, None for none."""
    return None if instant is None else format_instant(instant)


def next_link(**query: Any) -> dict[str, str]:
    """Return the Link header that leads to the next page of the same resource (RFC 8288)."""
    given = {name: value for name, value in query.items() if value is not None}
    words = {name: ",".join(v) if isinstance(v, list) else v for name, v in given.items()}
    return {"Link": f'<?{urlencode(words)}>; rel="next"'}


def page(body: Any, following: int | None, **query: Any) -> Response:
    """Return a page, with the Link to the one that begins at an instant when there is another."""
    if following is None:
        return json(body)
    return json(body, headers=next_link(**query, cursor=cursors.write(following)))


def require_match(if_match: str | None, site: Site) -> None:
    """Promise that the client has seen the site as it is now.

    Raises PreconditionRequired without If-Match, PreconditionFailed when it names another state.
    """
    etag = entity_tag(_encode(site))
    if if_match is None:
        raise PreconditionRequired(site, etag)
    if not matches_strongly(if_match, etag):
        raise PreconditionFailed(site, etag)


def _unless_known(response: Response, if_none_match: str | None) -> Response:
    link = response.headers.get("Link", "")
    return of_state(response, entity_tag(response.content + link.encode()), if_none_match)


def _table(media_type: str, columns: Sequence[str]) -> tuple[tables.Table, dict[str, str]]:
    """Return how a media type writes readings, and the headers that say so."""
    if media_type == "text/csv":
        described = "text/csv; charset=utf-8; header=present"
        return tables.csv(columns), {"Content-Type": described}
    return tables.ndjson(columns), {"Content-Type": "application/x-ndjson"}


def _encode(value: Any) -> bytes:
    return orjson.dumps(value)
