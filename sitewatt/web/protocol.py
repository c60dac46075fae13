"""HTTP/1.1 on a connection: uvicorn's protocol, mended where it departs from RFC 9110 and 9112.

a request that asks for an upgrade   has a body like any other (Kludex/uvicorn, issue 2722)
what cannot be read                  is refused after the answers before it (issue 2238)
a client that hangs up               is written to no more, however many requests it sent
a trailer                            is no header
a head                               has an end, one Host, and no transfer coding but chunks

It is also quicker: an answer leaves in one write, and a connection has one timer for all of its
requests (docs/decisions/0019).
"""

import asyncio
from collections import deque
from typing import cast
from urllib.parse import unquote

import httptools
from uvicorn._types import ASGI3Application, ASGIVersions
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from sitewatt.web.exchange import Exchange

LONGEST_HEAD = 65_536
"""The bytes of a request line and headers together; uvicorn has no limit with httptools."""


_ASGI: ASGIVersions = {"version": "3.0", "spec_version": "2.3"}


class BadHead(Exception):
    """The head of a request is too long, or does not say for whom or how long the request is."""


class Connection(HttpToolsProtocol):
    """A client's connection; it is closed after `timeout_keep_alive` seconds without a request.

    Of uvicorn's settings it does not look at those that sitewatt leaves alone: `root_path`,
    `limit_concurrency`, the access log, and websockets, for which `ws` has to be "none".
    """

    _active: RequestResponseCycle | None = None
    _unreadable: str | None = None
    _upgrades = False
    _in_head = False
    _head_bytes = 0
    """Of the head that is being read, what came in packets of its own."""
    _received = 0
    """The bytes of the last packet."""
    _idle_since: float | None = None
    _timer: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody write any more, the answer before the last one among them."""
        if self._timer is not None:
            self._timer.cancel()
        if self._active is not None and not self._active.response_complete:
            self._active.disconnected = True
            self._active.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what cannot be read is refused."""
        self._idle_since = None
        while data:
            unread, self._received = b"", len(data)
            head = self.headers if self._in_head else None
            try:
                self.parser.feed_data(data)
                if head is not None and self._in_head and head is self.headers:
                    self._grow()
            except httptools.HttpParserUpgrade as upgrade:
                unread = self._without_upgrade(data[upgrade.args[0] :])
            except (httptools.HttpParserError, BadHead):
                self.send_400_response("Invalid HTTP request received.")
            data = unread

    def on_message_begin(self) -> None:
        """Begin to read a head."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._in_head, self._head_bytes = True, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Read a header; a trailer is none (RFC 9110, section 6.5.1), and is forgotten."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer, but not yet where an upgrade is asked for."""
        self._in_head = False
        method, version = self.parser.get_method(), self.parser.get_http_version()
        self._check_head(version)
        self._upgrades = self.parser.should_upgrade() and method != b"CONNECT"
        if self._upgrades:
            return
        path, query = _path_and_query(self.url)
        self.scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme or "http",
            "method": method.decode("ascii"),
            "root_path": "",
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "headers": self.headers,
            "state": self.app_state.copy(),
        }
        self._begin(version != "1.0" and self.parser.should_keep_alive())

    def on_message_complete(self) -> None:
        """Note that the request is whole, which httptools says too soon where it is upgraded."""
        if not self._upgrades:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request; after the last one refuse what could not be read."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._unreadable is not None:
            self.send_400_response(self._unreadable)
        else:
            self._rest()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read and close, after the answers to the requests before it."""
        active = self._active
        if active is None or active.response_complete or active.more_body:
            super().send_400_response(msg)
            return
        self._unreadable = msg
        self.pipeline = deque(entry for entry in self.pipeline if not entry[0].more_body)

    def _begin(self, keep_alive: bool) -> None:
        """Begin an exchange, or put it in line behind one that is under way."""
        # uvicorn declares neither that there may be no cycle yet, nor what it has made of the app.
        before = cast("RequestResponseCycle | None", self.cycle)
        app = cast("ASGI3Application", self.app)
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
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._active = cycle
        super()._start_asgi_task(cycle, app)

    def _without_upgrade(self, rest: bytes) -> bytes:
        """Return the head without the wish (RFC 9110, section 7.8), and what comes after it."""
        if not self._upgrades:
            self.cycle.keep_alive = False
            return b""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        kept = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        line = b"%b %b HTTP/%b" % (method, self.url, version)
        return b"\r\n".join([line, *kept, b"", rest])

    def _check_head(self, version: str) -> None:
        """Promise an end, one Host (RFC 9112, section 3.2) and chunks alone (section 6.1)."""
        if self._head_bytes + self._received > LONGEST_HEAD:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > LONGEST_HEAD:
                raise BadHead
        names = [name for name, _ in self.headers]
        if names.count(b"host") != 1 and (version != "1.0" or b"host" in names):
            raise BadHead
        if b"transfer-encoding" in names:
            codings = [v.lower() for n, v in self.headers if n == b"transfer-encoding"]
            if codings.count(b"chunked") != len(codings):
                raise BadHead

    def _grow(self) -> None:
        """Note what has been received as the head's; raises BadHead when it is too long."""
        self._head_bytes += self._received
        if self._head_bytes > LONGEST_HEAD:
            raise BadHead

    def _rest(self) -> None:
        """Be idle, and see to it that this does not last."""
        self._idle_since = self.loop.time()
        if self._timer is None:
            self._timer = self.loop.call_later(self.timeout_keep_alive, self._look_whether_idle)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def _look_whether_idle(self) -> None:
        """Close the connection if it has been idle for long enough, or look again when it may have.

        A request under way is left alone: the timer starts again when it has been answered.
        """
        self._timer = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._look_whether_idle)
        elif not self.transport.is_closing():
            self.transport.close()


def _path_and_query(target: bytes) -> tuple[bytes, bytes]:
    """Return both as they stand in a request's target, which may begin with scheme and host."""
    if target.startswith(b"/") and b"#" not in target:
        path, _, query = target.partition(b"?")
        return path, query
    url = httptools.parse_url(target)
    return url.path or b"/", url.query or b""
