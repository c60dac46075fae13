"""Gateways that report on a tick: each opens a connection, pushes one reading and hangs up."""

import heapq
import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

REFUSED = 503
LOST = 0
"""The status of an attempt whose connection was refused or ended without an answer."""

CONNECTING_AGAIN = 1.0
"""Seconds after which a gateway whose connection was lost tries again."""


@dataclass
class Seen:
    """What the gateways saw, in seconds from the tick.

    `latencies` are from a gateway's first try to its acknowledgement; `statuses` counts attempts.
    """

    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    absorbed: float = 0.0
    first_loss: float | None = None
    last_loss: float | None = None

    def count(self, status: int, now: float) -> None:
        """Count an attempt."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status in (REFUSED, LOST):
            self.first_loss = now if self.first_loss is None else self.first_loss
            self.last_loss = now

    def latency(self, share: float) -> float:
        """Return the seconds within which the share of the acknowledgements came."""
        ordered = sorted(self.latencies)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


@dataclass
class _Attempt:
    """One connection of a gateway, with what it has said so far."""

    gateway: int
    socket: socket.socket
    answer: bytes = b""


class Gateways:
    """So many gateways, each with a message and the seconds after the tick when it reports."""

    def __init__(self, port: int, messages: Sequence[bytes], offsets: Sequence[float]) -> None:
        self._address = ("127.0.0.1", port)
        self._messages = messages
        self._offsets = offsets
        self._due = [(offset, gateway) for gateway, offset in enumerate(offsets)]
        heapq.heapify(self._due)
        self._open: dict[int, _Attempt] = {}
        self._poll = select.epoll()

    def report(self, *, at_most: float, meanwhile: Callable[[float], None]) -> Seen:
        """Return what they saw when all have been acknowledged, or after so many seconds.

        A refusal is repeated after its Retry-After. `meanwhile` is called with the time again and
        again.
        """
        seen, tick = Seen(), time.perf_counter()
        with self._poll:
            while (self._due or self._open) and (now := time.perf_counter() - tick) < at_most:
                meanwhile(now)
                while self._due and self._due[0][0] <= now:
                    self._connect(heapq.heappop(self._due)[1], now, seen)
                wait = min(self._due[0][0] - now, 0.05) if self._due else 0.05
                for number, events in self._poll.poll(max(wait, 0)):
                    self._go_on(number, events, time.perf_counter() - tick, seen)
        for attempt in self._open.values():
            attempt.socket.close()
        return seen

    def _connect(self, gateway: int, now: float, seen: Seen) -> None:
        connection = socket.socket()
        connection.setblocking(False)
        attempt = _Attempt(gateway, connection)
        try:
            connection.connect(self._address)
        except BlockingIOError:
            pass
        except OSError:
            self._end(attempt, LOST, CONNECTING_AGAIN, now, seen)
            return
        self._open[connection.fileno()] = attempt
        self._poll.register(connection, select.EPOLLOUT)

    def _go_on(self, number: int, events: int, now: float, seen: Seen) -> None:
        attempt = self._open[number]
        try:
            if events & select.EPOLLOUT:
                attempt.socket.send(self._messages[attempt.gateway])
                self._poll.modify(number, select.EPOLLIN)
                return
            part = attempt.socket.recv(65_536)
        except OSError:
            part = b""
        attempt.answer += part
        head, _, _ = attempt.answer.partition(b"\r\n\r\n")
        if part and len(head) == len(attempt.answer):
            return
        status = int(attempt.answer[9:12]) if part else LOST
        again = _retry_after(head) if status == REFUSED else CONNECTING_AGAIN
        self._poll.unregister(number)
        del self._open[number]
        self._end(attempt, status, again, now, seen)

    def _end(self, attempt: _Attempt, status: int, again: float, now: float, seen: Seen) -> None:
        attempt.socket.close()
        seen.count(status, now)
        if status in (LOST, REFUSED):
            heapq.heappush(self._due, (now + again, attempt.gateway))
        elif status in (200, 201):
            seen.latencies.append(now - self._offsets[attempt.gateway])
            seen.absorbed = now
        else:
            raise SystemExit(f"an answer that was not expected: {attempt.answer[:500]!r}")


def _retry_after(head: bytes) -> float:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"retry-after":
            return float(value)
    return CONNECTING_AGAIN
