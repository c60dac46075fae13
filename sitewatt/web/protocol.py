"""HTTP/1.1 on a connection: uvicorn's protocol, mended where it departs from RFC 9110 and 9112.

a request that asks for an upgrade   has a body like any other (Kludex/uvicorn, issue 2722)
what cannot be read                  is refused after the answers before it (issue 2238)
a client that hangs up               is written to no more, however many requests it sent
a trailer                            is no header
a head                               has an end, one Host, and no transfer coding but chunks
"""

from collections import deque
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 65_536
"""The bytes of a request line and headers together; uvicorn has no limit with httptools."""


class BadHead(Exception):
    """The head of a request is too long, or does not say for whom or how long the request is."""


class Protocol(HttpToolsProtocol):
    """Speaks HTTP/1.1 on one connection; there are no websockets here."""

    _active: Any = None
    _unreadable: str | None = None
    _in_head = False
    _upgrades = False
    _head_bytes = 0

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody write any more, the answer before the last one among them."""
        if self._active is not None and not self._active.response_complete:
            self._active.disconnected = True
            self._active.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what cannot be read is refused."""
        self._unset_keepalive_if_required()
        head = self.headers if self._in_head else None
        try:
            self.parser.feed_data(data)
            if head is not None and head is self.headers and self._in_head:
                self._grow(len(data))
        except httptools.HttpParserUpgrade as upgrade:
            self._without_upgrade(data[upgrade.args[0] :])
        except (httptools.HttpParserError, BadHead):
            self.send_400_response("Invalid HTTP request received.")

    def on_message_begin(self) -> None:
        """Begin to read a head."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """Begin to answer, but not yet where an upgrade is asked for."""
        self._in_head = False
        self._check_head()
        self._upgrades = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if not self._upgrades:
            super().on_headers_complete()
            # What is appended to it now are trailers, which are no headers (RFC 9110, 6.5.1).
            self.headers = []

    def on_message_complete(self) -> None:
        """Note that the request is whole, which httptools says too soon where it is upgraded."""
        if not self._upgrades:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request; after the last one refuse what could not be read."""
        super().on_response_complete()
        if self._unreadable is not None and not self.transport.is_closing():
            self.send_400_response(self._unreadable)

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read and close, after the answers to the requests before it."""
        active = self._active
        if active is None or active.response_complete or active.more_body:
            super().send_400_response(msg)
            return
        self._unreadable = msg
        self.pipeline = deque(entry for entry in self.pipeline if not entry[0].more_body)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._active = cycle
        super()._start_asgi_task(cycle, app)

    def _without_upgrade(self, rest: bytes) -> None:
        """Read the head again without the wish (RFC 9110, section 7.8), and what comes after it."""
        if not self._upgrades:
            self.cycle.keep_alive = False
            return
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        kept = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        line = b"%b %b HTTP/%b" % (method, self.url, version)
        self.data_received(b"\r\n".join([line, *kept, b"", rest]))

    def _check_head(self) -> None:
        """Promise a length, one Host (RFC 9112, section 3.2) and chunks alone (section 6.1)."""
        size, hosts = len(self.url), 0
        for name, value in self.headers:
            size += len(name) + len(value)
            hosts += name == b"host"
            if name == b"transfer-encoding" and value.lower() != b"chunked":
                raise BadHead
        if size > LONGEST_HEAD or hosts > 1:
            raise BadHead
        if not hosts and self.parser.get_http_version() != "1.0":
            raise BadHead

    def _grow(self, size: int) -> None:
        """Note that a head that has not ended has so many bytes more."""
        self._head_bytes += size
        if self._head_bytes > LONGEST_HEAD:
            raise BadHead
