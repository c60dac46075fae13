"""HTTP/1.1 on a connection: uvicorn's protocol, with an answer in one write.

uvicorn's own writes head and body apart, starts a timer after each answer and stops it at the next
request, and looks at each header with two regular expressions: 12 of the 29 us that a request cost
before any application. bench/http measures it; docs/decisions/0019 has the figures.
"""

import asyncio
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)


class Exchange(RequestResponseCycle):
    """A request and its answer; the head is held back until there is something of the body."""

    _head = b""
    _left: int | None = None
    """The bytes of the body still to come, None when it goes out in chunks."""

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
        lines, length = [STATUS_LINE[status]], None
        for name, value in headers:
            lines += (name, b": ", value, b"\r\n")
            if name == b"content-length":
                length = int(value)
        more = []
        if self.scope["method"] == "HEAD" or status in (204, 304):
            length = 0
        elif length is None:
            more.append(b"transfer-encoding: chunked\r\n")
        if not self.keep_alive:
            more.append(b"connection: close\r\n")
        head = b"".join([*lines, *more, b"\r\n"])
        if not head.count(b"\r") == head.count(b"\n") == len(headers) + len(more) + 2:
            raise RuntimeError("a header of the answer holds a line break")
        self._head, self._left = head, length
        self.response_started = True
        self.waiting_for_100_continue = False

    def _write(self, body: bytes, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            body = b""
        if self._left is None:
            body = _chunk(body) + (b"" if more else b"0\r\n\r\n")
        else:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                raise RuntimeError("the body is not as long as the head said")
        if self._head or body:
            self.transport.write(self._head + body)
            self._head = b""
        if not more:
            self._complete()

    def _complete(self) -> None:
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class Connection(HttpToolsProtocol):
    """A client's connection; it is closed after `timeout_keep_alive` seconds without a request."""

    _idle_since: float | None = None
    _timer: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of what belongs to the connection."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """Begin an exchange, or put it in line behind one that is under way."""
        version = self.parser.get_http_version()
        before: RequestResponseCycle | None = self.cycle
        path, query = _path_and_query(self.url)
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = version
        self.scope["raw_path"] = path
        self.scope["path"] = unquote(path.decode("ascii"))
        self.scope["query_string"] = query
        self.cycle = Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_response_complete(self) -> None:
        """Begin the exchange that waits in line, or be idle."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self._timer is None:
            self._timer = self.loop.call_later(self.timeout_keep_alive, self._look_whether_idle)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def _look_whether_idle(self) -> None:
        """Close the connection when it has been idle for long enough, else look again later."""
        left: float = self.timeout_keep_alive
        if self._idle_since is not None:
            left += self._idle_since - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._look_whether_idle)
        elif not self.transport.is_closing():
            self.transport.close()


def _path_and_query(target: bytes) -> tuple[bytes, bytes]:
    """Return both as they stand in a request's target, whole or without scheme and host."""
    if target.startswith(b"/") and b"#" not in target:
        path, _, query = target.partition(b"?")
        return path, query
    url = httptools.parse_url(target)
    return url.path, url.query or b""


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body) if body else b""
