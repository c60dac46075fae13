"""The service in process, on a real mongod and a store in which there is something to be found."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fitting import BUNDLE, SITES
from running import KEY, contract

import openapi
from sitewatt.app import compiled_contract, create_app
from sitewatt.auth import AdminKey
from sitewatt.demo import load_demo
from sitewatt.mongod import Mongod
from storage import Store, connect


@pytest.fixture(scope="module")
def store_named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Store]]:
    """A way to open stores, each in a database of its own."""

    def open_store(name: str) -> Store:
        database = connect(mongod.uri, timeout=10)[name]
        return Store(database, schemas=BUNDLE["components"]["schemas"])

    with Mongod(tmp_path_factory.mktemp("mongod")) as mongod:
        yield open_store


@pytest.fixture
def schema(store_named: Callable[[str], Store], request: pytest.FixtureRequest) -> Any:
    """The contract, to be tried on a service with a store of the test's own, seeded and ready."""
    name = request.node.name[:60]
    asyncio.run(seed(store_named(name)))
    schema = contract(openapi.bundle(), create_app(store_named(name), AdminKey(KEY)))
    wait_until_ready(schema["/readyz"]["GET"])
    return schema


def wait_until_ready(readiness: Any, seconds: float = 30) -> None:
    """Return when the service takes requests that need the database."""
    until = time.monotonic() + seconds
    while readiness.Case().call().status_code != 200:
        assert time.monotonic() < until, "the service did not get ready"
        time.sleep(0.05)


async def seed(store: Store) -> None:
    """Load the brief's documents, and give what the brief's site has to the other sites."""
    now = int(time.time())
    await store.prepare()
    await load_demo(compiled_contract(), store, lambda: now)
    page = await store.live.list(1, start=0, end=now, descending=False, limit=10)
    revision = await store.configurations.get(1, at=now)
    others = SITES[1:]
    await store.sites.create([{"id": n, "name": f"Site {n}", "location": "north"} for n in others])
    for site_id in others:
        await store.live.push(site_id, dict(page.readings))
        await store.configurations.push(
            site_id,
            {"battery": revision["battery"], "production": revision["production"]},
            effective_from=None,
            now=now,
        )
    await store.disconnect()
