"""The service in process, on a real mongod, with a clock that tests set.

Every answer that a test gets has been held against the contract, in the way a client would.
"""

from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from pymongo.asynchronous.database import AsyncDatabase

import openapi
from sitewatt.app import create_app
from sitewatt.auth import AdminKey, Authority, OpenToThisMachine
from sitewatt.contract import Contract, MethodNotAllowed, UnknownPath
from sitewatt.mongod import Mongod
from storage import Store, connect

BUNDLE = openapi.bundle()
CONTRACT = Contract(BUNDLE)
SCHEMAS = BUNDLE["components"]["schemas"]
KEY = "k" * 32


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these tests on one event loop, the one that the database's client lives on."""
    for item in items:
        if "tests/api/" in item.nodeid and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


class Clock:
    """Tells the time that a test sets; at first 2023-11-14T22:13:20Z."""

    now = 1_700_000_000

    def __call__(self) -> int:
        return self.now


class Current:
    """Stands for the test's own store or clock in an application that outlives the test."""

    def __init__(self) -> None:
        self.real: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def __call__(self) -> int:
        now: int = self.real()
        return now


class Service:
    """An application, built once for all tests, on the store and the clock of each."""

    def __init__(self, authority: Authority) -> None:
        self.store, self.clock = Current(), Current()
        self.app = create_app(cast("Store", self.store), authority, clock=self.clock)


OPEN, LOCKED = Service(OpenToThisMachine()), Service(AdminKey(KEY))


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


def example(name: str) -> Any:
    """A fresh copy of one of the contract's examples."""
    return openapi.bundle()["components"]["examples"][name]["value"]


async def keeps_the_contract(answer: httpx.Response) -> None:
    """Refuse an answer that the contract does not declare, and any bug's."""
    await answer.aread()
    request = answer.request
    assert answer.headers["x-request-id"]
    assert answer.status_code != 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        slug = answer.json()["type"].removeprefix("/problems/")
        assert BUNDLE["x-problem-types"][slug]["status"] == answer.status_code
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    try:
        operation = CONTRACT.routes.match(request.method, request.url.path).operation
    except (UnknownPath, MethodNotAllowed):
        return
    operation.check_reply(answer.status_code, answer.headers, answer.content)
