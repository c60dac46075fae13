"""Sealing: the readings of sealable days move from `live` into documents of their own."""

from pymongo import ASCENDING

from storage.availability import bounded
from storage.closed_days import ClosedDays
from storage.database import Database
from storage.days import last_sealable
from storage.empty_days import EmptyDays
from storage.errors import UnknownSite
from storage.ids import DAY_SECONDS, LAST_SITE_ID, day_of, reading_id, site_and_instant
from storage.model import Sealed
from storage.sites import Sites


class Sealer:
    """Walks through `live`, one seek a site, and closes what is old enough; raises Unavailable.

    Two at once do no harm: each day is merged by compare-and-set.
    """

    def __init__(self, database: Database, sites: Sites, closed: ClosedDays) -> None:
        self.database = database
        self._sites = sites
        self._closed = closed
        self._empty = EmptyDays(database)

    async def seal(self) -> Sealed:
        """Seal every day that can be sealed now; return what has been moved.

        What others have left without readings is removed.
        """
        days = readings = 0
        place: tuple[int, int] | None = (0, 0)
        while place is not None:
            moved, place = await self._step(*place)
            if moved is not None:
                days, readings = days + 1, readings + moved
        await self._empty.remove()
        return Sealed(days, readings)

    @bounded
    async def _step(self, site_id: int, instant: int) -> tuple[int | None, tuple[int, int] | None]:
        """Look at the first reading from a place on; seal its day if it is old enough.

        Returns how many readings moved, None for no day, and where to go on, None at the end.
        """
        first = await self._first(site_id, instant)
        if first is None:
            return None, None
        site_id, instant = first
        day, now = day_of(instant), await self.database.clock()
        if day > last_sealable(now) or not await self._is_there(site_id):
            return None, _after(site_id)
        moved = await self._closed.seal(site_id, day, now=now)
        return moved, (site_id, (day + 1) * DAY_SECONDS)

    async def _first(self, site_id: int, instant: int) -> tuple[int, int] | None:
        from_here = {"_id": {"$gte": reading_id(site_id, instant)}}
        found = self.database.live.find(from_here, {"_id": 1}).sort("_id", ASCENDING).limit(1)
        async for document in found:
            return site_and_instant(document["_id"])
        return None

    async def _is_there(self, site_id: int) -> bool:
        """Return whether there is such a site; a deleted one's readings are left to its purge."""
        try:
            await self._sites.require(site_id)
        except UnknownSite:
            return False
        return True


def _after(site_id: int) -> tuple[int, int] | None:
    return None if site_id >= LAST_SITE_ID else (site_id + 1, 0)
