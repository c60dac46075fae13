"""What a service answers seldom to the commands, as said by a service that is made for a test."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from test_rows import HEAD, ROW, csv_rows, only
from test_telling import Terminal

from sitewatt.exchange import backfill, exporting
from sitewatt.exchange.errors import ExchangeError
from sitewatt.exchange.exporting import Export
from sitewatt.exchange.service import Address, connected
from sitewatt.exchange.settling import Pusher
from sitewatt.exchange.sources import Source
from sitewatt.simulation import running as simulation
from sitewatt.simulation.gateways import Post
from sitewatt_client import Client, Problem

JSON, PROBLEM = "application/json", "application/problem+json"
COUNTS = {"received": 2, "stored": 1, "unchanged": 0, "replaced": 0, "conflicts": 1}
STORED = {**COUNTS, "stored": 2, "conflicts": 0}


@asynccontextmanager
async def answering(*answers: web.Response) -> AsyncIterator[Client]:
    """A client of a service that gives one answer after the other, whatever it is asked."""
    left = [*answers]

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return left.pop(0)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server, Client(str(server.make_url("")), patience=0) as client:
        yield client
    assert left == []


def problem(status: int, kind: str, **members: Any) -> web.Response:
    document = {"type": f"/problems/{kind}", "title": "A", "status": status, "detail": "b"}
    text = json.dumps({**document, "request_id": "r", **members})
    return web.Response(status=status, text=text, content_type=PROBLEM)


def conflict(minute: int, **members: Any) -> web.Response:
    stamp = f"2023-01-01T00:{minute:02}:00Z"
    named = [{"id": 1, "dt-stamp": stamp, "columns": ["soc"]}]
    return problem(409, "readings-conflict", receipt=COUNTS, conflicts=named, **members)


def receipts() -> web.Response:
    text = json.dumps({"sites": [{"id": 1, "receipt": STORED}]})
    return web.Response(text=text, content_type=JSON)


TWO = (HEAD, ROW.format(0, 1), ROW.format(10, 2))


async def test_a_refusal_that_is_of_no_row_ends_an_import() -> None:
    async with answering(problem(403, "forbidden")) as client:
        with pytest.raises(Problem) as refused:
            await Pusher(client, 1).settle(only(csv_rows(*TWO)))
    assert refused.value.kind == "forbidden"


async def test_while_there_are_more_conflicts_the_other_rows_are_sent_again() -> None:
    async with answering(conflict(0, more=True), conflict(10)) as client:
        outcome = await Pusher(client, 1).settle(only(csv_rows(*TWO)))
    assert [refused.origin.line for refused in outcome.refused] == [2, 3]
    assert outcome.counts() == COUNTS


async def test_conflicts_that_are_gone_when_the_others_are_asked_for_are_none() -> None:
    async with answering(conflict(0, more=True), receipts()) as client:
        outcome = await Pusher(client, 1).settle(only(csv_rows(*TWO)))
    assert [refused.origin.line for refused in outcome.refused] == [2]


async def test_another_refusal_while_conflicts_are_asked_for_ends_an_import() -> None:
    async with answering(conflict(0, more=True), problem(503, "unavailable")) as client:
        with pytest.raises(Problem) as refused:
            await Pusher(client, 1).settle(only(csv_rows(*TWO)))
    assert refused.value.kind == "unavailable"


async def test_a_conflict_without_a_receipt_acknowledges_nothing() -> None:
    async with answering(problem(409, "readings-conflict")) as client:
        with pytest.raises(Problem) as refused:
            await Pusher(client, 1).settle(only(csv_rows(*TWO)))
    assert refused.value.kind == "readings-conflict"


def test_an_export_that_ends_in_the_middle_of_a_line_is_no_export(tmp_path: Path) -> None:
    place = tmp_path / "out.csv"

    async def run() -> None:
        half = web.Response(text=f"{HEAD}\n2023-01-01T00", content_type="text/csv")
        async with answering(half) as client:
            await exporting.run(client, Export([7], "csv", None, None), str(place))

    with pytest.raises(ExchangeError, match="site 7 end in the middle of a line"):
        asyncio.run(run())
    assert [*tmp_path.iterdir()] == []


async def test_an_export_to_where_nothing_can_be_written_is_a_sentence(tmp_path: Path) -> None:
    place = tmp_path / "none" / "out.csv"
    async with answering() as client:
        with pytest.raises(ExchangeError, match="cannot be written: No such file or directory"):
            await exporting.run(client, Export([7], "csv", None, None), str(place))


async def test_an_address_of_nothing_is_a_sentence() -> None:
    with pytest.raises(ExchangeError, match="the address is not as http://host:port"):
        async with connected(Address("http://[::1", None)):
            pass


def test_an_import_of_a_stream_without_a_size_shows_how_many_rows_it_has_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    told: list[Any] = []
    source = Source("f", io.BytesIO(f"{HEAD}\n1,2\n3,4\n".encode()), "csv")

    async def run() -> backfill.State:
        # No row can be read, so that nothing is sent.
        async with Client("http://127.0.0.1:9") as client:
            plan = backfill.Plan(1, 10, None, None, told.append)
            return await backfill.run(source, Pusher(client, 1), plan)

    assert asyncio.run(run()).refused == len(told) == 2
    assert "1 rows" in terminal.getvalue()
    assert "%" not in terminal.getvalue()


async def test_readings_of_a_simulation_that_are_in_conflict_are_counted_as_such() -> None:
    document = {"dt-stamp": ["2023-01-01 00:00:00", "2023-01-01 00:10:00"], "soc": [1, 2]}
    async with answering(conflict(0)) as client:
        counts = await simulation._post(client, [Post(0, 1, "late", document)])
    expected = {"posts": 1, "readings": 2, "late": 2, "stored": 1, "conflicts": 1}
    assert dict(counts) == expected
    assert simulation._told(counts) == ("1 posts, 2 readings, 1 stored, 2 late, 1 conflicts")
