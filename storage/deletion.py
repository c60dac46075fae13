"""The deletion of sites: marked at once, purged when no worker can still be writing to them."""

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from contextvars import Context

from bson.objectid import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from storage.availability import bounded
from storage.database import Database, Document, delete_some
from storage.documents import PRESENT, SITE_FIELDS
from storage.errors import Unavailable, UnknownSite
from storage.ids import day_span, span
from storage.known import CACHE_SECONDS
from storage.sharing import Asking, Waiter

_log = logging.getLogger(__name__)
Marked = tuple[int, ObjectId]
"""A site that is deleted, and its mark."""

DELETIONS = {"_id": "deletions"}
"""The document of `counters` that tells how many sites have ever been deleted."""

_DELETED = {"deleted_at": {"$exists": True}}
_GONE = dict.fromkeys((*SITE_FIELDS, "configurations"), "")


def purge_delay(timeout: float | None) -> float:
    """Return the seconds after a deletion in which something may still write to the site.

    A worker may take it for one that is there as long as it remembers it. The push that it then
    lets through may take the time that a call may take four times: for the look at the site, for
    all that it reads, in the queue of the group commit, and for the bulk.
    """
    return CACHE_SECONDS + max(CACHE_SECONDS, 4 * (timeout or 0))


class Deletion:
    """Deletes sites in two steps; the second may be taken by any worker, after any crash.

    Each mark has an id of its own: whoever purges keeps to the mark that it knows, also when the
    site has been purged, created and deleted again since. No clock tells how old a mark is: whoever
    purges has known it for the delay of a purge, by a clock that only goes forward.
    """

    def __init__(
        self,
        database: Database,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.database = database
        self._sleep = sleep
        self._steady = steady
        self._delay = purge_delay(database.timeout)
        self._known: dict[Marked, float] = {}
        self._purges: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    @bounded
    async def mark(self, site_id: int) -> ObjectId:
        """Take from the site all that makes it one; raises UnknownSite. Its id stays taken.

        Returns the mark. The deletion is counted with it, so that no worker takes the site for one
        that is there. The time in it is for people.
        """
        mark, now = ObjectId(), await self.database.clock()
        said = {"deleted_at": now, "mark": mark}
        marked = {"$set": said, "$unset": _GONE, "$inc": {"version": 1}}

        async def work(session: AsyncClientSession) -> None:
            result = await self.database.sites.update_one(
                {"_id": site_id, **PRESENT}, marked, session=session
            )
            if not result.matched_count:
                raise UnknownSite(site_id)
            await self.database.counters.update_one(
                DELETIONS, {"$inc": {"last": 1}}, upsert=True, session=session
            )

        await self.database.transaction(work)
        return mark

    def schedule(self, site_id: int, mark: ObjectId) -> None:
        """Purge the site a while later, in the background and free of the caller's deadline."""
        task = asyncio.create_task(self._purge_later(site_id, mark), context=Context())
        self._purges.add(task)
        task.add_done_callback(self._purges.discard)

    async def sweep(self) -> None:
        """Purge every site whose mark has been known here for as long as a purge has to wait."""
        marked = await self._marked()
        now = self._steady()
        self._known = {each: self._known.get(each, now) for each in marked}
        for each in marked:
            if now - self._known[each] >= self._delay:
                await self.purge(*each)

    async def purge(self, site_id: int, mark: ObjectId) -> None:
        """Remove a marked site's readings, retire its id, then remove its document.

        One at a time: a fleet that is deleted leaves the database to others, too.
        """
        async with self._turn:
            while await self._purge_some(site_id, mark):
                pass
            await self._retire(site_id, mark)

    async def close(self) -> None:
        """Give up the purges under way; a sweep finishes them.

        A task in a database call can miss being cancelled before Python 3.12, so it is told again:
        https://github.com/python/cpython/issues/86296 (269 of 1,500 tasks with 3.11).
        """
        while self._purges:
            for purge in self._purges:
                purge.cancel()
            await asyncio.wait(self._purges, timeout=0.1)

    async def _purge_later(self, site_id: int, mark: ObjectId) -> None:
        await self._sleep(self._delay)
        try:
            await self.purge(site_id, mark)
        except Unavailable as error:
            _log.warning("site %d is left to the next sweep: %s", site_id, error)

    @bounded
    async def _marked(self) -> list[Marked]:
        """Return the sites that are marked, each with its mark."""
        found = await self._read_marks()
        older = [site["_id"] for site in found if "mark" not in site]
        if older:
            # Of a version that gave marks no id. Two that do this at once agree on the first one.
            without = {"_id": {"$in": older}, **_DELETED, "mark": {"$exists": False}}
            await self.database.sites.update_many(without, {"$set": {"mark": ObjectId()}})
            found = await self._read_marks()
        return [(site["_id"], site["mark"]) for site in found if "mark" in site]

    async def _read_marks(self) -> list[Document]:
        found = self.database.sites.find(_DELETED, {"mark": 1}).hint("deleted_at")
        return [site async for site in found]

    @bounded
    async def _purge_some(self, site_id: int, mark: ObjectId) -> bool:
        """Delete some readings unless another purge has ended: then the id may have a new site.

        The change of the mark makes the transaction conflict with the end of the other purge.
        """

        async def work(session: AsyncClientSession) -> bool:
            marked = await self.database.sites.update_one(
                {"_id": site_id, "mark": mark}, {"$inc": {"version": 1}}, session=session
            )
            if not marked.matched_count:
                return False
            live, days = self.database.live, self.database.days
            some = await delete_some(live, span(site_id), session)
            return bool(some or await delete_some(days, day_span(site_id), session))

        return await self.database.transaction(work)

    @bounded
    async def _retire(self, site_id: int, mark: ObjectId) -> None:
        """Keep the id from being given again, and remove the document of the mark.

        An id whose mark is gone has been retired by who removed it.
        """
        await self.database.retired.update_one(
            {"_id": site_id}, {"$setOnInsert": {"_id": site_id}}, upsert=True
        )
        await self.database.sites.delete_one({"_id": site_id, "mark": mark})


class Deletions(Asking[Waiter[int], int]):
    """Tells how many sites have been deleted, by one find for all who ask at the same time."""

    most = sys.maxsize

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock, database.timeout)
        self.database = database

    async def count(self) -> int:
        """Return how many there were at some instant after the call.

        Raises Unavailable after the database's timeout, and what the database raised.
        """
        count: int = await self._ask(Waiter[int](self._clock()))
        return count

    async def _call(self, chosen: list[Waiter[int]]) -> int:
        counter = await self.database.counters.find_one(DELETIONS)
        return counter["last"] if counter else 0

    def _see(self, waiter: Waiter[int], result: int) -> None:
        waiter.resolve(result)
