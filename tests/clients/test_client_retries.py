"""When the Python client sends a request again, and when it does not."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web
from losing_proxy import LosingProxy, losing_proxy
from program import Service, example
from readings_of_tests import day, row

from sitewatt_client import Client, errors
from sitewatt_client.retries import pause


@pytest.fixture
async def proxy(service: Service) -> AsyncIterator[LosingProxy]:
    async with losing_proxy(service.url) as proxy:
        yield proxy


@pytest.fixture
async def far(proxy: LosingProxy, key: str) -> AsyncIterator[Client]:
    """The client, with the proxy between it and the service."""
    async with Client(proxy.url, key) as far:
        yield far


async def test_without_the_key_the_service_refuses(service: Service, key: str) -> None:
    for wrong in (None, key[:-1]):
        async with Client(service.url, wrong) as sites:
            with pytest.raises(errors.Unauthenticated, match="401"):
                await sites.get(1)


@pytest.mark.parametrize("failure", ["lose", (503, {}), (502, {}), (504, {}), (429, {})])
async def test_a_push_is_sent_again_and_counts_once(
    failure: Any, far: Client, proxy: LosingProxy, site: int, key: str
) -> None:
    proxy.script = [failure, failure]
    receipt = await far.push(site, day())
    assert receipt.stored + receipt.unchanged == 144
    assert receipt.unchanged == (144 if failure == "lose" else 0)
    assert proxy.seen == [("POST", f"Bearer {key}")] * 3


async def test_configurations_and_sites_with_an_id_are_sent_again(
    far: Client, proxy: LosingProxy
) -> None:
    proxy.script = ["lose", "pass", "lose", "pass", "lose", "pass"]
    await far.create(name="Elm", location="north", id=4711)
    await far.create_many([{"name": "Elm", "location": "north", "id": 4711}])
    configuration = {**example("brief_configuration"), "id": 4711}
    assert (await far.push_configuration(4711, configuration))["revision"] == 1
    assert len(await far.revisions(4711)) == 1
    assert len(proxy.seen) == 7


Call = Callable[[Client, int], Awaitable[Any]]
NOT_AGAIN: dict[str, Call] = {
    "replace": lambda far, site: far.push(site, row(0), on_conflict="replace"),
    "create": lambda far, site: far.create(name="Elm", location="north"),
    "delete": lambda far, site: far.delete(site),
    "delete readings": lambda far, site: far.delete_readings(
        site, "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"
    ),
    "update": lambda far, site: far.update(site, etag='"0"', name="Oak"),
}


@pytest.mark.parametrize("name", NOT_AGAIN)
async def test_what_may_not_count_twice_is_sent_once_when_nobody_knows(
    name: str, far: Client, proxy: LosingProxy, site: int
) -> None:
    proxy.script = ["lose"]
    with pytest.raises(errors.Unreachable) as unreachable:
        await NOT_AGAIN[name](far, site)
    assert unreachable.value.may_have_happened
    proxy.script = [(503, {"Retry-After": "1"})]
    with pytest.raises(errors.Unavailable):
        await NOT_AGAIN[name](far, site)
    assert len(proxy.seen) == 2


async def test_what_was_surely_not_done_is_sent_again_after_the_time_that_was_asked_for(
    far: Client, proxy: LosingProxy, site: int
) -> None:
    proxy.script = [(429, {"Retry-After": "1"})]
    begun = time.monotonic()
    await far.delete(site)
    assert time.monotonic() - begun >= 1
    assert len(proxy.seen) == 2


@pytest.mark.parametrize("name", NOT_AGAIN)
async def test_what_an_overloaded_service_did_not_begin_is_sent_again_whatever_it_is(
    name: str, far: Client, proxy: LosingProxy, site: int
) -> None:
    full = b'{"type": "/problems/overloaded", "title": "Full", "detail": "later"}'
    proxy.script = [{"status": 503, "body": full}]
    try:
        await NOT_AGAIN[name](far, site)
    except errors.PreconditionFailed:
        assert name == "update"
    assert len(proxy.seen) == 2


async def test_a_pause_beyond_the_patience_is_not_begun(
    far: Client, proxy: LosingProxy, site: int
) -> None:
    proxy.script = [(503, {"Retry-After": "3600"})]
    with pytest.raises(errors.Unavailable, match="503 Busy: later"):
        await far.get(site)
    assert len(proxy.seen) == 1


async def test_an_answer_that_is_no_problem_document_is_told_as_it_is(
    proxy: LosingProxy, key: str
) -> None:
    proxy.script = [(502, {})]
    async with Client(proxy.url, key, patience=0) as sites:
        with pytest.raises(errors.UnexpectedAnswer, match="502: <html>Bad gateway"):
            await sites.version()


async def test_an_export_that_breaks_off_does_not_end_well(
    far: Client, proxy: LosingProxy, site: int
) -> None:
    await far.push(site, day())
    proxy.script = ["cut"]
    with pytest.raises(errors.Unreachable):
        [line async for line in far.export(site)]


async def test_what_never_left_is_sent_when_somebody_listens(key: str) -> None:
    deleted = []

    async def delete(request: web.Request) -> web.Response:
        deleted.append(request.path)
        return web.Response(status=204)

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    app = web.Application()
    app.router.add_delete("/v1/sites/{site}", delete)
    runner = web.AppRunner(app)
    await runner.setup()
    async with Client(f"http://127.0.0.1:{port}", key) as sites:
        impatient = Client(f"http://127.0.0.1:{port}", patience=0)
        with pytest.raises(errors.Unreachable) as unreachable:
            await impatient.delete(7)
        assert not unreachable.value.may_have_happened
        await impatient.close()
        deleting = asyncio.create_task(sites.delete(7))
        await asyncio.sleep(0.3)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await deleting
    await runner.cleanup()
    assert deleted == ["/v1/sites/7"]


def test_pauses_grow_differ_and_have_an_end() -> None:
    for attempt, most in ((0, 0.2), (3, 1.6), (50, 15)):
        pauses = {pause(attempt, {}) for _ in range(50)}
        assert len(pauses) > 40
        assert max(pauses) <= most


def test_retry_after_is_seconds_or_a_date() -> None:
    assert 7 <= pause(0, {"Retry-After": "7"}) <= 7.2
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 57 <= pause(0, {"Retry-After": date}) <= 60.2
    assert 57 <= pause(0, {"Retry-After": date.replace("GMT", "-0000")}) <= 60.2
    assert pause(0, {"Retry-After": "soon"}) <= 0.2


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_date_to_come_again_at_is_one_of_the_clock_of_the_service(hours: int) -> None:
    there = datetime.now(UTC) + timedelta(hours=hours)
    date, later = (format_datetime(there + timedelta(seconds=s), usegmt=True) for s in (0, 60))
    assert 60 <= pause(0, {"Date": date, "Retry-After": later}) <= 60.2
    assert pause(0, {"Date": later, "Retry-After": date}) <= 0.2
    assert (pause(0, {"Date": "soon", "Retry-After": later}) > 3600) is (hours > 0)
