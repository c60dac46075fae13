"""What answers in the place of the service, as a captive portal does, is not taken for it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from losing_proxy import LosingProxy, losing_proxy
from program import Service
from readings_of_tests import day, row

from sitewatt_client import Buffer, Client, buffer, errors, operations

HTML, JSON = "text/html", "application/json"
PROBLEM = {"type": "/problems/invalid-body", "title": "Bad", "detail": "bad"}
PAGES: dict[str, dict[str, Any]] = {
    "a page": {"text": "<html>Log in</html>", "content_type": HTML},
    "a redirect": {"status": 302, "headers": {"Location": "/login"}},
    "a 304 that nobody asked for": {"status": 304},
    "no body": {"status": 200},
    "broken JSON": {"text": '{"received": 1', "content_type": JSON},
    "JSON that is no object": {"text": "[1]", "content_type": JSON},
    "JSON too deep to read": {"text": "[" * 100_000, "content_type": JSON},
    "bytes that are no text": {"body": b"{\xff", "content_type": JSON},
}
ODD_ERRORS: list[Any] = [
    "all",
    ["soc"],
    [{"pointer": "/soc"}],
    [{"in": "body", "keyword": "type", "detail": "bad", "pointer": 1}],
    {"soc": 1},
    None,
]
ODD: list[dict[str, Any]] = [
    *({"errors": odd} for odd in ODD_ERRORS),
    {"conflicts": [{"columns": ["soc"]}]},
    {"conflicts": [{"dt-stamp": "2023-01-01T00:00:00Z", "columns": 3}]},
    {"type": 7},
    {"detail": None},
]


@pytest.fixture
async def portal(service: Service) -> AsyncIterator[LosingProxy]:
    async with losing_proxy(service.url) as portal:
        yield portal


@pytest.fixture
async def far(portal: LosingProxy, key: str) -> AsyncIterator[Client]:
    async with Client(portal.url, key, patience=0) as far:
        yield far


async def lines(far: Client, site: int) -> list[bytes]:
    return [line async for line in far.export(site)]


Call = Callable[[Client, int], Awaitable[Any]]
CALLS: dict[str, Call] = {
    "create": lambda far, site: far.create(name="Elm", location="north"),
    "push": lambda far, site: far.push(site, row(0)),
    "get": lambda far, site: far.get(site),
    "delete": lambda far, site: far.delete(site),
}


@pytest.mark.parametrize("page", PAGES)
async def test_what_the_contract_does_not_declare_is_an_unexpected_answer(
    page: str, far: Client, portal: LosingProxy, site: int
) -> None:
    for call in CALLS.values():
        portal.script = [PAGES[page]]
        with pytest.raises(errors.UnexpectedAnswer):
            await call(far, site)
    assert len(portal.seen) == len(CALLS)
    assert (await far.get(site))["id"] == site


@pytest.mark.parametrize("page", ["a page", "a redirect", "no body"])
async def test_an_export_does_not_yield_the_page_of_a_portal(
    page: str, far: Client, portal: LosingProxy, site: int
) -> None:
    await far.push(site, day())
    portal.script = [PAGES[page]]
    with pytest.raises(errors.UnexpectedAnswer):
        await lines(far, site)
    assert len(portal.seen) == 2
    assert len(await lines(far, site)) == 145


async def test_every_media_type_that_the_service_has_is_taken(far: Client, site: int) -> None:
    for request in (
        operations.get_openapi_yaml(),
        operations.get_openapi_json(),
        operations.get_schema("Site"),
        operations.get_problem_type("unknown-site"),
        operations.get_metrics(),
    ):
        assert (await far.send(request)).status == 200
    etag = (await far.send(operations.get_site(site))).etag
    assert (await far.send(operations.get_site(site, if_none_match=etag))).status == 304


@pytest.mark.parametrize("odd", ODD, ids=str)
async def test_a_problem_that_is_not_as_the_contract_says_is_an_unexpected_answer(
    odd: dict[str, Any], far: Client, portal: LosingProxy, site: int
) -> None:
    problem = json.dumps(PROBLEM | odd)
    portal.script = [{"status": 422, "text": problem, "content_type": "application/problem+json"}]
    with pytest.raises(errors.UnexpectedAnswer, match="status 422"):
        await far.push(site, row(0))


async def test_a_buffer_behind_a_portal_keeps_its_readings_until_the_service_answers(
    far: Client,
    portal: LosingProxy,
    site: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(buffer, "FIRST_PAUSE", 0.01)
    odd = {"status": 422, "text": json.dumps(PROBLEM | {"errors": ["soc"]}), "content_type": JSON}
    empty = {"text": "{}", "content_type": JSON}
    portal.script = [*PAGES.values(), odd, empty]
    async with Buffer(tmp_path / "readings.db", far) as kept:
        await kept.put(site, row(0))
        while len(kept):
            await asyncio.sleep(0.02)
            assert kept._task is not None
            assert not kept._task.done()
        await kept.put(site, row(1))
        assert await kept.refused() == []
        await kept.flush()
    assert "1 readings wait: status 302" in caplog.text
    assert [reading["soc"] async for reading in far.readings(site)] == [0, 1]


async def test_a_site_with_json_that_is_no_receipt_for_an_answer_stops_no_other(
    far: Client, portal: LosingProxy, site: int, tmp_path: Path
) -> None:
    other = (await far.create(name="Elm", location="north"))["id"]
    kept = Buffer(tmp_path / "readings.db", far)
    await kept.put(site, row(0))
    await kept.put(other, row(0))
    portal.script = [{"text": "{}", "content_type": JSON}]
    with pytest.raises(errors.UnexpectedAnswer):
        await kept.flush()
    assert len(kept) == 1
    assert (await far.latest(other))["soc"] == 0
    await kept.close()
