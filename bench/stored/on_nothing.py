"""A server that reads no request and always gives the same two answers: the client's limit."""

import asyncio
import json
import os
import re
from typing import cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


def bytes_of(status: bytes, members: dict[str, object]) -> bytes:
    """Return the bytes of an answer as long as those of the other servers."""
    body = json.dumps(members).encode()
    head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % (status, len(body)) + body


STAMP = "2023-01-01T00:00:00Z"
COUNTS = {"received": 1, "stored": 1, "unchanged": 0, "replaced": 0, "conflicts": 0}
RECEIPT = bytes_of(b"201 Created", {**COUNTS, "first": STAMP, "last": STAMP})
READING = bytes_of(b"200 OK", {"dt-stamp": STAMP, "soc": 20.5, "load_kwh": 431.25, **COUNTS})


class Connection(asyncio.Protocol):
    """Answers each request as soon as it is whole."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer when the request is whole; the client sends one at a time."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        length = _LENGTH.search(self._buffer, 0, max(end, 0))
        if end >= 0 and len(self._buffer) >= end + 4 + int(length[1] if length else 0):
            answer = RECEIPT if self._buffer.startswith(b"POST") else READING
            self._buffer = b""
            self._transport.write(answer)


async def serve() -> None:
    """Listen until the process ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", int(os.environ["BENCH_PORT"]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve())
