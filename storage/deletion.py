"""The deletion of sites: marked at once, purged when no worker can still be writing to them."""

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from contextvars import Context

from pymongo.asynchronous.client_session import AsyncClientSession

from storage.availability import bounded
from storage.database import Database, Document, delete_some
from storage.documents import PRESENT, SITE_FIELDS
from storage.errors import Unavailable, UnknownSite
from storage.ids import day_span, span
from storage.known import CACHE_SECONDS
from storage.sharing import Asking, Waiter

_log = logging.getLogger(__name__)
DELETIONS = {"_id": "deletions"}
"""The document of `counters` that tells how many sites have ever been deleted."""

_GONE = dict.fromkeys((*SITE_FIELDS, "configurations"), "")


def purge_delay(timeout: float | None) -> float:
    """Return the seconds after which nothing can write to a deleted site any more.

    A worker may take it for one that is there as long as it remembers it. The push that it then
    lets through may take the time that a call may take four times: for the look at the site, for
    all that it reads, in the queue of the group commit, and for the bulk. Once more may pass
    between the instant that the mark tells and the mark.
    """
    return CACHE_SECONDS + max(CACHE_SECONDS, 5 * (timeout or 0))


def _marked(site_id: int) -> Document:
    return {"_id": site_id, "deleted_at": {"$exists": True}}


class Deletion:
    """Deletes sites in two steps; the second may be taken by any worker, after any crash."""

    def __init__(
        self, database: Database, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.database = database
        self._sleep = sleep
        self._delay = purge_delay(database.timeout)
        self._purges: set[asyncio.Task[None]] = set()

    @bounded
    async def mark(self, site_id: int, *, now: int) -> None:
        """Take from the site all that makes it one; raises UnknownSite. Its id stays taken.

        The deletion is counted with it, so that no worker takes the site for one that is there.
        """

        async def work(session: AsyncClientSession) -> None:
            result = await self.database.sites.update_one(
                {"_id": site_id, **PRESENT},
                {"$set": {"deleted_at": now}, "$unset": _GONE, "$inc": {"version": 1}},
                session=session,
            )
            if not result.matched_count:
                raise UnknownSite(site_id)
            await self.database.counters.update_one(
                DELETIONS, {"$inc": {"last": 1}}, upsert=True, session=session
            )

        await self.database.transaction(work)

    def schedule(self, site_id: int) -> None:
        """Purge the site a while later, in the background and free of the caller's deadline."""
        task = asyncio.create_task(self._purge_later(site_id), context=Context())
        self._purges.add(task)
        task.add_done_callback(self._purges.discard)

    async def sweep(self, now: int) -> None:
        """Purge every site that was marked so long ago that nothing writes to it any more."""
        for site_id in await self._overdue(now):
            await self.purge(site_id)

    async def purge(self, site_id: int) -> None:
        """Remove a marked site's readings, retire its id, then remove its document."""
        while await self._purge_some(site_id):
            pass
        await self._retire(site_id)

    async def close(self) -> None:
        """Give up the purges under way; a sweep finishes them.

        A task in a database call can miss being cancelled before Python 3.12, so it is told again:
        https://github.com/python/cpython/issues/86296 (269 of 1,500 tasks with 3.11).
        """
        while self._purges:
            for purge in self._purges:
                purge.cancel()
            await asyncio.wait(self._purges, timeout=0.1)

    async def _purge_later(self, site_id: int) -> None:
        await self._sleep(self._delay)
        try:
            await self.purge(site_id)
        except Unavailable as error:
            _log.warning("site %d is left to the next sweep: %s", site_id, error)

    @bounded
    async def _overdue(self, now: int) -> list[int]:
        condition = {"deleted_at": {"$lte": now - self._delay}}
        return [site["_id"] async for site in self.database.sites.find(condition, {"_id": 1})]

    @bounded
    async def _purge_some(self, site_id: int) -> bool:
        """Delete some readings unless another purge has ended: then the id may have a new site.

        The change of the mark makes the transaction conflict with the end of the other purge.
        """

        async def work(session: AsyncClientSession) -> bool:
            mark = await self.database.sites.update_one(
                _marked(site_id), {"$inc": {"version": 1}}, session=session
            )
            if not mark.matched_count:
                return False
            live, days = self.database.live, self.database.days
            some = await delete_some(live, span(site_id), session)
            return bool(some or await delete_some(days, day_span(site_id), session))

        return await self.database.transaction(work)

    @bounded
    async def _retire(self, site_id: int) -> None:
        await self.database.retired.update_one(
            {"_id": site_id}, {"$setOnInsert": {"_id": site_id}}, upsert=True
        )
        await self.database.sites.delete_one(_marked(site_id))


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
