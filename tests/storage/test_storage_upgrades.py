"""A store of an older version opens and reads the same; one of a newer version is left alone."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from mongomock_facade import Database as Mock
from pymongo.errors import WriteError
from sweeping import sweep_after

from storage import (
    NewerStore,
    NewSite,
    NotReady,
    Store,
    Unavailable,
    UnknownFormat,
    UnsuitableServer,
)
from storage.documents import FORMAT
from storage.layout import INDEXES
from storage.upgrades import Upgrades, known_format

OF_0_1_0: dict[str, Any] = json_util.loads(
    Path(__file__).with_name("store_of_0_1_0.json").read_text()
)
"""What version 0.1.0 wrote: the validator and the documents of each of its collections."""

NOW = 1_700_000_000
ROW = (1.0, 2.0, 3.0, True, False, True)
EACH_TEN_MINUTES = {NOW + 600 * i: (i, i / 4, 1e9, bool(i % 2), False, True) for i in range(5)}
"""What was pushed to site 7."""


def store_on(database: Any, schemas: dict[str, Any]) -> Store:
    """A store that has not been prepared yet."""
    return Store(database, schemas=schemas, plain=isinstance(database, Mock))


@pytest.fixture
async def old(database: Any, schemas: dict[str, Any]) -> Store:
    """A store of format 0, not prepared yet."""
    for name, documents in OF_0_1_0["documents"].items():
        real = not isinstance(database, Mock)
        await database.create_collection(
            name, **({"validator": OF_0_1_0["validators"][name]} if real else {})
        )
        if name in INDEXES:
            await database[name].create_indexes(INDEXES[name])
        if documents:
            await database[name].insert_many([dict(document) for document in documents])
    return store_on(database, schemas)


async def documents_of(database: Any) -> dict[str, list[Any]]:
    return {
        name: sorted([d async for d in database[name].find({})], key=lambda d: str(d["_id"]))
        for name in OF_0_1_0["documents"]
    }


async def formats(store: Store) -> dict[int, int]:
    return {s["_id"]: s.get("format", 0) async for s in store.database.sites.find({})}


async def test_a_store_of_0_1_0_reads_as_it_did(old: Store) -> None:
    await old.prepare()
    page = await old.sites.list(location=None, name=None, limit=9, after=None)
    assert [site["name"] for site in page.sites] == ["Willo Woods", "Given", "Sun & Söhne"]
    assert page.sites[2]["time_zone"] == "Europe/Berlin"
    history = OF_0_1_0["documents"]["sites"][0]["configurations"]
    assert await old.configurations.list(1) == history[::-1]
    assert await old.live.latest(1) == (NOW, (100, 0, 0, False, True, False))
    assert (await old.live.push(7, EACH_TEN_MINUTES)).unchanged == 5


async def test_every_site_has_the_format_afterwards_and_says_what_it_said(old: Store) -> None:
    before = await documents_of(old.database.raw)
    await old.prepare()
    after = await documents_of(old.database.raw)
    assert after["sites"] == [{**site, "format": FORMAT} for site in before["sites"]]
    marks = [{"_id": name, "last": FORMAT} for name in ("format", "upgraded")]
    assert after["counters"] == [marks[0], *before["counters"], marks[1]]
    assert (after["live"], after["retired"]) == (before["live"], before["retired"])


async def test_a_reading_of_0_1_0_gets_the_format_when_it_is_replaced(old: Store) -> None:
    await old.prepare()
    await old.live.push(1, {NOW: (5.0, 0, 0, False, True, False)}, overwrite=True)
    written = await old.database.live.find_one({"_id": 1 << 32 | NOW})
    assert written is None or written["f"] == FORMAT
    assert (await old.live.latest(1))[1][0] == 5


async def test_a_site_of_0_1_0_that_was_being_deleted_is_purged(old: Store) -> None:
    await old.prepare()
    await sweep_after(old, 3_600)
    assert await formats(old) == {1: FORMAT, 2: FORMAT, 7: FORMAT}
    given = await old.sites.create([{"name": "Next", "location": "east"}])
    assert given.sites[0]["id"] == 3


async def test_more_sites_than_one_command_changes_are_all_upgraded(
    old: Store, schemas: dict[str, Any]
) -> None:
    site = {**OF_0_1_0["documents"]["sites"][1]}
    await old.database.sites.insert_many([{**site, "_id": 10 + n} for n in range(2_500)])
    await asyncio.gather(*(store_on(old.database.raw, schemas).prepare() for _ in range(4)))
    assert set((await formats(old)).values()) == {FORMAT}


async def test_workers_that_build_the_same_indexes_at_once_all_come_through(
    real_database: Any, schemas: dict[str, Any]
) -> None:
    site = {**OF_0_1_0["documents"]["sites"][1]}
    await real_database["sites"].insert_many([{**site, "_id": 10 + n} for n in range(2_500)])

    async def worker() -> Store:
        store = Store(real_database, schemas=schemas)
        while not store.database.prepared:
            with suppress(Unavailable):
                await store.prepare()
        return store

    stores = await asyncio.gather(*(worker() for _ in range(4)))
    assert set((await formats(stores[0])).values()) == {FORMAT}


async def test_an_upgrade_that_a_crash_cut_short_is_finished_by_the_next(
    old: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = {**OF_0_1_0["documents"]["sites"][1]}
    await old.database.sites.insert_many([{**site, "_id": 10 + n} for n in range(1_500)])
    some = Upgrades._upgrade_sites

    async def crashes_in_the_middle(self: Upgrades, after: int) -> int | None:
        if after:
            raise Unavailable("gone")
        return await some(self, after)

    with monkeypatch.context() as patch:
        patch.setattr(Upgrades, "_upgrade_sites", crashes_in_the_middle)
        with pytest.raises(Unavailable):
            await old.prepare()
    assert set((await formats(old)).values()) == {0, FORMAT}
    assert await known_format(old.database) == FORMAT
    with pytest.raises(Unavailable):
        await old.sites.get(1)
    await old.prepare()
    assert set((await formats(old)).values()) == {FORMAT}
    assert (await old.sites.get(1))["name"] == "Willo Woods"


async def test_a_change_to_a_site_beside_the_upgrade_is_not_lost(
    old: Store, schemas: dict[str, Any]
) -> None:
    await old.prepare()
    await old.database.sites.update_many({}, {"$unset": {"format": ""}})
    await old.database.counters.delete_one({"_id": "upgraded"})
    await asyncio.gather(
        old.sites.update(1, {"name": "Renamed"}, lambda site: None),
        store_on(old.database.raw, schemas).prepare(),
        old.sites.update(7, {"location": "west"}, lambda site: None),
    )
    assert (await old.sites.get(1))["name"] == "Renamed"
    assert (await old.sites.get(7))["location"] == "west"
    assert set((await formats(old)).values()) == {FORMAT}


async def test_a_new_store_has_the_format_from_the_start(store: Store) -> None:
    for name in ("format", "upgraded"):
        marker = await store.database.counters.find_one({"_id": name})
        assert marker == {"_id": name, "last": FORMAT}
    unnamed: NewSite = {"name": "Any", "location": "north"}
    await store.sites.create([unnamed])
    assert await formats(store) == {1: FORMAT}


async def test_a_store_of_the_format_is_not_walked_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Upgrades, "_upgrade_sites", None)
    await store.prepare()


async def test_the_validators_of_a_new_program_take_what_0_1_0_wrote(
    real_store: Store,
) -> None:
    for name, documents in OF_0_1_0["documents"].items():
        if name != "counters":
            await real_store.database.raw[name].insert_many([dict(d) for d in documents])


async def test_a_format_that_is_none_is_refused(real_store: Store) -> None:
    reading = OF_0_1_0["documents"]["live"][0]
    for none in (FORMAT + 1, -1, "1", True):
        with pytest.raises(WriteError):
            await real_store.database.live.insert_one({**reading, "f": none})


async def test_a_newer_store_is_refused_and_nothing_of_it_is_changed(
    real_store: Store, schemas: dict[str, Any]
) -> None:
    await real_store.sites.create([{"name": "Any", "location": "north"}])
    await real_store.database.counters.update_one({"_id": "format"}, {"$set": {"last": FORMAT + 1}})
    await real_store.database.raw.drop_collection("days")
    again = Store(real_store.database.raw, schemas=schemas)
    for refused in (again.prepare(), again.ping()):
        with pytest.raises(NewerStore, match=f"format {FORMAT + 1}.*up to {FORMAT}"):
            await refused
    with pytest.raises(NotReady, match=f"format {FORMAT + 1}") as refusal:
        await real_store.ready()
    assert refusal.value.kind == "unsuitable"
    assert "days" not in await real_store.database.raw.list_collection_names()
    with pytest.raises(Unavailable):
        await again.sites.get(1)


@pytest.mark.parametrize("name", ["live", "days"])
async def test_a_reading_or_a_day_of_a_newer_format_is_refused_when_it_is_read(
    real_store: Store, clock: Any, name: str
) -> None:
    await real_store.sites.create([{"name": "Any", "location": "north"}])
    then = clock.now - (86_400 * 9 if name == "days" else 60)
    await real_store.live.push(1, {then: ROW})
    await real_store.database.raw.command({"collMod": name, "validator": {}})
    changed = await real_store.database.raw[name].update_many({}, {"$set": {"f": FORMAT + 1}})
    assert changed.modified_count == 1
    for refused in (
        real_store.live.latest(1),
        real_store.live.list(1, start=0, end=2**32, descending=False, limit=9),
        real_store.live.push(1, {then: ROW}),
    ):
        with pytest.raises(UnknownFormat, match="a newer sitewatt"):
            await refused


def test_a_newer_store_is_answered_as_an_unsuitable_server() -> None:
    assert issubclass(NewerStore, UnsuitableServer)
