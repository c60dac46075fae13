"""Every identity asks for every operation, of its own and of a foreign site, and gets as declared.

What is declared is read from the contract's document: `security`, and the keywords for bound keys.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import httpx
import orjson
import pytest
from api_service import KEY, PATHS, Clock, client_of
from identities import Ask, Who, everybody, everything
from starlette.types import Message, Scope

from sitewatt import app as composition
from sitewatt.app import create_app
from sitewatt.auth import AdminKey
from sitewatt.contract import Contract
from sitewatt.keyring import Keyring
from sitewatt.web.streams import BrokenOff
from storage import Store
from storage.fleet import Fleet
from storage.known_keys import REFRESH_SECONDS
from storage.sites import Sites

NOBODY_HAS = 2_000_000
"""The id of a site that there never was."""

REFUSALS = (401, 403, 404, 409)
"""Of whom asks, and of what is stored: no example is wrong, too large or too much."""

VALUES = (41.5, 350, 1e-7, True, False, True)


def service(store: Store, path: str, *, admin_key: AdminKey | None = None) -> httpx.AsyncClient:
    """A client of an application as the program makes it, on the store."""
    ring = Keyring(store.keys, Clock(), admin_key=admin_key, may_open=True)
    return client_of(create_app(store, ring, clock=Clock(), serve=PATHS[path]))


async def answered(client: httpx.AsyncClient, ask: Ask, key: str | None) -> httpx.Response:
    headers = {} if key is None else {"X-API-Key": key}
    if "If-Match" in str(ask.declared.get("parameters")) or ask.operation_id == "update_site":
        headers["If-Match"] = "*"
    body = {} if ask.body is None else {"json": ask.body}
    return await client.request(ask.method, ask.path, headers=headers, **body)


def declared(who: Who, ask: Ask) -> str:
    """What the contract says: `unauthenticated`, `forbidden`, `unknown` or `allowed`."""
    if ask.scopes is None:
        return "allowed"
    if who.state not in ("valid", "bootstrap"):
        return "unauthenticated"
    if not ask.scopes <= who.scopes:
        return "forbidden"
    if who.bound and ask.declared.get("x-bound-keys") == "refused":
        return "forbidden"
    return "unknown" if who.bound and ask.site == who.foreign else "allowed"


def told(ask: Ask, answer: httpx.Response) -> str:
    """What an answer says, in the same words; a failure, or what is not declared, says nothing."""
    status = answer.status_code
    assert str(status) in ask.declared["responses"], (ask.operation_id, status)
    assert status < 400 or status in REFUSALS, (ask.operation_id, status)
    slug = answer.json()["type"].rpartition("/")[2] if status >= 400 else ""
    known = {"unauthenticated": 401, "forbidden": 403}
    if slug in known:
        assert status == known[slug]
        return slug
    return "unknown" if slug in ("unknown-site", "unknown-sites") else "allowed"


async def disagreements(
    client: httpx.AsyncClient, store: Store, identities: Iterable[Who]
) -> tuple[list[str], int]:
    """Where the answers are not as declared, and how many requests were made."""
    wrong: list[str] = []
    number = 0
    for who in identities:
        for site in (who.own, who.foreign, who.another):
            await store.sites.create([{"id": site, "name": "Site", "location": "x"}])
            await store.live.push(site, {60: VALUES})
        key = await who.key(store)
        for ask in everything(who.own, who.foreign):
            number += 1
            answer = await answered(client, ask, key)
            expected, got = declared(who, ask), told(ask, answer)
            if got != expected:
                wrong.append(f"{who.name}: {ask.operation_id} {ask.site}: {expected}, got {got}")
            if expected == "unknown":
                wrong += await differing(client, ask, key, answer)
            if who.bound and expected == got == "allowed" and is_filtered(ask):
                wrong += await not_its_own(client, ask, key, who)
    return wrong, number


def is_filtered(ask: Ask) -> bool:
    return ask.declared.get("x-bound-keys") == "filtered"


async def not_its_own(client: httpx.AsyncClient, ask: Ask, key: str | None, who: Who) -> list[str]:
    """Where the pages of one site each are not those of the identity's own sites that there are."""
    pages: list[list[int]] = []
    headers, following = {"X-API-Key": str(key)}, {"limit": "1"}
    while following:
        page = (await client.get(ask.path, params=following, headers=headers)).json()
        pages.append([site["id"] for site in page["sites"]])
        following = {"limit": "1", "cursor": page["next"]} if "next" in page else {}
    own = [[who.own], [who.another]]
    return [] if pages == own else [f"{who.name}: {ask.operation_id} tells of {pages}, not {own}"]


