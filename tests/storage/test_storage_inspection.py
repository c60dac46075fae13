"""An inspection finds each thing that can be wrong with a store, and nothing in a sound one."""

from collections import Counter
from typing import Any

import pytest
from bson.int64 import Int64
from bson.objectid import ObjectId

from storage import NewerStore, Store
from storage.database import Database
from storage.documents import FORMAT, day_document
from storage.findings import Finding
from storage.ids import DAY_SECONDS, day_id, reading_id
from storage.inspection import Census, Inspection
from storage.validators import validators

TODAY = 20_000
NOW = TODAY * DAY_SECONDS + 40_000
OLD = TODAY - 10
ROW = (1.0, 2.0, 3.0, True, False, True)
VALUES = {"s": 1.0, "l": 2.0, "n": 3.0, "p": True, "b": False, "c": True}
UNIT = {"units": 1}
BUILT = {
    "battery": {"vendor": "KATL", "capacity_kwh": 1, "max_power_kw": 1},
    "production": {"pv": UNIT, "bio": UNIT, "cro": UNIT},
}


def site(site_id: int, **fields: Any) -> dict[str, Any]:
    place = {"name": "Any", "location": "north", "time_zone": "UTC"}
    history = {"configurations": [], "version": 1, "format": FORMAT}
    return {"_id": site_id, **place, **history, **fields}


def revision(number: int, **fields: Any) -> dict[str, Any]:
    return {"revision": number, "effective_from": 0, "recorded_at": NOW, **BUILT, **fields}


def reading(site_id: int, instant: int, **fields: Any) -> dict[str, Any]:
    return {"_id": reading_id(site_id, instant), "f": 1, **VALUES, **fields}


def day(site_id: int, number: int, seconds: tuple[int, ...] = (0, 600), **fields: Any) -> Any:
    rows = {number * DAY_SECONDS + second: ROW for second in seconds}
    return {**day_document(site_id, number, ObjectId(), rows), **fields}


@pytest.fixture
async def inspected(real_store: Store, clock: Any) -> Store:
    """A sound store with something of everything."""
    clock.now = NOW
    store = real_store
    database = store.database
    history = [revision(1), revision(2, effective_from=NOW + 10**6)]
    await database.sites.insert_many([site(1), site(2, configurations=history), site(2**31 - 1)])
    await database.counters.insert_one({"_id": "sites", "last": 2**31 - 1})
    for site_id in (1, 2, 2**31 - 1):
        await database.live.insert_many([reading(site_id, NOW - 600 * n) for n in range(3)])
        await database.live.insert_one(reading(site_id, NOW + 86_400))
        await database.days.insert_many([day(site_id, OLD), day(site_id, TODAY - 3)])
    await database.live.insert_one(reading(2, (OLD + 1) * DAY_SECONDS))
    return store


async def found(store: Store) -> list[Finding]:
    return [finding async for finding in store.inspection().findings()]


async def plant(store: Store, name: str, *documents: dict[str, Any]) -> None:
    """Write behind the store's back what it would never write."""
    collection = store.database.raw[name]
    for document in documents:
        await collection.delete_one({"_id": document["_id"]})
    await collection.insert_many(documents, bypass_document_validation=True)


async def test_nothing_is_found_in_a_sound_store_and_all_of_it_is_counted(
    inspected: Store,
) -> None:
    inspection = inspected.inspection()
    assert [finding async for finding in inspection.findings()] == []
    assert inspection.census == Census(
        sites=3, deleted=0, live_readings=13, unsealed_readings=1, days=6, settled_readings=12
    )


