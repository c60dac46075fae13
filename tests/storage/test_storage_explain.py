"""No query, update or delete of the storage examines much more than what it asks for."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import pymongo
import pytest
from bson.objectid import ObjectId
from private_mongod import PrivateMongod
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.errors import OperationFailure
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)
from sweeping import go_on

from storage import Key, KeysExist, ReadingsConflict, Store
from storage.database import Document
from storage.documents import day_document
from storage.ids import day_of, reading_id
from storage.layout import INDEXES

NOW = 1_700_000_000
DAY = 86_400
ROW = (1.0, 2.0, 3.0, True, False, False)
EXPLAINED = {"find", "aggregate", "update", "delete", "findAndModify"}
OF_A_QUERY = {
    *("find", "filter", "sort", "limit", "projection", "hint", "skip", "singleBatch"),
    *("aggregate", "pipeline", "cursor", "update", "updates", "delete", "deletes"),
    *("findAndModify", "query", "new", "upsert", "fields"),
}


class Examiner(CommandListener):
    """Explains each command just before it runs, and keeps what examines too much."""

    def __init__(self, uri: str) -> None:
        self._client: pymongo.MongoClient[Document] = pymongo.MongoClient(uri)
        self.seen: set[tuple[str, str]] = set()
        self.offences: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in EXPLAINED:
            self.seen.add((event.command_name, event.command[event.command_name]))
            for command in statements(event.command):
                self._examine(event.database_name, command)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Say nothing: what counts was found out before."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Say nothing, as above."""

    def close(self) -> None:
        self._client.close()

    def _examine(self, database: str, command: Document) -> None:
        explain = {"explain": command, "verbosity": "executionStats"}
        try:
            explained = self._client[database].command(explain)
        except OperationFailure as error:
            self.offences.append(f"{error}: {command}")
            return
        looks = list(executions(explained))
        assert looks, explained
        for stats in looks:
            keys, documents = stats["totalKeysExamined"], stats["totalDocsExamined"]
            found = touched(stats["executionStages"], stats["nReturned"])
            if documents > 2 + 2 * found or keys > 2 + 2 * max(found, asked(command)):
                self.offences.append(f"{keys} keys, {documents} documents for {found}: {command}")


def executions(explained: Any) -> Iterator[Document]:
    """What each look of a command did: an aggregation may look at more than one collection."""
    if isinstance(explained, dict):
        if "executionStats" in explained:
            yield explained["executionStats"]
            return
        for part in explained.values():
            yield from executions(part)
    elif isinstance(explained, list):
        for part in explained:
            yield from executions(part)


def statements(command: Any) -> Iterator[Document]:
    """The command without what belongs to its session; of a bulk each of the first statements."""
    query = {name: value for name, value in command.items() if name in OF_A_QUERY}
    for bulk in ("updates", "deletes"):
        if bulk in query:
            yield from ({**query, bulk: [statement]} for statement in query[bulk][:5])
            return
    yield query


def asked(command: Document) -> int:
    """How many documents a find names, by its limit and its list of ids, or its list of spans."""
    spans = command.get("filter", {}).get("$or", ())
    condition = command.get("filter", {}).get("_id")
    listed = condition.get("$in", ()) if isinstance(condition, dict) else ()
    return max(int(command.get("limit", 0)), len(listed)) or len(spans)


def touched(stage: Document, returned: int) -> int:
    return max(returned, stage.get("nMatched", 0), stage.get("nWouldDelete", 0))


def site(site_id: int, rows: int) -> Document:
    """A site whose name or whose location is one of many; few have both, and these are the last."""
    if site_id <= rows // 10:
        return {"_id": site_id, "version": 2, "deleted_at": NOW}
    both = site_id > rows - 20
    name = "common" if both or site_id % 2 else f"n{site_id}"
    location = "north" if both or not site_id % 2 else f"l{site_id}"
    place = {"name": name, "location": location, "time_zone": "UTC"}
    return {"_id": site_id, **place, "configurations": [], "version": 1}


