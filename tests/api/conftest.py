"""The service in process, on a real mongod, with a clock that tests set.

Every answer that a test gets has been held against the contract, in the way a client would.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
import pytest
from api_service import PATHS, SCHEMAS, Clock, Service, client_of, example, open_service
from connexion.spec import Specification

from sitewatt.mongod import Mongod
from storage import Store, connect


@pytest.fixture(scope="session", autouse=True)
def _each_document_is_checked_once() -> Iterator[None]:
    """Let Connexion hold a document against OpenAPI's schema for the first of many applications."""
    checked: set[bytes] = set()
    check = Specification._validate_spec.__func__

    def check_once(cls: type[Specification], spec: dict[str, Any]) -> None:
        document = orjson.dumps(spec)
        if document not in checked:
            check(cls, spec)
            checked.add(document)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Specification, "_validate_spec", classmethod(check_once))
        yield


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    with Mongod(tmp_path_factory.mktemp("mongod")) as mongod:
        yield mongod


@pytest.fixture
async def store(mongod: Mongod) -> AsyncIterator[Store]:
    client = connect(mongod.uri, timeout=10)
    store = Store(client["api"], schemas=SCHEMAS)
    await store.prepare()
    yield store
    for name in await client["api"].list_collection_names():
        await client["api"][name].delete_many({})
    await store.disconnect()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest) -> str:
    """Each test is asked of the compiled path and of stock Connexion."""
    name: str = request.param
    return name


@pytest.fixture
def service(path: str) -> Service:
    return open_service(path)


@pytest.fixture
async def client(service: Service, store: Store, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(service.on(store, clock)) as client:
        yield client


@pytest.fixture
async def site(client: httpx.AsyncClient) -> int:
    """The brief's site; returns its id."""
    answer = await client.post("/v1/sites", json=example("brief_sites"))
    assert answer.status_code == 201
    site_id: int = answer.json()["sites"][0]["id"]
    return site_id
