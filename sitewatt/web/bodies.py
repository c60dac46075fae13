"""Request bodies as they come over the wire."""

import zlib

from starlette.types import Receive

from sitewatt.admission.visits import hold


class BodyTooLarge(Exception):
    """The body has more bytes than the contract allows, which are `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(str(limit))
        self.limit = limit


class EncodingNotTaken(Exception):
    """The body comes in a coding that this service does not undo, or in several."""


class NotGzip(Exception):
    """The body is not what its Content-Encoding says; the text is what is wrong."""


class BodyTooSlow(Exception):
    """The rest of the body did not come in time; no more of it is waited for."""


class ClientGone(Exception):
    """The client hung up before its request was whole."""


_GZIP = ("gzip", "x-gzip")
_AS_IT_IS = ("identity", "")


def admit_encoding(content_encoding: str | None) -> bool:
    """Return whether the body comes in gzip; raises EncodingNotTaken."""
    if content_encoding is None:
        return False
    coding = content_encoding.strip().lower()
    if coding not in _GZIP and coding not in _AS_IT_IS:
        raise EncodingNotTaken
    return coding in _GZIP


def admit_length(content_length: str | None, limit: int) -> None:
    """Promise that the announced length is within the limit; raises BodyTooLarge.

    A length that is no number has been refused by the HTTP parser.
    """
    if content_length is not None and int(content_length) > limit:
        raise BodyTooLarge(limit)


async def skip_body(receive: Receive, limit: int) -> None:
    """Return when the request is whole, with a body of at most `limit` bytes that nobody asked for.

    Nothing is done for a request that the HTTP server may yet refuse. Raises BodyTooLarge, and
    ClientGone when the client hangs up.
    """
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        size += len(message.get("body", b""))
        if size > limit:
            raise BodyTooLarge(limit)
        more = message.get("more_body", False)


async def read_body(receive: Receive, limit: int, *, in_gzip: bool = False) -> bytes:
    """Return the whole body, of at most `limit` bytes as sent and inflated, chunked or not.

    Raises BodyTooLarge as soon as it is, NotGzip, ClientGone when the client hangs up, and
    Overloaded when this worker holds as much in bodies as it can.
    """
    inflation = Inflation(limit) if in_gzip else None
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
        said = chunk if inflation is None else inflation.inflate(chunk)
        hold(len(said))
        chunks.append(said)
        more = message.get("more_body", False)
    if inflation is not None:
        inflation.end()
    return b"".join(chunks)


_GZIP_WINDOW = 31
"""zlib's word for gzip's own head and checksum, with a window of any size."""

_SLICE = 1024
"""How much a member is given at once. What lies behind its end is copied, and a member may be as
short as 20 bytes, so that whole chunks would take quadratic time."""


class Inflation:
    """A body in gzip (RFC 1952), of one member or of several, undone while it streams."""

    def __init__(self, limit: int) -> None:
        self._limit = self._room = limit
        self._member = zlib.decompressobj(_GZIP_WINDOW)

    def inflate(self, chunk: bytes) -> bytes:
        """Return what the next bytes of the body say; raises BodyTooLarge or NotGzip.

        Whatever they say, never more than one byte beyond the limit is made of it.
        """
        said: list[bytes] = []
        rest = memoryview(chunk)
        while rest:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP_WINDOW)
            part = rest[:_SLICE]
            said.append(self._inflated(part))
            rest = rest[len(part) - len(self._member.unused_data) :]
        return b"".join(said)

    def _inflated(self, part: memoryview) -> bytes:
        try:
            inflated = self._member.decompress(part, self._room + 1)
        except zlib.error:
            raise NotGzip("is not gzip as Content-Encoding says") from None
        self._room -= len(inflated)
        if self._room < 0:
            raise BodyTooLarge(self._limit)
        return inflated

    def end(self) -> None:
        """Promise that the body ended where its last member did; raises NotGzip."""
        if not self._member.eof:
            raise NotGzip("is cut short: its gzip does not end")
