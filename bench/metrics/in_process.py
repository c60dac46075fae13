"""What counting adds to a request, in process: both answer 50 requests in turn, 1,000 times.

So short are the turns that what else the machine does falls on both alike. The store keeps nothing.
A push is asked once more on one that counts as storage does, with a bulk for each push, which is
the most there can be.
"""

import asyncio
import time
from collections.abc import Mapping
from statistics import median
from typing import Any, NamedTuple, cast

from starlette.types import ASGIApp, Message, Scope

from bench.common.keyring import keyring
from bench.http.corpus import Measured, measured
from bench.http.store import Live, NoStore
from bench.metrics.uncounted import uncounted_requests
from sitewatt.app import create_app
from storage import Measures, Receipt, Values

BLOCK, TURNS = 50, 1_000


class Added(NamedTuple):
    """What a request costs without counters and what they add, in us of CPU."""

    name: str
    without: float
    added: float


class CountingLive(Live):
    """Counts each push as storage does."""

    def __init__(self) -> None:
        self._measures = Measures()
        self._since = time.monotonic()

    async def push(
        self,
        site_id: int,
        readings: Mapping[int, Values],
        overwrite: bool = False,
        dry_run: bool = False,
    ) -> Receipt:
        """Return the receipt of readings that are all new."""
        measures, number = self._measures, len(readings)
        measures.bulk_rows.add(number)
        measures.bulk_waits.add(time.monotonic() - self._since)
        first, last = min(readings, default=None), max(readings, default=None)
        receipt = Receipt(number, number, 0, 0, 0, first, last)
        measures.add_receipt(receipt)
        return receipt


class CountingStore(NoStore):
    """Keeps nothing, and counts."""

    live = CountingLive()


def added(with_storage: str) -> list[Added]:
    """Return what counting adds to each kind of request, and to a push under that other name."""
    plain = create_app(cast("Any", NoStore()), keyring())
    full = create_app(cast("Any", CountingStore()), keyring())
    with uncounted_requests():
        uncounted = create_app(cast("Any", NoStore()), keyring())
    kinds = measured()
    each = [asyncio.run(_compare(kind, [plain, uncounted])) for kind in kinds]
    push = asyncio.run(_compare(kinds[0], [full, uncounted]))
    return [*each, push._replace(name=with_storage)]


async def _compare(request: Measured, both: list[ASGIApp]) -> Added:
    took: list[list[float]] = [[], []]
    scope, body = _request(request.messages[0])
    for turn in range(TURNS + 20):
        for number in (0, 1) if turn % 2 else (1, 0):
            began = time.thread_time_ns()
            for _ in range(BLOCK):
                await _answer(both[number], scope, body, request.status)
            if turn >= 20:
                took[number].append((time.thread_time_ns() - began) / BLOCK / 1e3)
    difference = median(c - u for c, u in zip(*took, strict=True))
    return Added(request.name, median(took[1]), difference)


def _request(message: bytes) -> tuple[Scope, bytes]:
    head, _, body = message.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    method, path, _ = line.decode().split(" ")
    pairs = [header.split(b": ", 1) for header in headers]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.lower(), value) for name, value in pairs],
    }
    return scope, body


async def _answer(app: ASGIApp, scope: Scope, body: bytes, status: int) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        if message.get("status", status) != status:
            raise SystemExit(f"answered {message['status']}")

    await app({**scope}, receive, send)
