"""Looks whether sites are there; who looks at the same time shares the round trip.

64 looks at once cost the database little more than one.
"""

import time
from collections.abc import Callable

from storage.database import CHUNK, Database
from storage.documents import PRESENT
from storage.sharing import Asking, Waiter


class _Look(Waiter[bool]):
    """Somebody who wants to know whether there is a site."""

    __slots__ = ("site_id",)

    def __init__(self, site_id: int, since: float) -> None:
        super().__init__(since)
        self.site_id = site_id


class Looks(Asking[_Look, set[int]]):
    """Tells whether there are sites, by one find for all who ask while one is in flight."""

    most = CHUNK

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock, database.timeout)
        self.database = database

    async def at(self, site_id: int) -> bool:
        """Return whether there is such a site, at some instant after the call.

        Raises Unavailable after the database's timeout, and what the database raised.
        """
        there: bool = await self._ask(_Look(site_id, self._clock()))
        return there

    async def _call(self, chosen: list[_Look]) -> set[int]:
        ids = list({look.site_id: None for look in chosen})
        found = self.database.sites.find({"_id": {"$in": ids}, **PRESENT}, {"_id": 1})
        return {site["_id"] for site in await found.to_list()}

    def _see(self, waiter: _Look, result: set[int]) -> None:
        waiter.resolve(waiter.site_id in result)
