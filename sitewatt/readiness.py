"""Readiness: whether this process can do its work, and should be given any."""

from sitewatt.web.terms import Terms
from storage import Store


class Ending(Exception):
    """The process has been told to end; what can go elsewhere should."""


class Readiness:
    """Says whether requests should be sent here."""

    def __init__(self, store: Store, terms: Terms) -> None:
        self._store = store
        self._terms = terms

    async def check(self) -> None:
        """Promise that the process is to stay and the database takes writes.

        Raises Ending and StorageError.
        """
        if self._terms.ending:
            raise Ending
        await self._store.ready()
