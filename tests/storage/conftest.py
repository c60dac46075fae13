from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import mongomock_facade
import pytest
from minted import Steady
from private_mongod import PrivateMongod
from pymongo.asynchronous.database import AsyncDatabase

from openapi import bundle
from storage import Store, connect
from storage.keys import Keys

AnyDatabase = AsyncDatabase[dict[str, Any]]


@pytest.fixture(scope="session")
def schemas() -> dict[str, Any]:
    named: dict[str, Any] = bundle()["components"]["schemas"]
    return named


@pytest.fixture(scope="session")
def mongod() -> Iterator[PrivateMongod]:
    server = PrivateMongod()
    yield server
    server.stop()


@pytest.fixture
def own_mongod() -> Iterator[PrivateMongod]:
    """A server to hurt, apart from the one that the other tests share."""
    server = PrivateMongod()
    yield server
    server.stop()


@pytest.fixture
async def real_database(mongod: PrivateMongod) -> AsyncIterator[AnyDatabase]:
    """A fresh database on a real mongod."""
    async with connect(mongod.uri, timeout=30) as client:
        database = client[f"t{uuid4().hex}"]
        yield database
        await client.drop_database(database)


@pytest.fixture(params=["mongomock", "mongod"])
def database(request: pytest.FixtureRequest) -> Any:
    """A fresh database, of each of the two kinds."""
    if request.param == "mongomock":
        return mongomock_facade.Database()
    return request.getfixturevalue("real_database")


@pytest.fixture
def steady() -> Steady:
    return Steady()


@pytest.fixture
async def worker(store: Store, steady: Steady) -> AsyncIterator[Keys]:
    """The keys as another worker on the same store sees them."""
    keys = Keys(store.database, clock=steady)
    yield keys
    await keys.close()


class SetClock:
    """Stands for the server's clock; at first 2023-01-20T00:00:00Z."""

    now = 1_674_172_800

    async def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def store(
    database: AnyDatabase, schemas: dict[str, Any], clock: SetClock
) -> AsyncIterator[Store]:
    """An empty store, on each of the two kinds of database."""
    plain = isinstance(database, mongomock_facade.Database)
    store = Store(database, schemas=schemas, clock=clock, plain=plain)
    await store.prepare()
    yield store
    await store.close()


@pytest.fixture
async def real_store(
    real_database: AnyDatabase, schemas: dict[str, Any], clock: SetClock
) -> AsyncIterator[Store]:
    """An empty store on a real mongod."""
    store = Store(real_database, schemas=schemas, clock=clock)
    await store.prepare()
    yield store
    await store.close()
