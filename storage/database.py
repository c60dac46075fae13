"""The collections, and the two things that are done to them in more than one place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

Document = dict[str, Any]
R = TypeVar("R")

CHUNK = 1_000
"""The most documents that one command reads, writes or deletes."""


@dataclass
class Database:
    """The collections of a MongoDB database, and how many seconds a call on them may take.

    `prepared` says whether they are what they must be; until then nothing is read or written.
    """

    raw: AsyncDatabase[Document]
    timeout: float | None
    prepared: bool = False

    @classmethod
    def of(cls, raw: AsyncDatabase[Document]) -> "Database":
        """Return the database with the timeout of the client it came from."""
        return cls(raw, raw.client.options.timeout)

    @property
    def sites(self) -> AsyncCollection[Document]:
        """What sites are and how they were built, by site id."""
        return self.raw["sites"]

    @property
    def live(self) -> AsyncCollection[Document]:
        """Readings, by site and instant."""
        return self.raw["live"]

    @property
    def counters(self) -> AsyncCollection[Document]:
        """The last id given, by what it was given to."""
        return self.raw["counters"]

    @property
    def retired(self) -> AsyncCollection[Document]:
        """The ids of deleted sites, never given again."""
        return self.raw["retired"]

    async def transaction(self, work: Callable[[AsyncClientSession], Awaitable[R]]) -> R:
        """Return what `work` returns; all of its writes are stored, or none. It may run again."""
        async with self.raw.client.start_session() as session:
            return await session.with_transaction(work)

    async def delete_some(
        self, span: Document, session: AsyncClientSession | None = None
    ) -> int | None:
        """Delete the first readings of a span; return how many, or None when it holds none."""
        found = self.live.find({"_id": span}, {"_id": 1}, session=session)
        ids = [document["_id"] async for document in found.sort("_id", ASCENDING).limit(CHUNK)]
        if not ids:
            return None
        chunk = {"_id": {"$gte": ids[0], "$lte": ids[-1]}}
        return (await self.live.delete_many(chunk, session=session)).deleted_count
