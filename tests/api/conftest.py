"""The service in process, on a real mongod, with a clock that tests set.

Every answer that a test gets has been held against the contract, in the way a client would.
"""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from api_service import OPEN, SCHEMAS, Clock, Service, example, keeps_the_contract
from pymongo.asynchronous.database import AsyncDatabase

from sitewatt.mongod import Mongod
from storage import Store, connect


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these tests on one event loop, the one that the database's client lives on."""
    for item in items:
        if "tests/api/" in item.nodeid and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    with Mongod(tmp_path_factory.mktemp("mongod")) as mongod:
        client = connect(mongod.uri, timeout=10)
        await Store(client["api"], schemas=SCHEMAS).prepare()
        yield client["api"]
        await client.close()


@pytest_asyncio.fixture(loop_scope="session")
async def store(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[Store]:
    store = Store(database, schemas=SCHEMAS)
    await store.prepare()
    yield store
    await store.close()
    for name in await database.list_collection_names():
        await database[name].delete_many({})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service() -> Service:
    return OPEN


@pytest_asyncio.fixture(loop_scope="session")
async def client(service: Service, store: Store, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    service.store.real, service.clock.real = store, clock
    hooks: dict[str, list[Any]] = {"response": [keeps_the_contract]}
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", event_hooks=hooks
    ) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def site(client: httpx.AsyncClient) -> int:
    """The brief's site; returns its id."""
    answer = await client.post("/v1/sites", json=example("brief_sites"))
    assert answer.status_code == 201
    site_id: int = answer.json()["sites"][0]["id"]
    return site_id
