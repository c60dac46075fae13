"""How a site's readings arrive: at once, late, twice, in another order, or after a cut."""

import heapq
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from sitewatt.simulation.physics import TICK, Running
from sitewatt.simulation.plants import gateway_chance, plant

LATE = 0.02
LATEST_TICKS = 6
TWICE = 0.02
CUT = 1 / 400
LONGEST_CUT_TICKS = 24


class Post(NamedTuple):
    """A request of a gateway, and the tick at which it is sent; ticks count from the first."""

    tick: int
    site: int
    way: str
    document: dict[str, Any]

    @property
    def rows(self) -> int:
        """How many readings it has."""
        stamps = self.document["dt-stamp"]
        return len(stamps) if isinstance(stamps, list) else 1

    def line(self) -> bytes:
        """Return the post as a line of JSON."""
        members = {"tick": self.tick, "site": self.site, "way": self.way, "body": self.document}
        return orjson.dumps(members) + b"\n"


def posts(seed: int, sites: Sequence[int], start: int, ticks: int) -> Iterator[Post]:
    """Yield what the gateways of a fleet post, tick by tick; what is left comes after the last."""
    fleet = [_Gateway(seed, site, start, ticks) for site in sites]
    for tick in range(ticks + 1):
        for gateway in fleet:
            yield from gateway.posts(tick)


class _Gateway:
    """One gateway: what it has not sent yet, and when it will."""

    def __init__(self, seed: int, site: int, start: int, ticks: int) -> None:
        self._site = site
        self._start = start
        self._ticks = ticks
        self._running = Running(seed, plant(seed, site))
        self._chance = gateway_chance(seed, site)
        self._held: list[tuple[int, int, dict[str, Any]]] = []
        self._cut_until = 0
        self._kept: list[dict[str, Any]] = []

    def posts(self, tick: int) -> Iterator[Post]:
        """Yield what it posts at a tick; the one after the last sends all that is left."""
        is_over = tick == self._ticks
        reading = None if is_over else self._running.reading(self._start + TICK * tick)
        if self._kept and (is_over or tick >= self._cut_until):
            yield self._after_the_cut(tick)
        if reading is not None:
            yield from self._now(tick, reading)
        while self._held and (is_over or self._held[0][0] <= tick):
            yield Post(tick, self._site, "late", heapq.heappop(self._held)[2])

    def _now(self, tick: int, reading: dict[str, Any]) -> Iterator[Post]:
        chance = self._chance.random()
        if tick < self._cut_until or chance < CUT:
            if tick >= self._cut_until:
                self._cut_until = tick + self._chance.randint(3, LONGEST_CUT_TICKS)
            self._kept.append(reading)
        elif chance < CUT + LATE:
            until = tick + self._chance.randint(1, LATEST_TICKS)
            heapq.heappush(self._held, (until, tick, reading))
        else:
            yield Post(tick, self._site, "now", reading)
            if chance > 1 - TWICE:
                yield Post(tick, self._site, "again", reading)

    def _after_the_cut(self, tick: int) -> Post:
        """Return all that was kept during a cut, by column and in no order."""
        kept, self._kept = self._kept, []
        self._chance.shuffle(kept)
        columns = {name: [reading[name] for reading in kept] for name in kept[0]}
        return Post(tick, self._site, "after a cut", columns)
