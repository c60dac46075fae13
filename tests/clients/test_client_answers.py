"""What of an answer the Python client relies on, and which addresses it takes."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDict
from readings_of_tests import row

from sitewatt_client import Answer, Client, Receipt, errors, operations

NEXT = '<?limit=2&columns=soc%2Cload_kwh&cursor=AAA>; rel="next"'
OTHER = '</openapi.json>; rel="service-desc"'


@pytest.mark.parametrize(
    "links", [[NEXT], [NEXT, OTHER], [OTHER, NEXT], [f"{OTHER}, {NEXT}, {OTHER}"]]
)
def test_the_next_page_is_found_among_any_links(links: list[str]) -> None:
    answer = Answer(operations.list_sites(limit=2), 200, {}, b"{}", ", ".join(links))
    assert answer.following is not None
    assert answer.following.query["cursor"] == "AAA"


def test_without_a_link_to_it_there_is_no_next_page() -> None:
    for links in ("", OTHER, 'rel="next"'):
        assert Answer(operations.list_sites(), 200, {}, b"{}", links).following is None


async def test_every_page_is_read_behind_a_proxy_that_puts_a_link_of_its_own_first() -> None:
    async def answer(request: web.Request) -> web.Response:
        first = "cursor" not in request.query
        links = ["</x.css>; rel=preload", NEXT] if first else ["</x.css>; rel=preload"]
        headers = CIMultiDict([("Link", link) for link in links])
        socs = [1, 2] if first else [3]
        page = {"dt-stamp": ["2023-01-01T00:00:00Z"] * len(socs), "soc": socs}
        return web.json_response(page, headers=headers)

    app = web.Application()
    app.router.add_get("/v1/sites/1/live", answer)
    async with TestServer(app) as server, Client(str(server.make_url(""))) as sites:
        assert [page["soc"] async for page in sites.series(1)] == [[1, 2], [3]]


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8080", "localhost", "ftp://x", "http://", "http://[::1", "http://x:99999"],
)
def test_what_is_no_address_is_told_at_once_and_not_tried_for_a_minute(url: str) -> None:
    with pytest.raises(ValueError, match="the address is not as http://host:port"):
        Client(url)


@pytest.mark.parametrize("url", ["http://[::1]:8080/", "https://example.org/sites/"])
def test_an_address_may_have_a_path_and_end_with_a_slash(url: str) -> None:
    assert Client(url)._transport.url == url.rstrip("/")


@asynccontextmanager
async def answering(body: str, status: int = 200) -> AsyncIterator[Client]:
    """A client of what answers everything with the same JSON."""
    media_type = "application/json" if status < 400 else "application/problem+json"

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, status=status, content_type=media_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server, Client(str(server.make_url("")), patience=0) as sites:
        yield sites


async def all_of(found: AsyncIterator[Any]) -> list[Any]:
    return [one async for one in found]


RANGE = ("2023-01-01T00:00:00Z", "2023-01-02T00:00:00Z")
PUSHES: dict[str, Callable[[Client], Awaitable[Any]]] = {
    "push": lambda sites: sites.push(1, row(0)),
    "push_fleet": lambda sites: sites.push_fleet({1: row(0)}),
    "push_all": lambda sites: all_of(sites.push_all(1, [row(0)])),
}
CALLS: dict[str, Callable[[Client], Awaitable[Any]]] = {
    **PUSHES,
    "list": lambda sites: all_of(sites.list()),
    "create": lambda sites: sites.create(name="Elm", location="north"),
    "create_many": lambda sites: sites.create_many([{"name": "Elm", "location": "north"}]),
    "get": lambda sites: sites.get(1),
    "update": lambda sites: sites.update(1, etag="1", name="Oak"),
    "configuration": lambda sites: sites.configuration(1),
    "push_configuration": lambda sites: sites.push_configuration(1, {}),
    "revisions": lambda sites: sites.revisions(1),
    "revision": lambda sites: sites.revision(1, 1),
    "latest": lambda sites: sites.latest(1),
    "latest_all": lambda sites: all_of(sites.latest_all()),
    "readings": lambda sites: all_of(sites.readings(1)),
    "columns": lambda sites: sites.columns(1),
    "aggregate": lambda sites: sites.aggregate(1, "1d", *RANGE),
    "gaps": lambda sites: sites.gaps(1, *RANGE),
    "delete_readings": lambda sites: sites.delete_readings(1, *RANGE),
    "create_key": lambda sites: sites.create_key(["read"]),
    "list_keys": lambda sites: all_of(sites.list_keys()),
    "rotate_key": lambda sites: sites.rotate_key("1"),
    "version": lambda sites: sites.version(),
    "ready": lambda sites: sites.ready(),
}


@pytest.mark.parametrize("name", CALLS)
async def test_an_object_without_what_the_call_gives_is_an_unexpected_answer(name: str) -> None:
    status = 201 if name.endswith("_key") else 200
    names = ("sites", "keys", "revisions", "buckets", "gaps", "dt-stamp", "id", "received")
    bodies = ["{}", *(json.dumps({one: odd}) for one in names for odd in (None, {}, [{}], "1"))]
    for body in bodies:
        async with answering(body, status) as sites:
            with pytest.raises(errors.UnexpectedAnswer, match=f"status {status}: "):
                await CALLS[name](sites)


async def test_a_list_of_no_receipts_acknowledges_nothing() -> None:
    async with answering('{"sites": []}') as sites:
        with pytest.raises(errors.UnexpectedAnswer):
            await sites.push_fleet({1: row(0)})


@pytest.mark.parametrize("receipt", [None, 3, {}, {"received": 1}])
@pytest.mark.parametrize("name", PUSHES)
async def test_a_conflict_with_another_thing_in_the_place_of_its_receipt_acknowledges_nothing(
    name: str, receipt: Any
) -> None:
    problem = {"type": "/problems/readings-conflict", "title": "Conflict", "detail": "differs"}
    async with answering(json.dumps({**problem, "receipt": receipt}), 409) as sites:
        with pytest.raises(errors.UnexpectedAnswer, match="status 409"):
            await PUSHES[name](sites)


async def test_what_a_newer_service_says_besides_is_left_alone() -> None:
    page = {"sites": [], "total": 0}
    async with answering(json.dumps(page)) as sites:
        assert (await sites.send(operations.list_sites())).document == page


def test_a_count_that_is_no_number_is_no_receipt() -> None:
    counts = dict.fromkeys(("received", "stored", "unchanged", "replaced", "conflicts"), 0)
    assert Receipt.of(counts) == Receipt()  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no counts"):
        Receipt.of({**counts, "stored": "1"})  # type: ignore[typeddict-item]
