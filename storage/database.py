"""The collections, the server's clock, and what is done to them in more than one place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from storage.clock import Clock, ServerClock
from storage.measures import Measures

Document = dict[str, Any]
R = TypeVar("R")

CHUNK = 1_000
"""The most documents that one command reads, writes or deletes."""


@dataclass
class Database:
    """The collections of a MongoDB database, and how many seconds a call on them may take.

    `clock` tells the server's UTC seconds: how old a day is must not depend on which worker looks.
    `plain` is for a server without transactions and $unionWith, such as mongomock.
    `prepared` says whether they are what they must be; until then nothing is read or written.
    `measures` counts what is done.
    """

    raw: AsyncDatabase[Document]
    timeout: float | None
    clock: Clock
    plain: bool = False
    prepared: bool = field(default=False, init=False)
    measures: Measures = field(default_factory=Measures, init=False)

    @classmethod
    def of(
        cls, raw: AsyncDatabase[Document], clock: Clock | None = None, *, plain: bool = False
    ) -> "Database":
        """Return the database with its client's timeout and, unless another is given, its clock."""

        async def greet() -> Document:
            return await raw.command({"hello": 1})

        return cls(raw, raw.client.options.timeout, clock or ServerClock(greet), plain)

    @property
    def sites(self) -> AsyncCollection[Document]:
        """What sites are and how they were built, by site id."""
        return self.raw["sites"]

    @property
    def live(self) -> AsyncCollection[Document]:
        """Readings, by site and instant."""
        return self.raw["live"]

    @property
    def days(self) -> AsyncCollection[Document]:
        """Settled readings, by site and UTC day."""
        return self.raw["days"]

    @property
    def leases(self) -> AsyncCollection[Document]:
        """Who does what only one worker needs to do, and until when."""
        return self.raw["leases"]

    @property
    def counters(self) -> AsyncCollection[Document]:
        """The last id given, by what it was given to."""
        return self.raw["counters"]

    @property
    def retired(self) -> AsyncCollection[Document]:
        """The ids of deleted sites, never given again."""
        return self.raw["retired"]

    @property
    def keys(self) -> AsyncCollection[Document]:
        """Who may do what, by the id of the key."""
        return self.raw["keys"]

    async def transaction(self, work: Callable[[AsyncClientSession], Awaitable[R]]) -> R:
        """Return what `work` returns; all of its writes are stored, or none. It may run again."""
        async with self.raw.client.start_session() as session:
            return await session.with_transaction(work)


async def delete_some(
    collection: AsyncCollection[Document],
    span: Document,
    session: AsyncClientSession | None = None,
) -> list[int]:
    """Delete the first CHUNK documents of a span of ids; return their ids, none when it is empty.

    What comes in between them meanwhile is deleted too.
    """
    found = collection.find({"_id": span}, {"_id": 1}, session=session)
    ids = [document["_id"] async for document in found.sort("_id", ASCENDING).limit(CHUNK)]
    if ids:
        chunk = {"_id": {"$gte": ids[0], "$lte": ids[-1]}}
        await collection.delete_many(chunk, session=session)
    return ids
