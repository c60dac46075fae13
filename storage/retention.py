"""Retention: settled days that are older than so many days are removed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from pymongo import ASCENDING

from storage.availability import bounded
from storage.database import CHUNK, Database, Document
from storage.ids import DAY_SECONDS, LAST_SITE_ID, day_id, day_of, site_and_day, span

SITES_AT_ONCE = 100
"""How many sites are looked at before what is old of them is deleted, in one command."""


def first_kept(now: int, days: int) -> int:
    """Return the first day that is kept: `days` days have not passed since its end."""
    return max(0, day_of(now) - days)


class Retention:
    """Removes old days, some sites after the other. Every method raises Unavailable.

    It may run at any time, beside pushes and in several workers: a day's document goes as a whole,
    and a version that was there is never there again, so a push to that day begins anew.
    """

    def __init__(
        self, database: Database, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.database = database
        self._sleep = sleep
        self._site = 0

    async def remove(self, *, days: int) -> int:
        """Remove the settled days that ended `days` days ago or earlier; return how many.

        Days whose readings are in `live` alone are left to the sealing. It rests after each
        deletion as long as that took, so that other work has half of the database's time at least.
        A call that Unavailable cut short has removed some; the next one goes on at the same site.
        """
        removed = 0
        end = await self._first_kept(days)
        site: int | None = self._site
        while site is not None:
            old, site = await self._find(site, end)
            if old:
                began = time.monotonic()
                removed += await self._delete(old)
                await self._sleep(time.monotonic() - began)
            self._site = site or 0
        return removed

    @bounded
    async def _first_kept(self, days: int) -> int:
        return first_kept(await self.database.clock(), days)

    @bounded
    async def _find(self, site: int, end: int) -> tuple[list[int], int | None]:
        """Return CHUNK ids at most of days before `end`, and the site to go on at, None at the end.

        They are of the next SITES_AT_ONCE sites that have settled days; each costs one seek.
        """
        ids: list[int] = []
        for _ in range(SITES_AT_ONCE):
            oldest = await self._ids(day_id(site, 0), day_id(LAST_SITE_ID + 1, 0), 1)
            if not oldest:
                return ids, None
            site, day = site_and_day(oldest[0])
            if day < end:
                ids += await self._ids(day_id(site, 0), day_id(site, end), CHUNK - len(ids))
            if len(ids) == CHUNK:
                return ids, site
            site += 1
        return ids, site

    async def _ids(self, start: int, end: int, limit: int) -> list[int]:
        between = {"_id": {"$gte": start, "$lt": end}}
        found = self.database.days.find(between, {"_id": 1}).sort("_id", ASCENDING)
        return [document["_id"] async for document in found.limit(limit)]

    @bounded
    async def _delete(self, ids: list[int]) -> int:
        """Delete days; what interrupted work left of them in `live` goes first.

        Without its document it would count again, with values that may have been replaced since.
        """
        left_over = {"$or": [{"_id": rows} for rows in _spans(ids)]}
        while rows := await self._rows(left_over):
            await self.database.live.delete_many({"_id": {"$in": rows}})
        return (await self.database.days.delete_many({"_id": {"$in": ids}})).deleted_count

    async def _rows(self, condition: Mapping[str, object]) -> list[int]:
        found = self.database.live.find(condition, {"_id": 1}).limit(CHUNK)
        return [document["_id"] async for document in found]


def _spans(ids: Iterable[int]) -> list[Document]:
    """Return the conditions on `_id` of the readings of ascending days: one a site."""
    bounds: dict[int, tuple[int, int]] = {}
    for number in ids:
        site_id, day = site_and_day(number)
        bounds[site_id] = (bounds.get(site_id, (day, day))[0], day)
    return [
        span(site_id, first * DAY_SECONDS, (last + 1) * DAY_SECONDS)
        for site_id, (first, last) in bounds.items()
    ]
