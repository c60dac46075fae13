"""No request gives the database an operator, whatever it has in which field, parameter or header.

The places are those of the contract, the requests go to the service on a mongod, and all that the
database is asked with is looked at: filters, pipelines, and what is to be changed or stored.
"""

import copy
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import httpx
import pytest
from api_service import BUNDLE, KEY, SCHEMAS, Clock, client_of, example, locked
from identities import Ask, everything
from pymongo.monitoring import CommandListener, CommandStartedEvent

from sitewatt.app import create_app
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
KEY_ID, SECRET = "0f3a5b7c9d1e", "0" * 64
NAMES = [f"${MARK}", f"{MARK}.$gt", f"{MARK}[$gt]", f"{MARK}\0", "$where"]

FILTERS = ("filter", "q", "query", "pipeline", "key", "hint", "sort", "projection", "arrayFilters")
CHANGES = ("u", "update")


class Asked(CommandListener):
    """Keeps what the database was asked by, and how it was told to change what is stored."""

    def __init__(self) -> None:
        self.filters: list[Any] = []
        self.changes: list[Any] = []
        self.pipelines: list[Any] = []
        """In these a text is an expression, wherever it stands."""

    def started(self, event: CommandStartedEvent) -> None:
        command = event.command
        writes = [*command.get("updates", ()), *command.get("deletes", ())]
        for one in (command, *writes):
            self.filters += [one[name] for name in FILTERS if name in one]
            changes = [one[name] for name in CHANGES if isinstance(one.get(name), Mapping | list)]
            self.changes += changes
            self.pipelines += [change for change in changes if isinstance(change, list)]
        self.changes += command.get("documents", ())
        self.pipelines += [command["pipeline"]] if "pipeline" in command else []

    def wrongs(self) -> list[str]:
        """Where something of a request was more than a value."""
        expressions = [f"a pipeline: {each}" for each in self.pipelines if MARK in str(each)]
        return [*operators([self.filters, self.changes]), *expressions]

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


def test_what_a_change_makes_of_a_request_would_be_found() -> None:
    def wrongs(change: Any) -> list[str]:
        watch = Asked()
        command = {"update": "sites", "updates": [{"q": {"_id": 1}, "u": change}]}
        watch.started(cast("CommandStartedEvent", SimpleNamespace(command=command)))
        return watch.wrongs()

    assert wrongs({"$set": {"name": f"${MARK}"}}) == []
    assert wrongs({"$set": {f"name.{MARK}": 1}})
    assert wrongs({"$set": {"name": {"$gt": MARK}}})
    assert wrongs([{"$set": {"name": f"${MARK}"}}]), "in a pipeline it is the value of a field"


@pytest.fixture
async def asked(mongod: Mongod) -> AsyncIterator[tuple[httpx.AsyncClient, Asked]]:
    watch = Asked()
    client = connect(mongod.uri, timeout=10, listeners=[watch])
    store = Store(client["operators"], schemas=SCHEMAS)
    await store.prepare()
    app = create_app(store, locked(store.keys), clock=Clock())
    async with client_of(app, headers={"X-API-Key": KEY}) as http:
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


def bodies() -> Iterator[tuple[Ask, str, Any, bool]]:
    """Yield for every operation that takes a body, in each type of it, what `documents` yields."""
    for ask in everything(1):
        for media, content in ask.declared.get("requestBody", {}).get("content", {}).items():
            for one in content["examples"].values():
                for document, is_wrong in documents(one["$ref"].rpartition("/")[2]):
                    yield ask, media, document, is_wrong


async def test_no_body_gives_the_database_an_operator(
    asked: tuple[httpx.AsyncClient, Asked],
) -> None:
    client, watch = asked
    taken = set()
    for ask, media, document, is_wrong in bodies():
        headers = {"Content-Type": media, "If-Match": "*"}
        content = json.dumps(document)
        answer = await client.request(ask.method, ask.path, content=content, headers=headers)
        wanted = {400, 422} if is_wrong else {200, 201, 400, 409, 422}
        assert answer.status_code in wanted, (ask.operation_id, document)
        if answer.is_success and MARK in content:
            taken.add(ask.operation_id)
    assert watch.wrongs() == []
    assert taken == {"create_sites", "update_site", "create_key"}
    assert MARK in str(watch.changes)


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
                    url = url.replace("{key_id}", KEY_ID)
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
    assert watch.wrongs() == []
    assert watch.filters


def key_texts() -> Iterator[str]:
    """Yield what a header can have and is no key, though some of it is nearly one."""
    for text in (text.replace("\0", "") for text in TEXTS):
        yield text
        yield f"sw_{text}_{SECRET}"
        yield f"sw_{text[:12]:0<12}_{SECRET}"
        yield f"sw_{KEY_ID}_{text:0<64}"


async def test_no_key_gives_the_database_an_operator(
    asked: tuple[httpx.AsyncClient, Asked],
) -> None:
    client, watch = asked
    del client.headers["X-API-Key"]
    for text in [*key_texts(), f"sw_{KEY_ID}_{SECRET}"]:
        for headers in ({"Authorization": f"Bearer {text}"}, {"X-API-Key": text}):
            answer = await client.get("/v1/sites", headers=headers)
            assert answer.status_code == 401, headers
    assert MARK not in str(watch.filters)
    looked_up = [each for each in watch.filters if KEY_ID in str(each)]
    assert looked_up == [{"_id": {"$in": [KEY_ID]}}] * 2, "only what may be a key is looked up"
