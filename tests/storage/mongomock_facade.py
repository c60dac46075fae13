"""mongomock behind the face of PyMongo's asynchronous database, as far as the storage needs it.

Every call gives way to other tasks first, so that concurrent ones interleave as on a server.
A transaction passes its work through: nothing is rolled back.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import mongomock
from mongomock.collection import BulkOperationBuilder


class ShimmedBulk(BulkOperationBuilder):  # type: ignore[misc]
    """mongomock 4.3 does not know the `sort` that PyMongo 4.20 hands to a bulk."""

    def add_replace(self, *args: Any, sort: None = None, **kwargs: Any) -> None:
        super().add_replace(*args, **kwargs)

    def add_update(self, *args: Any, sort: None = None, **kwargs: Any) -> None:
        super().add_update(*args, **kwargs)


mongomock.collection.BulkOperationBuilder = ShimmedBulk


class Cursor:
    def __init__(self, found: Any) -> None:
        self._found = found

    def sort(self, *order: Any) -> "Cursor":
        return Cursor(self._found.sort(*order))

    def hint(self, index: str) -> "Cursor":
        return self

    def limit(self, number: int) -> "Cursor":
        return Cursor(self._found.limit(number))

    async def to_list(self) -> list[Any]:
        return [document async for document in self]

    async def __aiter__(self) -> AsyncIterator[Any]:
        await asyncio.sleep(0)
        for document in list(self._found):
            yield document


class Collection:
    def __init__(self, collection: Any) -> None:
        self._collection = collection

    def find(self, *args: Any, session: Any = None) -> Cursor:
        return Cursor(self._collection.find(*args))

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, session: Any = None, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            return getattr(self._collection, name)(*args, **kwargs)

        return call


class Session:
    async def __aenter__(self) -> "Session":
        return self

    async def __aexit__(self, *error: object) -> None:
        return None

    async def with_transaction(self, work: Callable[["Session"], Awaitable[Any]]) -> Any:
        return await work(self)


class Database:
    """An empty database in memory; it has no validators and no storage options."""

    def __init__(self) -> None:
        self._database: Any = mongomock.MongoClient()["sitewatt"]
        options = SimpleNamespace(timeout=None)
        self.client = SimpleNamespace(options=options, start_session=Session)

    def __getitem__(self, name: str) -> Collection:
        return Collection(self._database[name])

    async def list_collections(self) -> Cursor:
        names = self._database.list_collection_names()
        return Cursor([{"name": name, "options": {}} for name in names])

    async def create_collection(self, name: str, **options: Any) -> None:
        self._database.create_collection(name)

    async def command(self, command: dict[str, Any]) -> dict[str, Any]:
        greeting = {"isWritablePrimary": True, "setName": "mock", "maxWireVersion": 17}
        return {"ok": 1, "localTime": datetime.now(UTC), **greeting}
