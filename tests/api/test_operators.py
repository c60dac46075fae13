"""No request gives the database an operator, whatever it has in which field, parameter or header.

The places are those of the contract, the requests go to the service on a mongod, and every filter
that the database is asked with is looked at.
"""

import copy
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from api_service import BUNDLE, SCHEMAS, Clock, client_of, example
from pymongo.monitoring import CommandListener, CommandStartedEvent

from sitewatt.app import create_app
from sitewatt.auth import OpenToThisMachine
from sitewatt.mongod import Mongod
from storage import Store, connect

MARK = "mark"
"""Is in everything that a request here brings."""

VALUES: list[Any] = [
    {"$gt": MARK},
    {"$ne": None, MARK: 1},
    {"$where": f"sleep(1) || '{MARK}'"},
    {"$regex": MARK, "$options": "i"},
    {"$in": [MARK]},
    {"$oid": f"{MARK}00000000000000000000"},
    {"$numberLong": "1", MARK: 1},
    {"$date": {"$numberLong": MARK}},
    [{"$gt": MARK}],
    {f"{MARK}.$gt": 1},
]
TEXTS = [
    f"${MARK}",
    f'{{"$gt": "{MARK}"}}',
    f'{{"$ne": null, "{MARK}": 1}}',
    f"{MARK}.$gt",
    f"{MARK}\0",
    f"'; return '{MARK}",
    f"$where:{MARK}",
]
NAMES = [f"${MARK}", f"{MARK}.$gt", f"{MARK}[$gt]", f"{MARK}\0", "$where"]

BODIES = {
    ("POST", "/v1/sites"): ["brief_sites", "new_site"],
    ("PATCH", "/v1/sites/1"): ["site_patch"],
    ("POST", "/v1/sites/1/configuration"): ["brief_configuration"],
    ("POST", "/v1/sites/1/live"): ["brief_live", "new_reading"],
    ("POST", "/v1/live"): ["fleet_readings"],
}
FILTERS = ("filter", "q", "query", "pipeline", "key", "hint", "sort", "projection")


class Asked(CommandListener):
    """Keeps what the database was asked by: filters, and nothing of what it was told to store."""

    def __init__(self) -> None:
        self.filters: list[Any] = []

    def started(self, event: CommandStartedEvent) -> None:
        command = event.command
        writes = [*command.get("updates", ()), *command.get("deletes", ())]
        for one in (command, *writes):
            self.filters += [one[name] for name in FILTERS if name in one]

    def succeeded(self, event: Any) -> None: ...

    def failed(self, event: Any) -> None: ...


def operators(asked: Any, under: str = "") -> Iterator[str]:
    """Yield where something of a request is the name of a member, or stands under an operator."""
    if isinstance(asked, Mapping):
        for name, value in asked.items():
            if MARK in name:
                yield f"{under}.{name}"
            yield from operators(value, name)
    elif isinstance(asked, list | tuple):
        for value in asked:
            yield from operators(value, under)
    elif isinstance(asked, str) and MARK in asked and under.startswith("$"):
        yield under


def test_an_operator_of_a_request_would_be_found() -> None:
    for value in VALUES:
        assert [*operators({"name": value})], value
    assert [*operators({"name": MARK, "location": f"${MARK}"})] == []


@pytest.fixture
async def asked(mongod: Mongod) -> AsyncIterator[tuple[httpx.AsyncClient, Asked]]:
    watch = Asked()
    client = connect(mongod.uri, timeout=10, listeners=[watch])
    store = Store(client["operators"], schemas=SCHEMAS)
    await store.prepare()
    app = create_app(store, OpenToThisMachine(), clock=Clock())
    async with client_of(app) as http:
        await http.post("/v1/sites", json=example("brief_sites"))
        await http.post("/v1/sites/1/configuration", json=example("brief_configuration"))
        await http.post("/v1/sites/1/live", json=example("brief_live"))
        yield http, watch
    await client.drop_database("operators")
    await store.disconnect()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield every place of a document, of an array its first item."""
    yield path
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return the document with another value at the place."""
    if not path:
        return value
    whole = copy.deepcopy(document)
    holder = whole
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return whole


def found(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def documents(name: str) -> Iterator[tuple[Any, bool]]:
    """Yield an example with something of ours at every place, and whether it has to be refused."""
    document = example(name)
    for path in places(document):
        there = found(document, path)
        yield from ((changed(document, path, value), True) for value in VALUES)
        yield from ((changed(document, path, text), False) for text in TEXTS)
        if isinstance(there, dict):
            yield from ((changed(document, path, {**there, n: MARK}), True) for n in NAMES)


async def test_no_body_gives_the_database_an_operator(
    asked: tuple[httpx.AsyncClient, Asked],
) -> None:
    client, watch = asked
    for (method, target), names in BODIES.items():
        headers = {"If-Match": '"x"'} if method == "PATCH" else {}
        for document, is_wrong in (each for name in names for each in documents(name)):
            answer = await client.request(method, target, json=document, headers=headers)
            wanted = {400, 422} if is_wrong else {200, 201, 400, 409, 412, 422}
            assert answer.status_code in wanted, (method, target, document)
    assert [*operators(watch.filters)] == []
    assert watch.filters


async def test_what_looks_like_an_operator_is_stored_as_the_text_that_it_is(
    asked: tuple[httpx.AsyncClient, Asked],
) -> None:
    client, _ = asked
    for text in (text for text in TEXTS if "\0" not in text):
        site = {"name": text, "location": text}
        made = (await client.post("/v1/sites", json=site)).json()
        assert (made["name"], made["location"]) == (text, text)
        for member in ("name", "location"):
            page = await client.get("/v1/sites", params={member: text})
            assert [one["id"] for one in page.json()["sites"]] == [made["id"]]


def targets() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield requests with something of ours in every parameter of the contract, one at a time."""
    parameters = BUNDLE["components"]["parameters"]
    for path, item in BUNDLE["paths"].items():
        prefix = item.get("servers", BUNDLE["servers"])[0]["url"].rstrip("/")
        shared = item.get("parameters", [])
        for method in item.keys() & {"get", "post", "patch", "delete"}:
            for reference in [*shared, *item[method].get("parameters", [])]:
                declared = parameters[reference["$ref"].rpartition("/")[2]]
                name, where = declared["name"], declared["in"]
                for text in [*TEXTS, *(json.dumps(value) for value in VALUES)]:
                    url, word = prefix + path, quote(text, safe="")
                    if where == "path":
                        url = url.replace(f"{{{name}}}", word)
                    url = url.replace("{site_id}", "1").replace("{revision}", "1")
                    url = url.replace("{name}", "Site").replace("{type}", "forbidden")
                    queries = [f"?{name}={word}", f"?{name}[$gt]={word}", f"?{name}.$gt={word}"]
                    for query in queries if where == "query" else [""]:
                        plain = text.replace("\0", "")
                        yield (
                            method.upper(),
                            url + query,
                            {name: plain} if where == "header" else {},
                        )


async def test_no_parameter_gives_the_database_an_operator(
    asked: tuple[httpx.AsyncClient, Asked],
) -> None:
    client, watch = asked
    number = 0
    for method, url, headers in targets():
        answer = await client.request(method, url, headers=headers)
        assert answer.status_code < 500, (method, url)
        number += 1
    assert number > 1000
    assert [*operators(watch.filters)] == []
    assert watch.filters