WRONG: dict[str, tuple[str, Any, str]] = {
    "a site without a name": (
        "sites",
        {"_id": 5, "format": 1, "version": 1},
        "broken document: sites: site 5: it breaks the rules",
    ),
    "a site with a history that is none": (
        "sites",
        site(5, configurations=[1]),
        "broken document: sites: site 5",
    ),
    "a site in a newer format": (
        "sites",
        site(5, format=2, colour="red"),
        "newer format: sites: site 5: it has format 2, and this program knows formats up to 1",
    ),
    "a revision that is missing": (
        "sites",
        site(5, configurations=[revision(1), revision(3)]),
        "revision numbers: sites: site 5: its revisions",
    ),
    "a revision twice": (
        "sites",
        site(5, configurations=[revision(1), revision(1)]),
        "revision numbers: sites: site 5",
    ),
    "a history that begins with 2": (
        "sites",
        site(5, configurations=[revision(2)]),
        "revision numbers: sites: site 5",
    ),
    "a revision from the future": (
        "sites",
        site(5, configurations=[revision(1, recorded_at=NOW + 86_401)]),
        "implausible instant: sites: site 5: revision 1 was recorded at 2024-10-05T11:06:41Z",
    ),
    "a revision before 1970": (
        "sites",
        site(5, configurations=[revision(1, effective_from=-1)]),
        "implausible instant: sites: site 5: revision 1 is in force from second -1",
    ),
    "a deletion in the future": (
        "sites",
        {"_id": 5, "version": 2, "deleted_at": NOW * 1000},
        "implausible instant: sites: site 5: its deletion is of second ",
    ),
    "a time zone that is none": (
        "sites",
        site(5, time_zone="Mars/Olympus"),
        "unknown time zone: sites: site 5",
    ),
    "a time zone that is a way out": (
        "sites",
        site(5, time_zone="../../etc/passwd"),
        "unknown time zone: sites: site 5",
    ),
    "a reading without a value": (
        "live",
        {"_id": reading_id(1, NOW), "f": 1},
        "broken document: live: site 1, 2024-10-04T11:06:40Z: it breaks the rules",
    ),
    "a reading out of range": (
        "live",
        reading(1, NOW, s=100.5),
        "broken document: live: site 1, 2024-10-04T11:06:40Z",
    ),
    "a reading with a text for its id": (
        "live",
        {**reading(1, NOW), "_id": "abc"},
        "broken document: live: 'abc'",
    ),
    "a reading with no number for its id": (
        "live",
        {**reading(1, NOW), "_id": float("nan")},
        "broken document: live: 'nan'",
    ),
    "a reading with a negative id": (
        "live",
        {**reading(1, NOW), "_id": Int64(5 - 2**32)},
        "no such site: live: there are documents of site -1, and",
    ),
    "a reading in a newer format": (
        "live",
        reading(1, NOW, f=7),
        "newer format: live: site 1, 2024-10-04T11:06:40Z: it has format 7",
    ),
    "a reading of no site": (
        "live",
        reading(77, NOW),
        "no such site: live: there are documents of site 77, and there is no such site",
    ),
    "a reading of the far future": (
        "live",
        reading(1, NOW + 86_401),
        "far future: live: site 1, 2024-10-05T11:06:41Z: it is more than 24 h ahead",
    ),
    "a day with a column that is none": (
        "days",
        day(1, OLD, s=5),
        "broken document: days: site 1, 2024-09-24: it breaks",
    ),
    "a day with a value out of range": (
        "days",
        day(1, OLD, s=[1.0, -1.0]),
        "broken document: days: site 1, 2024-09-24",
    ),
    "a day without its version": (
        "days",
        {name: value for name, value in day(1, OLD).items() if name != "v"},
        "broken document: days: site 1, 2024-09-24",
    ),
    "a day with a second too many": (
        "days",
        day(1, OLD, t=[0, 86_400]),
        "broken document: days: site 1, 2024-09-24",
    ),
    "a day in a newer format": (
        "days",
        day(1, OLD, f=2),
        "newer format: days: site 1, 2024-09-24: it has format 2",
    ),
    "a day with a short column": (
        "days",
        day(1, OLD, b=[True]),
        "unequal columns: days: site 1, 2024-09-24: its columns have different lengths",
    ),
    "a day with a long column": (
        "days",
        day(1, OLD, t=[0, 600, 1200]),
        "unequal columns: days: site 1, 2024-09-24",
    ),
    "a day out of order": (
        "days",
        day(1, OLD, t=[600, 0]),
        "order of a day: days: site 1, 2024-09-24: its readings are not in order",
    ),
    "a day with an instant twice": (
        "days",
        day(1, OLD, t=[600, 600]),
        "order of a day: days: site 1, 2024-09-24",
    ),
    "a day of no site": (
        "days",
        day(77, OLD),
        "no such site: days: there are documents of site 77, and",
    ),
    "a day that was settled too early": (
        "days",
        day(1, TODAY - 2),
        "settled too early: days: site 1, 2024-10-02: it has not ended over 48 h ago",
    ),
    "a counter that counts in words": (
        "counters",
        {"_id": "sites", "last": "five"},
        "broken document: counters: 'sites'",
    ),
    "a retired id that is none": (
        "retired",
        {"_id": "five"},
        "broken document: retired: 'five'",
    ),
    "a key without its digest": (
        "keys",
        {"_id": "0" * 12, "scopes": ["read"], "created_at": 0},
        "broken document: keys: '000000000000'",
    ),
    "a lease without an end": (
        "leases",
        {"_id": "upkeep", "owner": "x"},
        "broken document: leases: 'upkeep'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_wrong_is_found_once_and_nothing_else_is(inspected: Store, case: str) -> None:
    name, document, said = WRONG[case]
    await plant(inspected, name, document)
    wrong = [finding for finding in await found(inspected) if finding.wrong]
    assert len(wrong) == 1, wrong
    assert f"{wrong[0].kind}: {wrong[0].text}".startswith(said)


NOTED: dict[str, tuple[str, Any, str]] = {
    "an empty day": ("days", day(1, OLD, ()), "days: site 1, 2024-09-24: it has no readings"),
    "a deleted site": (
        "sites",
        {"_id": 5, "version": 2, "deleted_at": NOW - 5},
        "sites: site 5: deleted at 2024-10-04T11:06:35Z, and its purge has not ended",
    ),
    "a counter that is behind": (
        "counters",
        {"_id": "sites", "last": 5},
        "counters: the last id given is 5, and there are ids up to 2147483647: those are skipped",
    ),
    "a lease that is held": (
        "leases",
        {"_id": "upkeep", "owner": "one", "until": NOW + 1},
        "leases: upkeep is held by one until 2024-10-04T11:06:41Z",
    ),
    "a lease that ran out": (
        "leases",
        {"_id": "upkeep", "owner": "one", "until": NOW},
        "leases: upkeep was held by one until 2024-10-04T11:06:40Z",
    ),
}


@pytest.mark.parametrize("case", NOTED)
async def test_what_is_worth_a_note_is_noted_once_and_is_not_wrong(
    inspected: Store, case: str
) -> None:
    name, document, said = NOTED[case]
    await plant(inspected, name, document)
    (finding,) = await found(inspected)
    assert not finding.wrong
    assert finding.text.startswith(said)


async def test_readings_left_beside_their_settled_day_are_noted_by_what_they_are(
    inspected: Store,
) -> None:
    start = OLD * DAY_SECONDS
    await inspected.database.live.insert_many(
        [reading(2, start), reading(2, start + 600, s=9.0), reading(2, start + 601)]
    )
    (finding,) = await found(inspected)
    assert not finding.wrong
    assert finding.text == (
        "days: site 2, 2024-09-24: 3 readings of this settled day are left in live:"
        " 1 as in its document, 1 with other values, 1 not in it yet"
    )


async def test_readings_left_over_that_go_beyond_a_chunk_are_noted_once(inspected: Store) -> None:
    start = OLD * DAY_SECONDS
    rows = [reading(2, start + second) for second in range(2_500)]
    await inspected.database.live.insert_many(rows)
    (finding,) = await found(inspected)
    assert "2500 readings" in finding.text


async def test_a_broken_day_does_not_hide_what_else_there_is(inspected: Store) -> None:
    start = OLD * DAY_SECONDS
    await plant(inspected, "days", day(1, OLD, s=5))
    await inspected.database.live.insert_many([reading(1, start), reading(2, start)])
    kinds = Counter(finding.kind for finding in await found(inspected))
    assert kinds == {"broken document": 1, "left in live": 1}


async def test_every_document_of_many_chunks_is_looked_at(inspected: Store) -> None:
    await inspected.database.sites.insert_many([site(n) for n in range(100, 2_600)])
    await plant(inspected, "live", *(reading(n, NOW, s=-1) for n in range(100, 2_600)))
    await plant(inspected, "days", *(day(n, OLD, t=[5, 4]) for n in range(100, 2_600)))
    inspection = inspected.inspection()
    kinds = Counter([finding.kind async for finding in inspection.findings()])
    assert kinds == {"broken document": 2_500, "order of a day": 2_500}
    assert (inspection.census.sites, inspection.census.days) == (2_503, 2_506)


async def test_a_site_that_is_none_is_said_once_however_much_there_is_of_it(
    inspected: Store,
) -> None:
    rows = [reading(77, NOW - second) for second in range(2_500)]
    await inspected.database.live.insert_many(rows)
    await inspected.database.days.insert_many([day(77, OLD - n) for n in range(40)])
    kinds = Counter(finding.kind for finding in await found(inspected))
    assert kinds == {"no such site": 2}


async def test_a_purge_that_ends_meanwhile_is_no_finding(
    inspected: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await inspected.database.live.insert_one(reading(77, NOW))
    await inspected.database.days.insert_one(day(77, OLD))
    unknown = Inspection._unknown

    async def purged_before(self: Inspection, name: str, site_ids: Any) -> list[int]:
        ids = await unknown(self, name, site_ids)
        await self.database.live.delete_one({"_id": reading_id(77, NOW)})
        await self.database.days.delete_one({"_id": day_id(77, OLD)})
        return ids

    monkeypatch.setattr(Inspection, "_unknown", purged_before)
    assert await found(inspected) == []


async def test_an_older_store_is_noted_and_inspected_as_it_is(
    real_database: Any, schemas: dict[str, Any]
) -> None:
    old = {name: value for name, value in site(1).items() if name != "format"}
    await real_database["sites"].insert_one(old)
    await real_database["live"].insert_one({"_id": reading_id(1, 5), **VALUES})
    inspection = Inspection(Database.of(real_database), validators(schemas))
    findings = [finding async for finding in inspection.findings()]
    assert [(finding.wrong, finding.kind) for finding in findings] == [
        (False, "format"),
        (False, "numbering"),
    ]
    assert inspection.census == Census(sites=1, live_readings=1, unsealed_readings=1)


async def test_a_newer_store_is_not_inspected(inspected: Store) -> None:
    await plant(inspected, "counters", {"_id": "format", "last": FORMAT + 1})
    with pytest.raises(NewerStore):
        await found(inspected)


async def test_an_inspection_writes_nothing(inspected: Store) -> None:
    async def everything() -> dict[str, list[Any]]:
        names = await inspected.database.raw.list_collection_names()
        return {n: [d async for d in inspected.database.raw[n].find({})] for n in sorted(names)}

    before = await everything()
    await found(inspected)
    assert await everything() == before
