"""Request bodies as they come over the wire."""

from starlette.types import Receive


class BodyTooLarge(Exception):
    """The body has more bytes than the contract allows, which are `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(str(limit))
        self.limit = limit


class EncodingNotTaken(Exception):
    """The body is compressed, which this service does not undo."""


class ClientGone(Exception):
    """The client hung up before its request was whole."""


def admit_encoding(content_encoding: str | None) -> None:
    """Promise that the body is as it is; raises EncodingNotTaken."""
    if (content_encoding or "identity").strip().lower() != "identity":
        raise EncodingNotTaken


def admit_length(content_length: str | None, limit: int) -> None:
    """Promise that the announced length is within the limit; raises BodyTooLarge.

    A length that is no number has been refused by the HTTP parser.
    """
    if content_length is not None and int(content_length) > limit:
        raise BodyTooLarge(limit)


async def skip_body(receive: Receive) -> None:
    """Return when the request is whole; raises ClientGone when it will never be.

    Nothing is done for a request that the HTTP server may yet refuse.
    """
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        more = message.get("more_body", False)


async def read_body(receive: Receive, limit: int) -> bytes:
    """Return the whole body, of at most `limit` bytes, chunked or not.

    Raises BodyTooLarge as soon as it is, and ClientGone when the client hangs up.
    """
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        # `body` and `more_body` are optional in ASGI.
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(limit)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)
