"""Turns: what concerns one site is done one after the other in a worker."""

from asyncio import Lock
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Turns:
    """Gives each site's callers their turns, in the order they came.

    Writers of one day who do not wait for each other spoil each other's compare-and-set. Those of
    other workers still may, so that correctness does not rest on turns.
    """

    def __init__(self) -> None:
        self._locks: dict[int, Lock] = {}
        self._callers: dict[int, int] = {}

    @asynccontextmanager
    async def of(self, site_id: int) -> AsyncGenerator[None]:
        """Give the site's next turn."""
        lock = self._locks.setdefault(site_id, Lock())
        self._callers[site_id] = self._callers.get(site_id, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._callers[site_id] -= 1
            if not self._callers[site_id]:
                del self._callers[site_id], self._locks[site_id]
