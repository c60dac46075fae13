"""A small HTTP client: one exchange at a time, or a load on a few connections kept alive.

It has to cost less than the servers it measures, so it knows no more of HTTP than it needs: an
answer has a Content-Length.
"""

import re
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from typing import NamedTuple

from corpus import Measured

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


class Load(NamedTuple):
    """What a client saw of a server: how many answers, in how many seconds, how late each was."""

    requests: int
    seconds: float
    latencies: list[float]


class UnexpectedAnswer(Exception):
    """A server under load did not answer as it did in the check."""


class Answer(NamedTuple):
    """Status, headers (names in lower case) and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def exchange(port: int, message: bytes) -> Answer:
    """Return the answer to a request on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        # A server may refuse before it has read all; what it said comes then.
        with suppress(ConnectionError):
            connection.sendall(message)
        head, body = _received(connection)
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    return Answer(int(status.split()[1]), headers, body)


def _received(connection: socket.socket) -> tuple[bytes, bytes]:
    buffer = b""
    while not _is_whole(buffer):
        part = connection.recv(1 << 16)
        if not part:
            raise UnexpectedAnswer(f"the connection ended after {buffer[:80]!r}")
        buffer += part
    head, _, body = buffer.partition(b"\r\n\r\n")
    return head, body


def _is_whole(buffer: bytes) -> bool:
    """Return whether the bytes are an answer with all of its body."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = _LENGTH.search(buffer, 0, end)
    if length is None:
        raise UnexpectedAnswer(f"no Content-Length in {buffer[:end]!r}")
    return len(buffer) >= end + 4 + int(length[1])


def load(
    port: int,
    request: Measured,
    *,
    connections: int,
    seconds: float,
    enough: Callable[[], bool] = lambda: True,
) -> Load:
    """Return what so many clients saw, each of which sends as soon as it has its answer.

    They go on for the seconds, then until it is `enough`, at most four times as long.
    """
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    try:
        return _Clients(sockets, request).run(seconds, enough)
    finally:
        for connection in sockets:
            connection.close()


class _Clients:
    def __init__(self, sockets: list[socket.socket], request: Measured) -> None:
        self._sockets = {connection.fileno(): connection for connection in sockets}
        self._messages = cycle(request.messages)
        self._expected = b"HTTP/1.1 %d " % request.status
        self._sent_at = dict.fromkeys(self._sockets, 0.0)
        self._buffers = dict.fromkeys(self._sockets, b"")
        self._latencies: list[float] = []
        for connection in sockets:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self, seconds: float, enough: Callable[[], bool]) -> Load:
        """Send until it is enough, then wait for the answers that are still to come."""
        started = time.perf_counter()
        until, at_most = started + seconds, started + 4 * seconds
        with select.epoll() as poll:
            for number in self._sockets:
                poll.register(number, select.EPOLLIN)
                self._send(number)
            waiting = len(self._sockets)
            while waiting:
                now = time.perf_counter()
                if now > until and now < at_most and not enough():
                    until = now + seconds / 8
                for number, _ in poll.poll(10):
                    if self._receive(number):
                        if now < until:
                            self._send(number)
                        else:
                            waiting -= 1
        return Load(len(self._latencies), time.perf_counter() - started, self._latencies)

    def _send(self, number: int) -> None:
        self._sent_at[number] = time.perf_counter()
        self._sockets[number].sendall(next(self._messages))

    def _receive(self, number: int) -> bool:
        """Take what has come; return whether the answer is whole."""
        buffer = self._buffers[number] + self._sockets[number].recv(1 << 16)
        if not _is_whole(buffer):
            self._buffers[number] = buffer
            return False
        if not buffer.startswith(self._expected):
            raise UnexpectedAnswer(f"{buffer[:200]!r} instead of {self._expected!r}")
        self._latencies.append(time.perf_counter() - self._sent_at[number])
        self._buffers[number] = b""
        return True
