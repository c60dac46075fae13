"""Gateways that push as gateways do: late, out of order, twice, and again until acknowledged."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from sitewatt.web.terms import LAST_WORD
from tests.faults.records import ACKNOWLEDGED, Key, Ledger, columns_of

DAY = 86_400
SLOT = 600
AGAIN_SECONDS = 0.2
"""After a 503 or a broken connection; the Retry-After of 2 s would leave the service at peace."""
PATIENCE_SECONDS = 45.0
"""Longer than any time that the database is given; a request that takes longer hangs."""

ONE_CONNECTION = httpx.Limits(max_connections=1, keepalive_expiry=LAST_WORD / 2)
"""One that has been idle for LAST_WORD may be closed by SIGTERM just when it is used again."""

SINGLES, BUFFERS, LATE, SETTLING, MANY, TWINS = 24, 6, 4, 2, 3, 2
FLEET = 12
"""Sites in one request of all of them."""

Pushes = Iterator[list[Key]]


def begin_of(days_ago: int) -> int:
    """Return the first second of a UTC day."""
    return (int(time.time()) // DAY - days_ago) * DAY


def disordered(instants: Sequence[int], chance: random.Random) -> list[int]:
    """Return the instants with some held back for a while, as after a lost connection."""
    return sorted(instants, key=lambda instant: instant + chance.choice((0, 0, 0, 40, 400)))


def singles(site: int, chance: random.Random, *, days_ago: int = 1) -> Pushes:
    """Yield one reading at a time, of a day."""
    begin = begin_of(days_ago)
    for instant in disordered(range(begin, begin + DAY // 4, 2), chance):
        yield [Key(site, instant)]


def buffered(site: int, chance: random.Random, *, days_ago: int = 1) -> Pushes:
    """Yield what a gateway kept while it had no connection: from 6 to 144 readings."""
    begin, end = begin_of(days_ago), begin_of(days_ago - 1)
    while begin + 144 < end:
        number = chance.randint(6, 144)
        yield [Key(site, begin + place) for place in range(number)]
        begin += number


def backfilled(site: int, chance: random.Random) -> Pushes:
    """Yield days that are settled long ago, two at a time and each in several parts."""
    for days_ago in range(5, 2000, 2):
        for part in chance.sample(range(4), 4):
            days = [begin_of(days_ago + more) for more in (0, 1)]
            offsets = range(part * 30, DAY, 4 * SLOT)
            yield [Key(site, begin + offset) for begin in days for offset in offsets]


def of_a_fleet(sites: Sequence[int], chance: random.Random) -> Pushes:
    """Yield the readings of many sites for one request."""
    begin = begin_of(1)
    for instant in disordered(range(begin, begin + DAY // 4, 2), chance):
        yield [Key(site, instant) for site in sites]


class Gateways:
    """Some forty clients, each with a connection of its own, and the ledger that they keep."""

    def __init__(self, ledger: Ledger, *, seed: int, share: float, again: float) -> None:
        self.ledger = ledger
        self._again = again
        self.url = ""
        self._chance = random.Random(seed)
        self._stopping = asyncio.Event()
        self._kinds = {
            name: max(1, round(number * share))
            for name, number in {
                "singles": SINGLES,
                "buffers": BUFFERS,
                "late": LATE,
                "settling": SETTLING,
                "many": MANY,
                "twins": TWINS,
            }.items()
        }
        self._pushes = list(self._plans())
        self.sites = list(range(1, self._last_site + 1))

    def _plans(self) -> Iterator[tuple[Pushes, float]]:
        """Yield what each client pushes, and how long it rests after each push."""
        site, kinds = 0, self._kinds
        for number in range(kinds["singles"]):
            site += 1
            yield singles(site, self._fork(), days_ago=number % 2), 0.04
        for _ in range(kinds["buffers"]):
            site += 1
            yield buffered(site, self._fork()), 0.3
        for _ in range(kinds["late"]):
            site += 1
            yield backfilled(site, self._fork()), 0.5
        for _ in range(kinds["settling"]):
            site += 1
            yield buffered(site, self._fork(), days_ago=2), 0.5
        for _ in range(kinds["many"]):
            yield of_a_fleet(range(site + 1, site + FLEET + 1), self._fork()), 0.2
            site += FLEET
        for _ in range(kinds["twins"]):
            site, seed = site + 1, self._chance.random()
            yield backfilled(site, random.Random(seed)), 0.5
            yield backfilled(site, random.Random(seed)), 0.5
            yield singles(site, random.Random(seed)), 0.05
            yield singles(site, random.Random(seed)), 0.05
        self._last_site = site

    def _fork(self) -> random.Random:
        return random.Random(self._chance.random())

    @asynccontextmanager
    async def pushing(self) -> AsyncGenerator[None]:
        """Push for as long as the context lasts; every request is answered before it ends."""
        clients = [asyncio.create_task(self._push(*plan)) for plan in self._pushes]
        try:
            yield
        finally:
            self._stopping.set()
            _, late = await asyncio.wait(clients, timeout=PATIENCE_SECONDS + 5)
            for client in late:
                client.cancel()
            await asyncio.gather(*clients)

    async def _push(self, pushes: Pushes, rest: float) -> None:
        chance = self._fork()
        await asyncio.sleep(rest * chance.random())
        async with httpx.AsyncClient(
            timeout=PATIENCE_SECONDS, trust_env=False, verify=False, limits=ONE_CONNECTION
        ) as client:
            for keys in pushes:
                await self._deliver(client, keys)
                # Of what was acknowledged, a part is sent once more: the answer got lost, say.
                if not self._stopping.is_set() and chance.random() < self._again:
                    await self._attempt(client, keys)
                if self._stopping.is_set():
                    return
                await asyncio.sleep(rest * 2 * chance.random())

    async def _deliver(self, client: httpx.AsyncClient, keys: list[Key]) -> None:
        """Send it until it has been acknowledged, or there is no more time."""
        while await self._attempt(client, keys) not in ACKNOWLEDGED:
            if self._stopping.is_set():
                return
            await asyncio.sleep(AGAIN_SECONDS)

    async def _attempt(self, client: httpx.AsyncClient, keys: list[Key]) -> int:
        """Return the status of one request, 0 for a broken connection."""
        path, document = _request(keys)
        self.ledger.sent.update(keys)
        began = time.monotonic()
        try:
            answer = await client.post(f"{self.url}/v1/{path}", json=document)
        except httpx.HTTPError as error:
            self.ledger.broken[type(error).__name__] += 1
            return 0
        seconds = time.monotonic() - began
        self.ledger.answer(keys, answer.status_code, answer.text, seconds)
        return answer.status_code


def _request(keys: list[Key]) -> tuple[str, dict[str, Any]]:
    """Return the path and the document that push these readings."""
    site = keys[0].site
    if len({key.site for key in keys}) > 1:
        return "live", {"sites": [{"id": key.site, **columns_of([key])} for key in keys]}
    columns = columns_of(keys)
    reading = {name: values[0] for name, values in columns.items()}
    return f"sites/{site}/live", reading if len(keys) == 1 else columns
