"""A crowd of half-open connections: `python half_open.py HOST:PORT --number 9000 --seconds 30`.

Each sends nothing, half a head, or half a body, and then waits. One that is cut is opened again, so
that there are always as many. "full" is printed as soon as all of them are there, and as JSON at
the end what was seen. A process of its own, so that who measures beside it has a core.
"""

import argparse
import errno
import json
import os
import resource
import select
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

HEAD = b"POST /v1/sites/1/live HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
KINDS = {
    "nothing": b"",
    "half a head": HEAD,
    "half a body": HEAD + b"Content-Length: 1000\r\n\r\n{",
    "half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n10\r\n{",
}

HEADERS = b"".join(b"X-%03d: %b\r\n" % (number, b"a" * 240) for number in range(240))
LONG = {
    "most of a long head": HEAD + HEADERS,
    "a long head, and then nothing": b"GET /livez HTTP/1.1\r\nHost: localhost\r\n%b\r\n" % HEADERS,
}
"""Nearly 64 KiB each, in nearly as many headers as may be."""

FULL = 0.97
"""Of the number: while the last ones come, the first are cut."""

GREETINGS = {"nothing": b"", "half a greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}
"""What is sent where TLS is spoken; 1,000 whole greetings a second are more than a core can do."""


@dataclass
class Slow:
    """One connection of the crowd."""

    socket: socket.socket
    kind: str
    opened: float
    got: bytes = b""


@dataclass
class Seen:
    """What became of the connections; seconds are from the opening to the end of each."""

    opened: int = 0
    most: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    longest: dict[str, float] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    def note(self, slow: Slow, now: float) -> None:
        """Count a connection that has come to its end."""
        status = slow.got[9:12].decode("ascii", "replace") or "closed"
        self.ends[f"{slow.kind}: {status}"] += 1
        if status != "503":
            self.longest[slow.kind] = max(self.longest.get(slow.kind, 0.0), now - slow.opened)


class Crowd:
    """Keeps so many connections open, of all kinds by turns."""

    def __init__(
        self, address: tuple[str, int], number: int, rate: float, kinds: Mapping[str, bytes]
    ) -> None:
        self.seen = Seen()
        self._address, self._number, self._rate = address, number, rate
        self._open: dict[int, Slow] = {}
        self._poll = select.epoll()
        self._kinds = deque(kinds.items())

    def last(self, seconds: float) -> None:
        """Be there for so many seconds from when all have come; say when that is."""
        began = time.monotonic()
        until, allowed = began + 120.0, 0.0
        before, full = began, False
        while (now := time.monotonic()) < until:
            allowed = min(allowed + (now - before) * self._rate, self._rate / 50)
            before = now
            while allowed >= 1 and len(self._open) < self._number:
                allowed -= 1
                self._add()
            if not full and len(self._open) >= FULL * self._number:
                full, until = True, now + seconds
                print("full", flush=True)
            self._read()
        self.seen.most = max(self.seen.most, len(self._open))

    def _add(self) -> None:
        self._kinds.rotate()
        kind, sent = self._kinds[0]
        try:
            connection = socket.create_connection(self._address, timeout=5)
        except OSError as error:
            self.seen.refused[errno.errorcode.get(error.errno or 0, str(error))] += 1
            return
        self.seen.opened += 1
        slow = Slow(connection, kind, time.monotonic())
        with suppress(OSError):
            slow.socket.sendall(sent)
        slow.socket.setblocking(False)
        self._open[slow.socket.fileno()] = slow
        self._poll.register(slow.socket, select.EPOLLIN)
        self.seen.most = max(self.seen.most, len(self._open))

    def _read(self) -> None:
        for number, _ in self._poll.poll(0.01):
            slow = self._open[number]
            try:
                received = slow.socket.recv(4096)
            except BlockingIOError:
                continue
            except OSError:
                received = b""
            slow.got += received
            if not received:
                self._poll.unregister(number)
                del self._open[number]
                slow.socket.close()
                self.seen.note(slow, time.monotonic())


def main() -> int:
    """Be the crowd, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--number", type=int, default=9_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=1_300, help="connections opened a second")
    parser.add_argument("--long", action="store_true", help="with heads as long as may be")
    parser.add_argument("--tls", action="store_true", help="do not even end the greeting")
    given = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    host, _, port = given.address.rpartition(":")
    kinds = GREETINGS if given.tls else LONG if given.long else KINDS
    crowd = Crowd((host, int(port)), given.number, given.rate, kinds)
    crowd.last(given.seconds)
    seen: dict[str, Any] = vars(crowd.seen)
    print(json.dumps(seen), flush=True)
    os._exit(0)  # 9,000 farewells would take a while


if __name__ == "__main__":
    sys.exit(main())
