"""HTTP as bytes on a socket: what a client sends, however broken, and what comes back."""

import gzip
import socket
import time
from collections.abc import Callable
from typing import NamedTuple, Self

DEADLINE_SECONDS = 10.0
"""A service that says nothing for so long hangs."""

PIECE_SECONDS = 0.02
"""Between two pieces of a request, so that the server reads them apart."""


SERVED = "x-request-id"
"""The header of every answer that the service gave, and not the HTTP server before it."""


class Hangs(AssertionError):
    """Neither was the answer whole nor the connection closed in time; the argument is what came."""


class CutShort(AssertionError):
    """The connection was closed within an answer."""


class Answer(NamedTuple):
    """One answer; the names of its headers are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A connection to a server on this machine."""

    def __init__(self, port: int, *, deadline: float = DEADLINE_SECONDS) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=deadline)
        self.ports = self._socket.getsockname()[1], port
        """The port of this end and of the server's, which tell connections apart."""
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._deadline = deadline
        self._unread = b""
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, *pieces: bytes) -> None:
        """Send the pieces one by one; what a server that has closed does not take is lost."""
        for number, piece in enumerate(pieces):
            if number:
                time.sleep(PIECE_SECONDS)
            try:
                self._socket.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                return

    def half_close(self) -> None:
        """Tell the server that nothing more will come."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._closed = True

    def answer(self, *, to_head: Callable[[], bool] = lambda: False) -> Answer | None:
        """Return the next final answer, None when the connection is closed without one.

        An answer `to_head` has no body, whatever length it tells. Raises Hangs and CutShort.
        """
        until = time.monotonic() + self._deadline
        while True:
            head = self._until(b"\r\n\r\n", until)
            if head is None:
                if self._unread:
                    raise CutShort(self._unread[:200])
                return None
            status, headers = _read_head(head)
            if status >= 200:
                without = status in (204, 304) or (SERVED in headers and to_head())
                body = b"" if without else self._body(headers, until)
                in_gzip = body and headers.get("content-encoding") == "gzip"
                return Answer(status, headers, gzip.decompress(body) if in_gzip else body)

    def has_answer(self, seconds: float) -> bool:
        """Return whether a final answer begins, or the connection is closed, within the seconds."""
        until = time.monotonic() + seconds
        while not self._unread and not self._closed:
            if not self._receive(until):
                return False
            while self._unread.startswith(b"HTTP/1.1 1") and b"\r\n\r\n" in self._unread:
                self._unread = self._unread.partition(b"\r\n\r\n")[2]
        return True

    def _body(self, headers: dict[str, str], until: float) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return self._exactly(int(headers["content-length"]), until)
        chunks: list[bytes] = []
        while True:
            line = self._until(b"\r\n", until)
            if line is None:
                raise CutShort("within its chunks")
            chunk = self._exactly(int(line, 16) + 2, until)[:-2]
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)

    def _until(self, end: bytes, until: float) -> bytes | None:
        while end not in self._unread:
            if not self._more(until):
                return None
        found, _, self._unread = self._unread.partition(end)
        return found

    def _exactly(self, size: int, until: float) -> bytes:
        while len(self._unread) < size:
            if not self._more(until):
                raise CutShort("within its body")
        found, self._unread = self._unread[:size], self._unread[size:]
        return found

    def _more(self, until: float) -> bool:
        """Receive something; False when the connection is closed. Raises Hangs."""
        if self._closed:
            return False
        if not self._receive(until):
            raise Hangs(self._unread)
        return not self._closed

    def _receive(self, until: float) -> bool:
        """Return whether bytes or the end came in time."""
        self._socket.settimeout(max(0.001, until - time.monotonic()))
        try:
            received = self._socket.recv(262_144)
        except TimeoutError:
            return False
        except ConnectionResetError:
            received = b""
        self._closed = not received
        self._unread += received
        return True


def _read_head(head: bytes) -> tuple[int, dict[str, str]]:
    line, *fields = head.decode("latin-1").split("\r\n")
    version, status, *_ = line.split(" ")
    assert version == "HTTP/1.1", f"no answer of HTTP: {line!r}"
    headers: dict[str, str] = {}
    for name, _, value in (field.partition(":") for field in fields):
        assert name.lower() not in headers or name == "link", f"the answer has {name} twice"
        headers[name.lower()] = value.strip()
    return int(status), headers
