"""What the API tests share: the contract, the two services, and the check of every answer."""

import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

import httpx
from starlette.types import ASGIApp

import openapi
from sitewatt.app import create_app
from sitewatt.auth import AdminKey, Authority, OpenToThisMachine
from sitewatt.compiled import compiled_app
from sitewatt.contract import Contract, MethodNotAllowed, UnknownPath
from sitewatt.keyring import Keyring
from sitewatt.stock import connexion_app
from storage import Keys, Store

BUNDLE = openapi.bundle()
CONTRACT = Contract(BUNDLE)
SCHEMAS = BUNDLE["components"]["schemas"]
KEY = "k" * 32


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


class CurrentKeys:
    """Stands for the keys of the store that a Current stands for."""

    def __init__(self, store: Current) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store.real.keys, name)


def locked(keys: Keys, clock: Callable[[], int] = lambda: Clock.now) -> Keyring:
    """The authority of a service with KEY in its settings, as the program makes it."""
    return Keyring(keys, clock, admin_key=AdminKey(KEY), may_open=False)


class Service:
    """An application, built once for all tests, on the store and the clock of each."""

    def __init__(self, serve: Callable[..., ASGIApp], *, has_key: bool) -> None:
        self.store, self.clock = Current(), Current()
        store, keys = cast("Store", self.store), cast("Keys", CurrentKeys(self.store))
        authority: Authority = locked(keys, self.clock) if has_key else OpenToThisMachine()
        self.app = create_app(store, authority, clock=self.clock, serve=serve)

    def on(self, store: Store, clock: Clock) -> ASGIApp:
        """The application, from now on on this store and this clock."""
        self.store.real, self.clock.real = store, clock
        return self.app


PATHS = {"compiled": compiled_app, "stock": connexion_app}
"""The path that serves, and its judge: both must give every answer of these tests."""


@cache
def open_service(path: str) -> Service:
    """The service without a key."""
    return Service(PATHS[path], has_key=False)


@cache
def locked_service(path: str) -> Service:
    """The service with KEY in its settings."""
    return Service(PATHS[path], has_key=True)


def client_of(
    app: ASGIApp, address: str = "127.0.0.1", headers: Mapping[str, str] | None = None
) -> httpx.AsyncClient:
    """A client of the application; each answer that it gets keeps the contract."""
    hooks: dict[str, list[Any]] = {"response": [keeps_the_contract]}
    transport = httpx.ASGITransport(app, client=(address, 1234))
    return httpx.AsyncClient(
        transport=transport, base_url="http://localhost", event_hooks=hooks, headers=headers
    )


def example(name: str) -> Any:
    """A fresh copy of one of the contract's examples."""
    return openapi.bundle()["components"]["examples"][name]["value"]


async def keeps_the_contract(answer: httpx.Response) -> None:
    """Refuse an answer that the contract does not declare, and any bug's."""
    await answer.aread()
    # A request that is refused without a look at the database waits for nothing. After many of them
    # the driver, which has not had a turn for so long, takes its server for one that hangs.
    await asyncio.sleep(0)
    request = answer.request
    assert answer.headers["x-request-id"]
    assert answer.status_code != 500, answer.text
    if request.method == "HEAD":
        return
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        slug = answer.json()["type"].removeprefix("/problems/")
        assert BUNDLE["x-problem-types"][slug]["status"] == answer.status_code
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    try:
        operation = CONTRACT.routes.match(request.method, request.url.path).operation
    except (UnknownPath, MethodNotAllowed):
        return
    headers = answer.headers
    if answer.status_code == 200 and "content-length" not in headers:
        operation.check_reply(200, headers, None)
        # What comes in pieces has no tag; its content is held against the schema all the same.
        headers = httpx.Headers({**headers, "ETag": '"none"'})
    operation.check_reply(answer.status_code, headers, answer.content)
