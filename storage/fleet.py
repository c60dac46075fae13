"""The fleet: the readings of many sites in one call."""

import asyncio
from collections.abc import Collection, Iterable, Mapping

from pymongo import ASCENDING

from storage.availability import bounded
from storage.database import Database
from storage.documents import PRESENT
from storage.errors import FleetConflict, ReadingsConflict, Unavailable, UnknownSite
from storage.ids import ids_after
from storage.layout import INDEX_BY_FILTER
from storage.live import Live
from storage.model import Conflict, LatestEntry, LatestPage, Readings, Receipt
from storage.receipts import MOST_CONFLICTS
from storage.sites import Sites

AT_ONCE = 8
"""So many sites of all fleets' pushes have round trips of their own at a time.

A thousand at once took each other's and everybody's connections for seconds.
"""


class Fleet:
    """The readings of many sites. Every method raises Unavailable."""

    def __init__(self, database: Database, sites: Sites, live: Live) -> None:
        self.database = database
        self._sites = sites
        self._live = live
        self._places = asyncio.Semaphore(AT_ONCE)

    async def push(
        self, pushes: Mapping[int, Readings], *, overwrite: bool = False, dry_run: bool = False
    ) -> dict[int, Receipt]:
        """Store each site's readings as its own push would; return the receipts by site.

        Raises UnknownSites before anything is stored, and FleetConflict when all that does not
        conflict has been stored. Cut short by Unavailable, it has stored some of the readings; so
        it is when a site is deleted meanwhile. It takes no longer than two calls of the database
        may, and begins with no other site once one has found it unavailable.
        """
        await self._sites.look_at_all(pushes)
        return await self._push(pushes, _Push(self._live, self._places, overwrite, dry_run))

    @bounded
    async def _push(self, pushes: Mapping[int, Readings], one: "_Push") -> dict[int, Receipt]:
        receipts = await one.of_all(pushes, self.database.timeout)
        if one.conflicts:
            raise FleetConflict(receipts, sorted(one.conflicts)[:MOST_CONFLICTS])
        return receipts

    @bounded
    async def latest(
        self, *, limit: int, after: int | None, among: Collection[int] | None = None
    ) -> LatestPage:
        """Return the newest reading of each of up to `limit` sites after the one of an id.

        With `among` of only those that it names, at most some thousands.
        """
        condition = {"_id": ids_after(after, among), **PRESENT}
        index = INDEX_BY_FILTER[False, False]
        found = self.database.sites.find(condition, {"_id": 1}).sort("_id", ASCENDING).hint(index)
        ids = [document["_id"] async for document in found.limit(limit + 1)]
        newest = await self._live.newest_of(ids[:limit])
        entries = [LatestEntry(site_id, newest[site_id]) for site_id in ids if site_id in newest]
        return LatestPage(entries, ids[limit - 1] if len(ids) > limit else None)


class _Push:
    """One push of many sites: its readings go to the database side by side."""

    def __init__(
        self, live: Live, places: asyncio.Semaphore, overwrite: bool, dry_run: bool
    ) -> None:
        self._live = live
        self._places = places
        self._overwrite = overwrite
        self._dry_run = dry_run
        self._until: float | None = None
        self._failure: Unavailable | None = None
        self.conflicts: list[tuple[int, Conflict]] = []

    async def of_all(
        self, pushes: Mapping[int, Readings], seconds: float | None
    ) -> dict[int, Receipt]:
        """Return the receipts by site, once the last of them has been answered.

        Who has no place after so many seconds gets none; the calls of the others end by then.
        """
        if seconds is not None:
            self._until = asyncio.get_running_loop().time() + seconds
        each = [self._of(site_id, readings) for site_id, readings in pushes.items()]
        answers = await asyncio.gather(*each, return_exceptions=True)
        _raise_first(answers)
        return dict(zip(pushes, [a for a in answers if isinstance(a, Receipt)], strict=True))

    async def _of(self, site_id: int, readings: Readings) -> Receipt:
        """Push for one site; where no bulk takes its rows along, when there is a place for it."""
        if not self._dry_run and await self._live.shares(readings):
            return await self._push(site_id, readings)
        await self._take_place()
        try:
            return await self._push(site_id, readings)
        finally:
            self._places.release()

    async def _take_place(self) -> None:
        try:
            async with asyncio.timeout_at(self._until):
                await self._places.acquire()
        except TimeoutError:
            raise Unavailable("there was no place in time", "timeout") from None

    async def _push(self, site_id: int, readings: Readings) -> Receipt:
        if self._failure is not None:
            raise self._failure
        try:
            return await self._live.push(
                site_id, readings, overwrite=self._overwrite, dry_run=self._dry_run
            )
        except ReadingsConflict as conflict:
            self.conflicts += [(site_id, one) for one in conflict.conflicts]
            return conflict.receipt
        except Unavailable as failure:
            self._failure = failure
            raise


def _raise_first(answers: Iterable[object]) -> None:
    """Raise the first error. For others something may be stored when a site turns out deleted."""
    for answer in answers:
        if isinstance(answer, UnknownSite):
            raise Unavailable("a site was deleted in between", None)
        if isinstance(answer, BaseException):
            raise answer