def days(rows: int) -> list[Document]:
    """Settled days: a long history of the last site, one after the other, and of some others."""
    long = [(rows, day_of(NOW) - 30 - i) for i in range(rows // 50)]
    others = [(site_id, day_of(NOW) - i) for site_id in (1, rows - 1) for i in range(100, 110)]
    return [
        day_document(site_id, day, ObjectId(), {day * DAY + i: ROW for i in range(9)})
        for site_id, day in long + others
    ]


def key(number: int, rows: int) -> Document:
    """A key; a tenth of them may do everything, and all of these but one have expired."""
    admin = {"expires_at": NOW - number} if number else {}
    rights = {"scopes": ["admin", "read"], **admin} if number % 10 == 0 else {"scopes": ["read"]}
    return {"_id": f"{number:012x}", "digest": "0" * 64, "created_at": NOW - rows, **rights}


async def load(database: Any, rows: int) -> None:
    quick = {"write_concern": WriteConcern(w=1)}
    reading = {"s": 1.0, "l": 2.0, "n": 3.0, "p": True, "b": False, "c": False}
    sites = [site(site_id, rows) for site_id in range(1, rows + 1)]
    own = [{"_id": reading_id(rows, t), **reading} for t in range(rows)]
    doomed = [{"_id": reading_id(s, t), **reading} for s in (1, rows - 1) for t in range(1_500)]
    for name, documents in (("sites", sites), ("live", own + doomed), ("days", days(rows))):
        collection = database.get_collection(name, **quick)
        await collection.insert_many(documents, ordered=False, bypass_document_validation=True)
    keys = [key(number, rows) for number in range(rows // 10)]
    await database["keys"].insert_many(keys, bypass_document_validation=True)
    await database["counters"].insert_one({"_id": "sites", "last": max(0, rows - 1_500)})
    await database["retired"].insert_many([{"_id": 5 * i} for i in range(1, rows // 50)])


async def tour(store: Store, rows: int) -> None:
    """Call everything the store offers."""
    await store.ping()
    await tour_of_sites(store, rows)
    await tour_of_configurations(store, rows)
    await tour_of_live(store, rows)
    await store.sites.delete(rows - 2)
    await sweep_after_an_hour(store, rows // 10)
    await tour_of_keys(store)
    await tour_of_upkeep(store)


async def sweep_after_an_hour(store: Store, marks: int) -> None:
    """Sweep twice; of the many marks that have waited long enough by then, a few are left."""
    await store.sites.sweep()
    deletion = store.sites._deletion
    assert len(deletion._known) > marks
    go_on(store, 3_600)
    deletion._known = dict.fromkeys(sorted(deletion._known)[:3], 0)
    await store.sites.sweep()


async def tour_of_keys(store: Store) -> None:
    new = Key("a" * 12, "1" * 64, frozenset({"admin"}), frozenset({1}), None, NOW, NOW + 60)
    await store.keys.create(new)
    with pytest.raises(KeysExist):
        await store.keys.create(new._replace(id="b" * 12), first=True)
    for after in (None, f"{50:012x}"):
        await store.keys.list(limit=3, after=after)
    for now in (NOW, NOW + 100):
        assert await store.keys.has_admin(now=now)
    assert await store.keys.find(new.id) == new
    assert await store.keys.exist(at_once=True)
    await store.keys.rotate(new.id, "c" * 12, "2" * 64, grace=5, now=NOW)
    await store.keys.rotate(new.id, "d" * 12, "2" * 64, grace=0, now=NOW)
    await store.keys.revoke("c" * 12)


async def tour_of_upkeep(store: Store) -> None:
    for owner in ("one", "two"):
        await store.lease.take("upkeep", owner, seconds=60)
    await store.lease.leave("upkeep", "one")
    assert await store.retention.remove(days=35) > 0
    await store.database.counters.delete_one({"_id": "upgraded"})
    await store._upgrades.run()


async def tour_of_sites(store: Store, rows: int) -> None:
    await store.sites.create([{"name": "New", "location": "east"}])
    named: Any = [{"id": rows + i, "name": "New", "location": "east"} for i in (50, 60)]
    await store.sites.create(named)
    await store.sites.create([*named, {"name": "New", "location": "east"}])
    for location in (None, "north", f"l{rows - 31}"):
        for name in (None, "common", f"n{rows - 30}"):
            for after in (None, rows // 2):
                await store.sites.list(location=location, name=name, limit=3, after=after)
            own = range(rows - 40, rows + 40, 3)
            await store.sites.list(location=location, name=name, limit=9, after=1, among=own)
    await store.sites.update(rows - 1, {"time_zone": "Asia/Tokyo"}, lambda site: None)
    await store.sites.get(rows)


async def tour_of_configurations(store: Store, rows: int) -> None:
    unit: Any = {"units": 1}
    configuration: Any = {
        "battery": {"vendor": "KATL", "capacity_kwh": 1, "max_power_kw": 1},
        "production": {"pv": unit, "bio": unit, "cro": unit},
    }
    await store.configurations.push(rows, configuration, effective_from=None, now=NOW)
    await store.configurations.get(rows, at=NOW)
    await store.configurations.get_revision(rows, 1)
    await store.configurations.list(rows)
    await store.configurations.stretches(rows, start=0, end=NOW)


async def tour_of_live(store: Store, rows: int) -> None:
    for then in (NOW, NOW - 2 * DAY, NOW - 9 * DAY):
        await tour_of_pushes(store, rows, then)
    await store.live.push(rows, {NOW - i * DAY: (9.0, *ROW[1:]) for i in range(40)}, overwrite=True)
    await store.live.latest(rows)
    await store.live.latest(rows - 1)
    await store.live.latest(rows - 1)
    await store.fleet.latest(limit=40, after=rows - 30)
    await store.fleet.latest(limit=4, after=rows - 30, among=range(1, rows, rows // 20))
    await store.fleet.push({rows - i: {NOW + 5_000: ROW} for i in range(3)})
    for descending in (False, True):
        for limit in (20, 300):
            asked = {"start": 9, "end": 2**32, "descending": descending, "limit": limit}
            page = await store.live.list(rows, **asked)  # type: ignore[arg-type]
            assert await store.live.unchanged(rows, page.mark, **asked)  # type: ignore[arg-type]
    await store.live.delete(rows, start=10, end=20)
    await store.live.delete(rows, start=NOW - 20 * DAY, end=NOW - 10 * DAY)
    await store.live.delete(rows - 1, start=0, end=2**32)
    await store.live.seal()


async def tour_of_pushes(store: Store, rows: int, then: int) -> None:
    await store.live.push(rows, {then: ROW})
    await store.live.push(rows, {then: ROW})
    with pytest.raises(ReadingsConflict):
        await store.live.push(rows, {then: (9.0, *ROW[1:])})
    await store.live.push(rows, {then + i: ROW for i in range(500)})
    await store.live.push(rows, {then + i: (9.0, *ROW[1:]) for i in range(500)}, overwrite=True)
    await store.live.push(rows, {then + i: ROW for i in range(1_500)}, dry_run=True, overwrite=True)


async def the_time() -> int:
    return NOW


@pytest.fixture
async def examined(
    mongod: PrivateMongod, real_database: Any, schemas: dict[str, Any]
) -> AsyncIterator[tuple[Store, Examiner]]:
    examiner = Examiner(mongod.uri)
    async with AsyncMongoClient[Document](mongod.uri, event_listeners=[examiner]) as client:
        store = Store(client[real_database.name], schemas=schemas, clock=the_time)
        await store.prepare()
        yield store, examiner
        await store.close()
    examiner.close()


@pytest.mark.parametrize("rows", [1_000, 100_000])
async def test_nothing_examines_more_than_twice_what_it_asks_for(
    examined: tuple[Store, Examiner], real_database: Any, rows: int
) -> None:
    store, examiner = examined
    await load(real_database, rows)
    await tour(store, rows)
    assert examiner.offences == []
    assert examiner.seen == {
        *((command, "sites") for command in ("aggregate", "find", "update", "delete")),
        *((command, "live") for command in ("aggregate", "find", "update", "delete")),
        *((command, "days") for command in ("aggregate", "find", "update", "delete")),
        *((command, "leases") for command in ("update", "delete")),
        *((command, "counters") for command in ("find", "findAndModify", "update", "delete")),
        *((command, "keys") for command in ("find", "update", "delete")),
        *((command, "retired") for command in ("find", "update")),
    }


@pytest.mark.parametrize("index", [index.document["name"] for index in INDEXES["sites"]])
async def test_every_index_is_missed_when_it_is_dropped(
    examined: tuple[Store, Examiner], real_database: Any, index: str
) -> None:
    store, examiner = examined
    await load(real_database, 1_000)
    await real_database["sites"].drop_index(index)
    with suppress(OperationFailure):
        await tour(store, 1_000)
    assert examiner.offences != []
