"""How stale the fleet is: how many sites have had their latest reading how long ago.

Nothing in the store is ordered by when a site was heard of last, so all sites are looked at, some
at a time. What that costs is bounded by resting: docs/decisions/0033.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from storage.availability import bounded
from storage.database import Database
from storage.fleet import Fleet
from storage.model import LatestPage
from storage.newest import MOST_SITES

AGES = (1_200, 3_600, 86_400, 604_800)
"""Seconds that part young from old: two slots of the grid, an hour, a day, a week."""

REST = 19
"""After each page so many times as long as it took: the pass takes a twentieth of the time."""


class SiteAges(NamedTuple):
    """How many sites there are by the age of their latest reading.

    `sites[i]` are those that are younger than AGES[i] and no younger than the one before; the last
    entry are the older ones. `never` are the sites without a reading.
    """

    sites: Sequence[int]
    never: int
    seconds: float
    """For how long the database was asked."""


class Staleness:
    """Counts the sites by age. Every method raises Unavailable."""

    def __init__(
        self,
        database: Database,
        fleet: Fleet,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.database = database
        self._fleet = fleet
        self._sleep = sleep

    async def count(self) -> SiteAges:
        """Return how many sites there are by age, each looked at once, some after the others."""
        sites, never, seconds = [0] * (len(AGES) + 1), 0, 0.0
        after: int | None = 0
        while after is not None:
            began = time.monotonic()
            now, page = await self._page(after)
            for _, reading in page.entries:
                if reading is None:
                    never += 1
                else:
                    sites[bisect_right(AGES, now - reading[0])] += 1
            took = time.monotonic() - began
            seconds += took
            after = page.next
            if after is not None:
                await self._sleep(REST * took)
        return SiteAges(sites, never, seconds)

    @bounded
    async def _page(self, after: int) -> tuple[int, LatestPage]:
        """Return the server's time, and the latest readings of the next sites."""
        now = await self.database.clock()
        return now, await self._fleet.latest(limit=MOST_SITES, after=after)
