"""What of an answer the Python client relies on, and which addresses it takes."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDict

from sitewatt_client import Answer, Client, Receipt, errors, operations
from sitewatt_client.request import Request

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
        return web.json_response({"soc": [1, 2] if first else [3]}, headers=headers)

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


@pytest.mark.parametrize("body", [b"{}", b'{"received": "1"}', b'{"sites": [{}]}'])
@pytest.mark.parametrize("fleet", [False, True])
async def test_json_that_is_no_receipt_acknowledges_nothing(
    body: bytes, fleet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Client("http://127.0.0.1:1") as sites:

        async def send(request: Request[Any]) -> Answer[Any]:
            return Answer(request, 201, {"Content-Type": "application/json"}, body)

        monkeypatch.setattr(sites, "send", send)
        with pytest.raises(errors.UnexpectedAnswer):
            await (sites.push_fleet({1: {"soc": 1}}) if fleet else sites.push(1, {"soc": 1}))


def test_a_count_that_is_no_number_is_no_receipt() -> None:
    counts = dict.fromkeys(("received", "stored", "unchanged", "replaced", "conflicts"), 0)
    assert Receipt.of(counts) == Receipt()  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no counts"):
        Receipt.of({**counts, "stored": "1"})  # type: ignore[typeddict-item]
