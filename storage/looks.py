"""Looks whether sites are there; who looks at the same time shares the round trip.

A fleet reports every ten minutes, so that no memory of a few seconds knows a site that pushes: most
pushes look, and 64 looks at once cost the database little more than one.
"""

import time
from collections.abc import Callable, Iterable
from itertools import islice

from storage.database import CHUNK, Database
from storage.documents import PRESENT
from storage.sharing import Sharing, Waiter


class _Look(Waiter[bool]):
    """Somebody who wants to know whether there is a site."""

    __slots__ = ("site_id",)

    def __init__(self, site_id: int, since: float) -> None:
        super().__init__(since)
        self.site_id = site_id


class Looks(Sharing[_Look, set[int]]):
    """Tells whether there are sites, by one find for all who ask while one is in flight."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock, database.timeout)
        self.database = database
        self._waiting: dict[_Look, None] = {}
        self._asked: list[_Look] = []

    async def at(self, site_id: int) -> bool:
        """Return whether there is such a site, at some instant after the call.

        Raises Unavailable after the database's timeout, and what the database raised.
        """
        look = _Look(site_id, self._clock())
        self._join(look)
        self._waiting[look] = None
        try:
            return await look.answer
        finally:
            self._leave(look)

    def _is_waiting(self) -> bool:
        return bool(self._waiting)

    async def _next(self) -> set[int]:
        self._asked = [*islice(self._waiting, CHUNK)]
        for look in self._asked:
            del self._waiting[look]
        ids = list({look.site_id: None for look in self._asked})
        found = self.database.sites.find({"_id": {"$in": ids}, **PRESENT}, {"_id": 1})
        return {site["_id"] async for site in found}

    def _called_for(self) -> Iterable[_Look]:
        return self._asked

    def _answer(self, result: set[int]) -> None:
        asked, self._asked = self._asked, []
        for look in asked:
            look.resolve(look.site_id in result)

    def _fail(self, error: BaseException) -> None:
        asked, self._asked = self._asked, []
        for look in asked:
            look.fail(error)

    def _drop(self, waiter: _Look) -> None:
        self._waiting.pop(waiter, None)
