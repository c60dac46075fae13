"""HTTP/1.1 on a connection: uvicorn's protocol, mended where it departs from RFC 9110 and 9112.

a request that asks for an upgrade   has a body like any other (Kludex/uvicorn, issue 2722)
what cannot be read                  is refused after the answers before it (issue 2238)
a client that hangs up               is written to no more, however many requests it sent
a trailer                            is no header
a head                               has an end, one Host, and no transfer coding but chunks
a client that is slow                is waited for no longer than the terms say (patience.py)
requests in line                     are read while they are few; the rest waits as bytes
connections                          are no more than the terms allow
heads that have not come whole       are held in so much memory, and no more

It is also quicker: an answer leaves in one write, and a connection has one timer for all of its
requests (docs/decisions/0019).
"""

import asyncio
from collections import deque
from typing import cast
from urllib.parse import unquote

import httptools
from uvicorn._types import ASGI3Application, ASGIVersions
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from sitewatt.web import heads, refusals
from sitewatt.web.exchange import Exchange
from sitewatt.web.heads import BadHead
from sitewatt.web.patience import Patient
from sitewatt.web.terms import MOST_OF_HEADS, USUAL_HEAD

_IN_LINE = 32
"""So many requests of one client are read at most before they are answered, and some more bytes."""

_SLICE = 4096
"""What is read at once where a packet holds more requests than that; 150 of the shortest."""

_ASGI: ASGIVersions = {"version": "3.0", "spec_version": "2.3"}


class Connection(Patient):
    """A client's connection; it is closed after `timeout_keep_alive` seconds without a request.

    Of uvicorn's settings it does not look at those that sitewatt leaves alone: `root_path`,
    `limit_concurrency`, the access log, and websockets, for which `ws` has to be "none".
    """

    _active: RequestResponseCycle | None = None
    _refusal: bytes | None = None
    """What is to be said, and the connection closed, after the answers that are to come before."""
    _unfed = b""
    """What has come and is not read yet, because too many requests are in line."""
    _upgrades = False
    _head_bytes = 0
    """Of the head, or the trailer, that is being read, what came in packets of its own."""
    _first_bytes = 0
    """The bytes of the packet in which the head began, what else it held among them."""
    _received = 0
    """The bytes of the last packet."""
    _part = 0
    """The bytes that have come of a head that is not whole."""
    _held = 0
    """What these take in memory, as the terms have counted it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, or refuse to where there are as many connections as may be."""
        super().connection_made(transport)
        if self._terms.open > self._terms.max_connections:
            self._terms.cut["full"] += 1
            self._refuse(refusals.full("connections", self.server_state.default_headers))

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody write any more, the answer before the last one among them."""
        self._unfed = b""
        self._terms.heads -= self._held
        if self._active is not None and not self._active.response_complete:
            self._active.disconnected = True
            self._active.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what cannot be read is refused, and nothing is read behind that."""
        if self._unfed or (len(data) > _SLICE and data.count(b"\r\n\r\n") > _IN_LINE):
            self._unfed += data
            self._feed_slices()
        else:
            self._feed(data)
        if self._in_head or self._in_body:
            self._owe()
        if self._in_head or self._held:
            self._hold(data)

    def _feed_slices(self) -> None:
        """Read of what is there until enough requests are in line."""
        while self._unfed and len(self.pipeline) < _IN_LINE:
            piece, self._unfed = self._unfed[:_SLICE], self._unfed[_SLICE:]
            self._feed(piece)
        if self._unfed:
            self.flow.pause_reading()

    def _feed(self, data: bytes) -> None:
        while data and self._refusal is None:
            unread, self._received = b"", len(data)
            head = self.headers if self._in_head else None
            had = self._body_bytes if self._in_body else None
            try:
                self.parser.feed_data(data)
                same_head = head is not None and self._in_head and head is self.headers
                if same_head or (self._in_body and self._body_bytes == had):
                    self._grow()
            except httptools.HttpParserUpgrade as upgrade:
                unread = self._without_upgrade(data[upgrade.args[0] :])
            except (httptools.HttpParserError, BadHead):
                self.send_400_response("Invalid HTTP request received.")
            data = unread

    def on_message_begin(self) -> None:
        """Begin to read a head."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._in_head, self._head_bytes, self._due = True, 0, None
        self._first_bytes = self._received

    def on_header(self, name: bytes, value: bytes) -> None:
        """Read a header; a trailer is none (RFC 9110, section 6.5.1), and is forgotten."""
        if self._in_head:
            if len(self.headers) == heads.MOST_HEADERS:
                raise BadHead
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer, but not yet where an upgrade is asked for."""
        self._in_head = False
        method, version = self.parser.get_method(), self.parser.get_http_version()
        self._check_head(version)
        self._upgrades = self.parser.should_upgrade() and method != b"CONNECT"
        if self._upgrades:
            return
        self._in_body, self._head_bytes = True, 0
        path, query = heads.path_and_query(self.url)
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

    def on_body(self, body: bytes) -> None:
        """Keep what has come of the body, and note that it came."""
        self._body_bytes += len(body)
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is whole, which httptools says too soon where it is upgraded."""
        if not self._upgrades:
            self._in_body, self._due = False, None
            super().on_message_complete()
            if self.cycle.response_complete:
                self._rest()

    def on_response_complete(self) -> None:
        """Go on with the next request; after the last one refuse what could not be read."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self._unfed:
            self.loop.call_soon(self._read_on)
        else:
            self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal is not None:
            self._refuse(self._refusal)
        else:
            self._rest()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read and close, after the answers to the requests before it."""
        self._refuse(refusals.unreadable(msg, self.server_state.default_headers))

    def _refuse_late_head(self) -> None:
        self._refuse(refusals.late(self.server_state.default_headers))

    def _refuse(self, answer: bytes) -> None:
        self._refusal, self._unfed, self._in_head = answer, b"", False
        active = self._active
        if active is None or active.response_complete or active.more_body:
            self.transport.write(answer)
            self.transport.close()
        else:
            self.pipeline = deque(entry for entry in self.pipeline if not entry[0].more_body)

    def _read_on(self) -> None:
        """Read of what came before the answer that is now complete."""
        # Requests are in line still, so that the next answer resumes the reading when all is read.
        if self._unfed and not self.transport.is_closing():
            self.data_received(b"")

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
        if self._terms.ending:
            self.cycle.be_last(cast("Exchange | None", before))
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
        """Raise BadHead for one that is too long, or does not say for whom or how long it is."""
        if self._first_bytes + self._head_bytes + self._received > heads.LONGEST_HEAD:
            heads.check_length(self.url, self.headers)
        heads.check_framing(self.headers, version)

    def _hold(self, data: bytes) -> None:
        """Count what a head that is not whole takes; refuse a long one where all take too much."""
        part = len(data.rpartition(b"\r\n\r\n")[2])
        self._part = part if part < len(data) else self._part + part
        held = heads.memory(self._part, self.headers) if self._in_head else 0
        self._terms.heads += held - self._held
        self._held = held
        if held > USUAL_HEAD and self._terms.heads > MOST_OF_HEADS:
            self._terms.cut["full"] += 1
            self._refuse(refusals.full("unfinished heads", self.server_state.default_headers))

    def _grow(self) -> None:
        """Note what has been received as the head's, or as what chunks bring beside their content.

        Raises BadHead when it is too long.
        """
        self._head_bytes += self._received
        if self._head_bytes > heads.LONGEST_HEAD:
            raise BadHead
