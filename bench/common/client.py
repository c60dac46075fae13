"""A small HTTP client: one exchange at a time, or a load on connections kept alive.

It has to cost less than the servers it measures, so it knows no more of HTTP than it needs: an
answer has a Content-Length.
"""

import re
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_PART = 1 << 18


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


def exchange(port: int, message: bytes, *, timeout: float = 10) -> Answer:
    """Return the answer to a request on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        # A server may refuse before it has read all; what it said comes then.
        with suppress(ConnectionError):
            connection.sendall(message)
        head, body = _received(connection)
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    return Answer(int(status.split()[1]), headers, body)


def load(
    port: int,
    messages: Iterator[bytes],
    status: int,
    *,
    connections: int,
    seconds: float,
    enough: Callable[[], bool] = lambda: True,
) -> Load:
    """Return what so many clients saw, each of which sends as soon as it has its answer.

    They go on for the seconds, then until it is `enough`, at most four times as long. Raises
    UnexpectedAnswer for any other status than the one given.
    """
    with _connected(port, connections) as sockets:
        return _Clients(sockets, messages, status).run(seconds, enough)


def paced(port: int, messages: Iterator[bytes], status: int, *, number: int, pause: float) -> Load:
    """Return what one client saw that sends `number` requests and pauses before each."""
    latencies: list[float] = []
    started = time.perf_counter()
    with _connected(port, 1) as (connection,):
        for _ in range(number):
            message = next(messages)
            time.sleep(pause)
            sent_at = time.perf_counter()
            connection.sendall(message)
            head, _ = _received(connection)
            latencies.append(time.perf_counter() - sent_at)
            _expect(head, b"HTTP/1.1 %d " % status)
    return Load(number, time.perf_counter() - started, latencies)


@contextmanager
def _connected(port: int, connections: int) -> Iterator[list[socket.socket]]:
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    try:
        for connection in sockets:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sockets
    finally:
        for connection in sockets:
            connection.close()


def _expect(answer: bytes, beginning: bytes) -> None:
    if not answer.startswith(beginning):
        raise UnexpectedAnswer(f"{answer[:400]!r} instead of {beginning!r}")


def _received(connection: socket.socket) -> tuple[bytes, bytes]:
    buffer = b""
    while not _is_whole(buffer):
        part = connection.recv(_PART)
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


class _Clients:
    def __init__(
        self, sockets: list[socket.socket], messages: Iterator[bytes], status: int
    ) -> None:
        self._sockets = {connection.fileno(): connection for connection in sockets}
        self._messages = messages
        self._expected = b"HTTP/1.1 %d " % status
        self._sent_at = dict.fromkeys(self._sockets, 0.0)
        self._unsent: dict[int, memoryview] = {}
        self._buffers = dict.fromkeys(self._sockets, b"")
        self._latencies: list[float] = []
        for connection in sockets:
            connection.setblocking(False)

    def run(self, seconds: float, enough: Callable[[], bool]) -> Load:
        """Send until it is enough, then wait for the answers that are still to come."""
        started = time.perf_counter()
        until, at_most = started + seconds, started + 4 * seconds
        with select.epoll() as poll:
            for number in self._sockets:
                poll.register(number, select.EPOLLIN)
                self._send(poll, number)
            waiting = len(self._sockets)
            while waiting:
                now = time.perf_counter()
                if now > until and now < at_most and not enough():
                    until = now + seconds / 8
                for number, events in poll.poll(10):
                    if events & select.EPOLLOUT:
                        self._send_rest(poll, number)
                    elif self._receive(number):
                        if now < until:
                            self._send(poll, number)
                        else:
                            waiting -= 1
        return Load(len(self._latencies), time.perf_counter() - started, self._latencies)

    def _send(self, poll: select.epoll, number: int) -> None:
        message = next(self._messages)
        self._sent_at[number] = time.perf_counter()
        sent = self._sockets[number].send(message)
        if sent < len(message):
            self._unsent[number] = memoryview(message)[sent:]
            poll.modify(number, select.EPOLLIN | select.EPOLLOUT)

    def _send_rest(self, poll: select.epoll, number: int) -> None:
        """Send what did not fit: waiting for one server's connection must not delay the others."""
        rest = self._unsent[number]
        rest = rest[self._sockets[number].send(rest) :]
        self._unsent[number] = rest
        if not rest:
            poll.modify(number, select.EPOLLIN)

    def _receive(self, number: int) -> bool:
        """Take what has come; return whether the answer is whole."""
        part = self._sockets[number].recv(_PART)
        buffer = self._buffers[number] + part
        if not part:
            raise UnexpectedAnswer(f"the connection ended after {buffer[:80]!r}")
        if not _is_whole(buffer):
            self._buffers[number] = buffer
            return False
        _expect(buffer, self._expected)
        self._latencies.append(time.perf_counter() - self._sent_at[number])
        self._buffers[number] = b""
        return True
