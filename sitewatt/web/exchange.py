"""A request and its answer on a connection: uvicorn's cycle, with the answer in one write.

uvicorn's own writes head and body apart and looks at each header with two regular expressions: 7 of
the 29 us that a request cost before any application (docs/decisions/0019).
"""

import socket
import struct
from collections.abc import Mapping
from math import inf
from typing import Any, cast

from uvicorn._types import ASGI3Application, ASGIReceiveEvent, HTTPScope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from sitewatt.web.bodies import BodyTooSlow
from sitewatt.web.streams import BrokenOff

_FRAMING = frozenset((b"connection", b"content-length", b"transfer-encoding"))
"""The headers of an answer that say where it ends and what comes after it."""

NO_SCOPE = cast("HTTPScope", {})
"""What is kept of the head of a request that has been answered; whoever still needs it has it."""


class Exchange(RequestResponseCycle):
    """A request and its answer; the head is held back until there is something of the body."""

    _head = b""
    _chunked = False
    _left: float = inf
    """The bytes of the body still to come; without an end where no length was said."""
    late = False
    """Whether the rest of the request is no longer waited for."""
    _spared = False
    """Whether it is the last of its connection only because the process ends."""

    def be_last(self, before: "Exchange | None" = None) -> None:
        """Close the connection with this answer, and no more with the one before it."""
        self._spared, self.keep_alive = self.keep_alive, False
        if before is not None and before._spared and not before.response_started:
            before._spared, before.keep_alive = False, True

    def be_late(self) -> None:
        """Wait no longer for the rest of the request; the application is told if it waits for it.

        An answer that has begun goes on, and is the last.
        """
        self.late, self.keep_alive = True, False
        if not self.response_started:
            self.message_event.set()

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next message of the request; raises BodyTooSlow when it does not come."""
        message = await super().receive()
        if self.late and self.more_body and message["type"] == "http.request":
            raise BodyTooSlow
        return message

    async def run_asgi(self, app: ASGI3Application) -> None:
        """Let the application answer; what it leaves unfinished is logged, and has no clean end.

        uvicorn's own logs again what has been logged, and ends a body as if it were whole where
        only the connection's end tells the end of it.
        """
        try:
            await app(self.scope, self.receive, self.send)
            broken = not (self.response_complete or self.disconnected)
            if broken:
                self.logger.error("ASGI callable returned without completing its answer.")
        except BrokenOff:
            broken = True
        except BaseException as error:
            broken = True
            self.logger.error("Exception in ASGI application\n", exc_info=error)
        if broken:
            await self._give_up()
        self.on_response = lambda: None

    async def _give_up(self) -> None:
        """Answer 500 where no answer has begun, else end the connection."""
        if not self.response_started:
            await self.send_500_response()
        elif not self.response_complete and self._left == inf and not self._chunked:
            self._reset()
        else:
            self.transport.close()

    def _reset(self) -> None:
        """Reset the connection, whose plain end would be the end of the body."""
        if not self.transport.is_closing():
            linger = struct.pack("ii", 1, 0)
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.transport.abort()

    async def send(self, message: Any) -> None:
        """Take one ASGI message of the answer; raises RuntimeError when it does not fit."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        expected = "http.response.body" if self.response_started else "http.response.start"
        if message["type"] != expected or self.response_complete:
            raise RuntimeError(f"{message['type']} is not what comes next in an answer")
        if self.response_started:
            self._write(message.get("body", b""), message.get("more_body", False))
        else:
            self._begin(message["status"], [*self.default_headers, *message.get("headers", ())])

    def _begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        said = {name: value.lower() for name, value in headers if name in _FRAMING}
        lines = [b": ".join(header) for header in headers]
        lines += self._frame(status, said)
        head = STATUS_LINE[status] + b"\r\n".join([*lines, b"", b""])
        if not head.count(b"\r") == head.count(b"\n") == len(lines) + 2 or b"\0" in head:
            raise RuntimeError("a header of the answer holds a line break or the like")
        self._head = head
        self.response_started = True
        self.waiting_for_100_continue = False

    def _frame(self, status: int, said: Mapping[bytes, bytes]) -> list[bytes]:
        """Decide where the body ends and whether the connection lives on; return what to add."""
        lines: list[bytes] = []
        self._chunked, self._left = False, inf  # A head that was refused may have set them.
        if b"connection" in said and _closes(said[b"connection"]):
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close")
        if self.scope["method"] == "HEAD" or status in (204, 304):
            self._left = 0
        elif b"transfer-encoding" in said:
            self._chunked = said[b"transfer-encoding"] == b"chunked"
        elif b"content-length" in said:
            self._left = int(said[b"content-length"])
        elif self.scope["http_version"] != "1.0":  # To 1.0 the end of the connection says it.
            self._chunked = True
            lines.append(b"transfer-encoding: chunked")
        return lines

    def _write(self, body: bytes, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            body = b""
        self._left -= len(body)
        if self._left < 0 or not (more or self._left in (0, inf)):
            raise RuntimeError("the body is not as long as the head said")
        if self._chunked:
            body = _chunk(body) + (b"" if more else b"0\r\n\r\n")
        if self._head or body:
            self.transport.write(self._head + body)
            self._head = b""
        if not more:
            self._complete()

    def _complete(self) -> None:
        self.response_complete, self.scope = True, NO_SCOPE
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _closes(connection: bytes) -> bool:
    return b"close" in [option.strip() for option in connection.split(b",")]


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body) if body else b""
