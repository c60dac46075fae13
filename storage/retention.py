"""Retention: settled days that are older than so many days are removed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from pymongo import ASCENDING

from storage.availability import bounded
from storage.database import CHUNK, Database, delete_some
from storage.ids import DAY_SECONDS, LAST_SITE_ID, day_id, day_of, site_and_day, span


class Removed(NamedTuple):
    """What retention removed: numbers of sites and of their days."""

    sites: int
    days: int


def first_kept(now: int, days: int) -> int:
    """Return the first day that is kept: `days` days have not passed since its end."""
    return max(0, day_of(now) - days)


class Retention:
    """Removes old days, a site after the other. Every method raises Unavailable.

    It may run at any time, beside pushes and in several workers: a day's document goes as a whole,
    and a version that was there is never there again, so a push to that day begins anew.
    """

    def __init__(
        self, database: Database, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.database = database
        self._sleep = sleep
        self._site = 0

    async def remove(self, *, days: int) -> Removed:
        """Remove the settled days that ended `days` days ago or earlier; return how many.

        Days whose readings are in `live` alone are left to the sealing. A call that Unavailable cut
        short has removed some; the next one goes on at the same site.
        """
        removed = Removed(0, 0)
        end = await self._first_kept(days)
        while (oldest := await self._oldest()) is not None:
            site_id, day = oldest
            if day < end:
                removed = Removed(removed.sites + 1, removed.days + await self._empty(site_id, end))
            self._site = site_id + 1
        self._site = 0
        return removed

    @bounded
    async def _first_kept(self, days: int) -> int:
        return first_kept(await self.database.clock(), days)

    @bounded
    async def _oldest(self) -> tuple[int, int] | None:
        """Return the next site that has settled days, and the first of them: one seek."""
        rest = {"$gte": day_id(self._site, 0), "$lt": day_id(LAST_SITE_ID + 1, 0)}
        found = self.database.days.find({"_id": rest}, {"_id": 1}).sort("_id", ASCENDING).limit(1)
        return await anext((site_and_day(document["_id"]) async for document in found), None)

    async def _empty(self, site_id: int, end: int) -> int:
        """Remove a site's days before `end`, and rest after each chunk as long as it took.

        Other work has at least half of the database's time meanwhile.
        """
        removed, went = 0, CHUNK
        while went == CHUNK:
            began = time.monotonic()
            went = await self._remove_some(site_id, end)
            removed += went
            await self._sleep(time.monotonic() - began)
        return removed

    @bounded
    async def _remove_some(self, site_id: int, end: int) -> int:
        """Remove a site's first CHUNK days before `end`; return how many.

        What interrupted work left of them in `live` goes first: without its document it would count
        again, with values that may have been replaced since.
        """
        old = {"$gte": day_id(site_id, 0), "$lt": day_id(site_id, end)}
        found = self.database.days.find({"_id": old}, {"_id": 1}).sort("_id", ASCENDING)
        ids = [document["_id"] async for document in found.limit(CHUNK)]
        if ids:
            await self._remove_of_live(ids[0], ids[-1])
            await self.database.days.delete_many({"_id": {"$gte": ids[0], "$lte": ids[-1]}})
        return len(ids)

    async def _remove_of_live(self, first: int, last: int) -> None:
        site_id, day = site_and_day(first)
        end = site_and_day(last)[1] + 1
        rows = span(site_id, day * DAY_SECONDS, end * DAY_SECONDS)
        while await delete_some(self.database.live, rows):
            pass
