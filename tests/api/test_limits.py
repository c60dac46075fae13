"""What a worker takes of its clients: at once, and of each within a time."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from api_service import KEY, PATHS, Clock, client_of, locked

from sitewatt.admission import Limits
from sitewatt.app import create_app
from sitewatt.auth import Authority, OpenToThisMachine
from storage import Key, Store, key_digest, mint_key

BEARER = {"Authorization": f"Bearer {KEY}"}
WRONG = {"Authorization": f"Bearer {'w' * 32}"}
HELD = 10
"""The bytes of a body that have come of one that is posted slowly."""
SITE = {"name": "Willo Woods", "location": "north", "id": 1}


class Door:
    """A service with limits on a store, and clients from where a test wants them."""

    def __init__(
        self, store: Store, path: str, authority: Authority | None = None, **limits: Any
    ) -> None:
        who = authority or locked(store.keys)
        self.app = create_app(store, who, clock=Clock(), serve=PATHS[path], limits=Limits(**limits))

    def client(self, address: str = "192.0.2.7", **headers: str) -> httpx.AsyncClient:
        return client_of(self.app, address, headers)


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


TOO_MANY = (429, "/problems/too-many-requests")
FULL = (503, "/problems/overloaded")


async def test_a_key_may_ask_as_often_as_its_rate_says_and_is_told_what_is_left(
    store: Store, path: str
) -> None:
    door = Door(store, path, rate_per_key="2/hour")
    async with door.client(**BEARER) as one, door.client("192.0.2.8", **BEARER) as other:
        answers = [await each.get("/v1/sites") for each in (one, other, one)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert refused(answers[2]) == TOO_MANY
        assert [answer.headers["ratelimit-policy"] for answer in answers] == [
            '"key";q=2;w=3600'
        ] * 3
        left = [answer.headers["ratelimit"].partition(";t=")[0] for answer in answers]
        assert left == ['"key";r=1', '"key";r=0', '"key";r=0']
        assert 3590 <= int(answers[2].headers["retry-after"]) <= 3602
        assert KEY not in answers[2].text


async def test_an_address_may_ask_as_often_as_its_rate_says_with_whatever_key(
    store: Store, path: str
) -> None:
    door = Door(store, path, rate_per_address="2/hour")
    async with door.client() as one, door.client("192.0.2.8") as other:
        answers = [await one.get("/version"), await one.get("/nowhere"), await one.get("/version")]
        assert [answer.status_code for answer in answers] == [200, 404, 429]
        assert refused(await one.get("/v1/sites", headers=BEARER)) == TOO_MANY
        assert (await other.get("/version")).headers["ratelimit"].startswith('"address";r=1;t=')


async def test_after_too_many_wrong_keys_no_key_from_that_address_is_looked_at(
    store: Store, path: str
) -> None:
    door = Door(store, path, rate_of_wrong_keys="3/hour")
    async with door.client() as one, door.client("192.0.2.8") as other:
        assert [(await one.get("/v1/sites")).status_code for _ in range(5)] == [401] * 5
        statuses = [(await one.get("/v1/sites", headers=WRONG)).status_code for _ in range(5)]
        assert statuses == [401, 401, 401, 429, 429]
        assert refused(await one.get("/v1/sites", headers=BEARER)) == TOO_MANY
        assert (await other.get("/v1/sites", headers=BEARER)).status_code == 200
        assert (await one.get("/version")).status_code == 200


async def test_what_a_proxy_says_counts_only_when_it_is_trusted(store: Store) -> None:
    trusting = Door(
        store, "compiled", rate_per_address="1/hour", trusted_proxies="192.0.2.7,10.0.0.0/8"
    )
    async with trusting.client() as client:
        said = ["203.0.113.1", "203.0.113.9, 203.0.113.1, 10.1.2.3", "203.0.113.2"]
        answers = [await client.get("/version", headers={"X-Forwarded-For": hop}) for hop in said]
        assert [answer.status_code for answer in answers] == [200, 429, 200]
    trusting_nobody = Door(store, "compiled", rate_per_address="1/hour")
    async with trusting_nobody.client() as client:
        answers = [await client.get("/version", headers={"X-Forwarded-For": hop}) for hop in said]
        assert [answer.status_code for answer in answers] == [200, 429, 429]


async def test_without_limits_nothing_is_said_of_them(store: Store) -> None:
    door = Door(store, "compiled")
    async with door.client(**BEARER) as client:
        answer = await client.get("/v1/sites")
        assert not {"ratelimit", "ratelimit-policy"} & answer.headers.keys()


def post_slowly(client: httpx.AsyncClient, go: asyncio.Event) -> "asyncio.Task[httpx.Response]":
    """Begin to create a site; the body ends when the event is set."""

    async def body() -> AsyncIterator[bytes]:
        content = orjson.dumps(SITE)
        yield content[:HELD]
        await go.wait()
        yield content[HELD:]

    headers = {"Content-Type": "application/json"}
    return asyncio.create_task(client.post("/v1/sites", content=body(), headers=headers))


async def test_a_worker_refuses_at_once_what_is_more_than_it_answers_at_once(
    store: Store, path: str
) -> None:
    door, go = Door(store, path, OpenToThisMachine(), max_requests=3), asyncio.Event()
    async with door.client() as client:
        under_way = [post_slowly(client, go) for _ in range(3)]
        for _ in range(10):
            await asyncio.sleep(0)
        answer = await client.get("/v1/sites")
        assert refused(answer) == FULL
        assert answer.headers["retry-after"] in {"1", "2", "3"}
        always = [await client.get(place) for place in ("/livez", "/readyz", "/metrics")]
        assert [answer.status_code for answer in always] == [200] * 3
        assert 'sitewatt_limited_requests_total{limit="requests"} 1.0' in always[2].text
        go.set()
        assert {answer.status_code for answer in await asyncio.gather(*under_way)} == {200, 201}
        assert (await client.get("/v1/sites")).status_code == 200


@pytest.mark.parametrize("in_gzip", [False, True])
async def test_a_worker_holds_so_much_in_bodies_and_refuses_the_rest(
    store: Store, path: str, in_gzip: bool
) -> None:
    body = orjson.dumps(SITE | {"id": 2}) + b" " * 10_000
    content = gzip.compress(body) if in_gzip else body
    headers = {"Content-Type": "application/json"} | (
        {"Content-Encoding": "gzip"} if in_gzip else {}
    )
    door = Door(store, path, OpenToThisMachine(), max_held=len(body) + HELD - 1)
    go = asyncio.Event()
    async with door.client() as client:
        held = post_slowly(client, go)
        for _ in range(10):
            await asyncio.sleep(0)
        answer = await client.post("/v1/sites", content=content, headers=headers)
        assert refused(answer) == FULL
        go.set()
        assert (await held).status_code == 201
        answer = await client.post("/v1/sites", content=content, headers=headers)
        assert answer.status_code == 201
        page = (await client.get("/metrics")).text
        assert 'sitewatt_limited_requests_total{limit="bodies"} 1.0' in page
        assert "sitewatt_http_body_bytes 0.0" in page


async def test_a_key_holds_half_of_that_and_leaves_the_rest_to_others(
    store: Store, path: str
) -> None:
    keys = [mint_key() for _ in range(2)]
    for key in keys:
        scopes = frozenset({"write_sites"})
        await store.keys.create(Key(key.id, key_digest(key.text), scopes, None, None, 0, None))
    size = len(orjson.dumps(SITE))
    door, go = Door(store, path, max_held=2 * (size + HELD - 1)), asyncio.Event()
    async with door.client() as client:
        mine, others = ({"Authorization": f"Bearer {key.text}"} for key in keys)
        client.headers.update(mine)
        held = post_slowly(client, go)
        while "sitewatt_http_body_bytes 10.0" not in await metrics(client):
            await asyncio.sleep(0.01)
        answer = await client.post("/v1/sites", json=SITE | {"id": 2})
        assert refused(answer) == FULL
        assert "bodies of this key" in answer.json()["detail"]
        answer = await client.post("/v1/sites", json=SITE | {"id": 3}, headers=others)
        assert answer.status_code == 201
        go.set()
        assert (await held).status_code == 201
        assert (await client.post("/v1/sites", json=SITE | {"id": 2})).status_code == 201
        assert "sitewatt_http_body_bytes 0.0" in await metrics(client)


async def metrics(client: httpx.AsyncClient) -> str:
    return (await client.get("/metrics", headers={"Authorization": f"Bearer {KEY}"})).text