async def differing(
    client: httpx.AsyncClient, ask: Ask, key: str | None, answer: httpx.Response
) -> list[str]:
    """Where the answer about a foreign site differs from that about one that there never was."""
    (nothing,) = (
        other for other in everything(NOBODY_HAS) if other.operation_id == ask.operation_id
    )
    missing = await answered(client, nothing, key)
    same = comparable(missing).replace(str(NOBODY_HAS), str(ask.site)) == comparable(answer)
    return [] if same else [f"{ask.operation_id}: {answer.text} is not {missing.text}"]


def comparable(answer: httpx.Response) -> str:
    """All of an answer but what is of this request alone."""
    identity = answer.headers["x-request-id"]
    headers = {k: v for k, v in answer.headers.items() if k not in ("content-length",)}
    return f"{answer.status_code} {headers} {answer.text}".replace(identity, "")


async def test_every_identity_may_do_what_the_contract_says_and_nothing_else(
    store: Store, path: str
) -> None:
    async with service(store, path, admin_key=AdminKey(KEY)) as client:
        wrong, number = await disagreements(client, store, everybody())
    print(f"{number} requests on the {path} path")
    assert wrong == []
    assert number > 1_000


async def test_the_matrix_notices_an_operation_that_forgets_its_scope(
    store: Store, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Callable[[], Contract] = composition.compiled_contract

    def forgetful() -> Contract:
        contract = made()
        contract.operations["push_configuration"].scopes = ()
        for item in contract.bundle["paths"].values():
            if item.get("post", {}).get("operationId") == "push_configuration":
                item["post"]["security"] = [{"bearer": []}, {"api_key": []}]
        return contract

    monkeypatch.setattr(composition, "compiled_contract", forgetful)
    some = [who for who in everybody() if who.name in ("none", "read", "bound read", "admin")]
    async with service(store, path, admin_key=AdminKey(KEY)) as client:
        wrong, _ = await disagreements(client, store, some)
    assert {one.split(": ")[1].split()[0] for one in wrong} == {"push_configuration"}
    assert len(wrong) == 6


@pytest.mark.parametrize("page", ["every page", "the pages after the first"])
@pytest.mark.parametrize(
    ("operation", "of", "method"),
    [("list_sites", Sites, "list"), ("list_latest_readings", Fleet, "latest")],
)
async def test_the_matrix_notices_a_list_that_forgets_whose_sites_it_is_of(
    store: Store,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    of: type,
    method: str,
    page: str,
) -> None:
    told_rightly = getattr(of, method)

    async def forgetful(self: Any, *, among: Any, after: Any, **rest: Any) -> Any:
        if page == "every page" or after is not None:
            among = None
        return await told_rightly(self, among=among, after=after, **rest)

    monkeypatch.setattr(of, method, forgetful)
    some = [who for who in everybody() if who.name in ("read", "bound read")]
    async with service(store, path, admin_key=AdminKey(KEY)) as client:
        wrong, _ = await disagreements(client, store, some)
    assert [one.partition(" tells of ")[0] for one in wrong] == [f"bound read: {operation}"]


@pytest.mark.parametrize(
    ("operation", "status"),
    [("get_site", 500), ("get_site", 503), ("get_site", 409), ("push_live", 422)],
)
def test_an_answer_that_fails_or_is_not_declared_does_not_count_as_allowed(
    operation: str, status: int
) -> None:
    (ask,) = (ask for ask in everything(1) if ask.operation_id == operation)
    with pytest.raises(AssertionError, match=str(status)):
        told(ask, httpx.Response(status, json={"type": "/problems/any"}))


async def test_in_open_mode_everybody_on_this_machine_may_do_everything(
    store: Store, path: str
) -> None:
    me = Who("nobody in particular", 0, state="none")
    await store.sites.create([{"id": me.own, "name": "Site", "location": "north"}])
    async with service(store, path) as client:
        for ask in everything(me.own):
            assert told(ask, await answered(client, ask, None)) == "allowed", ask.operation_id
        client.headers["Host"] = "sites.example"
        for ask in everything(me.own):
            assert told(ask, await answered(client, ask, None)) == "forbidden", ask.operation_id


async def test_without_any_key_a_service_that_others_can_reach_lets_nobody_in(
    store: Store, path: str
) -> None:
    ring = Keyring(store.keys, Clock(), admin_key=None, may_open=False)
    app = create_app(store, ring, clock=Clock(), serve=PATHS[path])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for ask in everything(1):
            expected = "allowed" if ask.scopes is None else "unauthenticated"
            assert told(ask, await answered(client, ask, None)) == expected


async def test_a_key_that_ends_while_its_body_comes_lets_nothing_in(
    store: Store, path: str
) -> None:
    who = Who("admin", 0, scopes=frozenset({"write_sites"}))
    key = await who.key(store)
    assert key is not None

    async def body() -> AsyncIterator[bytes]:
        content = orjson.dumps({"id": who.own, "name": "Site", "location": "north"})
        yield content[:10]
        await store.keys.revoke(key[3:15])
        await asyncio.sleep(REFRESH_SECONDS + 0.5)
        yield content[10:]

    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    async with service(store, path, admin_key=AdminKey(KEY)) as client:
        # Now the key is remembered.
        assert (await client.get("/v1/sites", headers=headers)).status_code == 403
        answer = await client.post("/v1/sites", content=body(), headers=headers)
        assert answer.status_code == 401
        sites = (await client.get("/v1/sites", headers={"X-API-Key": KEY})).json()["sites"]
        assert sites == []


async def test_a_key_that_ends_while_an_answer_goes_out_gets_no_more_of_it(
    store: Store, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    who = Who("reader", 0, scopes=frozenset({"read"}))
    key = await who.key(store)
    assert key is not None
    await store.sites.create([{"id": who.own, "name": "Site", "location": "north"}])
    await store.live.push(who.own, {600 * row: VALUES for row in range(9_000)})
    ring = Keyring(store.keys, Clock(), admin_key=None, may_open=False)
    app = create_app(store, ring, clock=Clock(), serve=PATHS[path])
    sent: list[bytes] = []

    async def send(message: Message) -> None:
        if message.get("body"):
            sent.append(message["body"])
            if len(sent) == 2:
                await store.keys.revoke(key[3:15])
                await asyncio.sleep(REFRESH_SECONDS + 0.5)

    async def receive() -> Message:
        if not asked:
            asked.append(True)
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError

    asked: list[bool] = []
    url = f"/v1/sites/{who.own}/live"
    headers = {"host": "localhost", "x-api-key": key, "accept": "application/x-ndjson"}
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": url,
        "raw_path": url.encode(),
        "query_string": b"",
        "root_path": "",
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
        "state": {},
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    with pytest.raises(BrokenOff), caplog.at_level("INFO"):
        await app(scope, receive, send)
    assert len(sent) == 2
    assert "broke off: its key has ended" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_row_of_the_matrix_is_there_for_every_set_of_scopes() -> None:
    rows = [who for who in everybody() if who.state == "valid"]
    assert len({(who.scopes, who.bound) for who in rows}) == len(rows) == 15 + 7
