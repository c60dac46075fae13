"""What a server is asked for the latest readings: how often, in which order, and what it reads."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from bson.objectid import ObjectId
from conftest import SetClock
from private_mongod import PrivateMongod
from pymongo import AsyncMongoClient, MongoClient
from pymongo.monitoring import CommandListener, CommandStartedEvent

from storage import Store
from storage.database import Document
from storage.documents import day_document, reading_document
from storage.ids import DAY_SECONDS, day_of, reading_id
from storage.newest import Newest

ROW = (1.0, 2.0, 3.0, True, False, False)
NOW = SetClock.now
WEEK = 7 * DAY_SECONDS


class Asked(CommandListener):
    """Keeps the aggregations; what collections they read, in which order."""

    def __init__(self) -> None:
        self.commands: list[Document] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == "getMore":
            self.commands.append({"aggregate": "more", "pipeline": []})
        if event.command_name == "aggregate":
            command = {name: event.command[name] for name in ("aggregate", "pipeline", "cursor")}
            self.commands.append(command)

    def succeeded(self, event: Any) -> None:
        """Say nothing: what was asked counts."""

    def failed(self, event: Any) -> None:
        """Say nothing, as above."""

    def collections(self) -> list[dict[str, int]]:
        """How often each command since the last call reads each collection, in their order."""
        commands, self.commands = self.commands, []
        return [Counter(self._read_by(command)) for command in commands]

    def _read_by(self, command: Document) -> Iterator[str]:
        yield command["aggregate"]
        for stage in command["pipeline"]:
            if "$unionWith" in stage:
                yield stage["$unionWith"]["coll"]


@pytest.fixture
async def watched(
    mongod: PrivateMongod, real_database: Any, schemas: dict[str, Any], clock: SetClock
) -> AsyncIterator[tuple[Store, Asked]]:
    asked = Asked()
    async with AsyncMongoClient[Document](mongod.uri, event_listeners=[asked]) as client:
        store = Store(client[real_database.name], schemas=schemas, clock=clock)
        await store.prepare()
        yield store, asked
        await store.close()


async def load(store: Store, sites: int, rows: int = 1, *, instant: int = NOW) -> None:
    """Make sites with their newest row at an instant, and the others before it."""
    named = [{"_id": id_, "name": "Any", "location": "x"} for id_ in range(1, sites + 1)]
    live = [reading_document(s, instant - i, ROW) for s in range(1, sites + 1) for i in range(rows)]
    for name, documents in (("sites", named), ("live", live)):
        collection = store.database.raw[name]
        await collection.insert_many(documents, ordered=False, bypass_document_validation=True)


async def test_days_are_asked_in_a_second_trip_and_at_once_when_the_site_was_silent(
    watched: tuple[Store, Asked],
) -> None:
    store, asked = watched
    await load(store, 3)
    newest = Newest(store.database)
    sites = range(1, 4)
    await store.database.live.delete_many({"_id": reading_id(2, NOW)})
    for expected in (
        [{"sites": 1, "live": 3}, {"days": 1}],
        [{"sites": 1, "live": 3, "days": 1}],
    ):
        await asyncio.gather(*(newest.of(site_id) for site_id in sites))
        assert asked.collections() == expected
    await store.database.live.insert_one(reading_document(2, NOW, ROW))
    for expected in ([{"sites": 1, "live": 3, "days": 1}], [{"sites": 1, "live": 3}]):
        await newest.of_many(sites)
        assert asked.collections() == expected


async def test_days_of_an_unknown_site_are_not_asked_for(watched: tuple[Store, Asked]) -> None:
    store, asked = watched
    assert await Newest(store.database).of(99) == (False, None)
    assert asked.collections() == [{"sites": 1, "live": 1}]


async def test_many_answers_come_in_one_reply(watched: tuple[Store, Asked]) -> None:
    store, asked = watched
    await load(store, 150)
    assert len(await Newest(store.database).of_many(range(1, 151))) == 150
    assert asked.collections() == [{"sites": 1, "live": 150}]


async def test_days_before_that_of_the_row_in_live_are_not_looked_at(
    watched: tuple[Store, Asked], mongod: PrivateMongod
) -> None:
    store, asked = watched
    await load(store, 1, instant=NOW - WEEK)
    days = range(day_of(NOW - WEEK) - 9, day_of(NOW - WEEK))
    await store.database.days.insert_many([day_document(1, d, ObjectId(), {}) for d in days])
    await Newest(store.database).of(1)
    explain = {"explain": asked.commands[1], "verbosity": "executionStats"}
    with MongoClient[Document](mongod.uri) as client:
        stats = client[store.database.raw.name].command(explain)
    assert [*examined(stats)] == [(0, 0)]


async def test_live_is_read_before_days(watched: tuple[Store, Asked]) -> None:
    store, asked = watched
    await load(store, 2, instant=NOW - WEEK)
    newest = Newest(store.database)
    await newest.of_many([1, 2])
    await newest.of_many([1, 2])
    read = [[*command] for command in asked.collections()]
    again = ["sites", "live"]
    assert read == [["sites", "live"], ["days"], again, ["sites", "live", "days"], again]


async def test_no_reading_is_missed_while_it_moves_from_live_to_days(real_store: Store) -> None:
    sites = 60
    await load(real_store, sites, instant=NOW - WEEK)
    newest = Newest(real_store.database)
    sealing = asyncio.create_task(real_store.live.seal())
    while not sealing.done():
        found = await newest.of_many(range(1, sites + 1))
        assert found == dict.fromkeys(range(1, sites + 1), (NOW - WEEK, ROW))
    assert (await sealing).readings == sites


def examined(explained: Any) -> Iterator[tuple[int, int]]:
    """The keys and documents that each part of an explained aggregation has examined."""
    if isinstance(explained, dict):
        if "totalKeysExamined" in explained:
            yield explained["totalKeysExamined"], explained["totalDocsExamined"]
        explained = explained.values()
    elif not isinstance(explained, list):
        return
    for part in explained:
        yield from examined(part)


@pytest.mark.parametrize("rows", [1_000, 100_000])
async def test_keys_and_documents_examined_are_those_of_the_sites_asked_for(
    watched: tuple[Store, Asked], mongod: PrivateMongod, rows: int
) -> None:
    store, asked = watched
    await load(store, 100, rows // 100, instant=NOW - WEEK)
    last = day_of(NOW - WEEK)
    days = [
        day_document(s, day, ObjectId(), {day * DAY_SECONDS + second: ROW for second in range(9)})
        for s in range(1, 101)
        for day in range(last - rows // 1_000, last + 1)
    ]
    await store.database.days.insert_many(days)
    newest = Newest(store.database)
    for _ in range(2):
        await newest.of_many(range(11, 31))
        await newest.of(50)
    with MongoClient[Document](mongod.uri) as client:
        database = client[store.database.raw.name]
        for command in asked.commands[:]:
            stats = database.command({"explain": command, "verbosity": "executionStats"})
            judge(command, [*examined(stats)])


def judge(command: Document, parts: list[tuple[int, int]]) -> None:
    """Hold what was examined against what was asked for: some sites, and one row a question."""
    listed = command["pipeline"][0]["$match"]["_id"].get("$in", ())
    questions = sum("$unionWith" in stage for stage in command["pipeline"]) + (not listed)
    assert len(parts) == questions + bool(listed)
    keys, documents = (sum(numbers) for numbers in zip(*parts, strict=True))
    assert documents == questions + len(listed)
    assert keys <= questions + 2 * len(listed) + 1
