"""What an inspection says of a document, and of readings that a merge has left behind.

The documents that are no longer sound are the server's to find: test_storage_inspection.py.
"""

from typing import Any

import mongomock_facade
import pytest
from bson.objectid import ObjectId

from storage import Store
from storage.documents import FORMAT, day_document, reading_document
from storage.findings import (
    AHEAD_SECONDS,
    Finding,
    day_findings,
    newer_format,
    note,
    place,
    reading_findings,
    site_findings,
    stamp,
    wrong,
)
from storage.ids import DAY_SECONDS, LAST_INSTANT, day_id, reading_id
from storage.inspection import Census, Inspection
from storage.leftovers import Leftovers
from storage.model import Values

NOW = 1_728_040_000
TODAY = NOW // DAY_SECONDS
OLD = TODAY - 10
ROW: Values = (1.0, 2.0, 3.0, True, False, True)
OTHER: Values = (9.0, 2.0, 3.0, True, False, True)


def site(**fields: Any) -> dict[str, Any]:
    return {"_id": 5, "time_zone": "UTC", "configurations": [], **fields}


def revision(number: int, **fields: Any) -> dict[str, Any]:
    return {"revision": number, "effective_from": 0, "recorded_at": NOW, **fields}


def day(number: int = OLD, **fields: Any) -> dict[str, Any]:
    rows = {number * DAY_SECONDS + second: ROW for second in (0, 600)}
    return {**day_document(5, number, ObjectId(), rows), **fields}


@pytest.mark.parametrize(
    ("name", "identity", "said"),
    [
        ("sites", 5, "sites: site 5"),
        ("retired", 5, "retired: site 5"),
        ("retired", "five", "retired: 'five'"),
        ("live", reading_id(5, NOW), "live: site 5, 2024-10-04T11:06:40Z"),
        ("live", reading_id(0, 0), "live: site 0, 1970-01-01T00:00:00Z"),
        ("live", 2**63 - 1, "live: site 2147483647, 2106-02-07T06:28:15Z"),
        ("live", 2**63, "live: '9223372036854775808'"),
        ("live", -1, "live: '-1'"),
        ("live", "abc", "live: 'abc'"),
        ("days", day_id(5, OLD), "days: site 5, 2024-09-24"),
        ("days", -1, "days: '-1'"),
        ("keys", 5, "keys: '5'"),
        ("leases", "x" * 61, f"leases: '{'x' * 60}'"),
    ],
)
def test_a_place_is_told_by_site_and_time_where_the_id_tells_them(
    name: str, identity: Any, said: str
) -> None:
    assert place(name, identity) == said


def test_an_instant_is_written_as_in_answers() -> None:
    assert stamp(NOW) == "2024-10-04T11:06:40Z"


@pytest.mark.parametrize("name", ["sites", "live", "days"])
def test_a_document_of_a_format_that_is_known_is_none_of_a_newer_one(name: str) -> None:
    field = "format" if name == "sites" else "f"
    for known in ({}, {field: 0}, {field: FORMAT}, {field: "two"}):
        assert newer_format(name, {"_id": 5, **known}) is None
    found = newer_format(name, {"_id": 5, field: FORMAT + 1})
    said = f"{place(name, 5)}: it has format 2, and this program knows formats up to 1"
    assert found == wrong("newer format", said)


SITES: list[tuple[dict[str, Any], list[Finding]]] = [
    (site(), []),
    (site(configurations=[revision(1), revision(2)]), []),
    (site(configurations=[revision(1, recorded_at=NOW + AHEAD_SECONDS)]), []),
    (site(configurations=[revision(1, recorded_at=0, effective_from=LAST_INSTANT)]), []),
    (
        site(time_zone="Mars/Olympus"),
        [wrong("unknown time zone", "sites: site 5: no time zone here has the name of its own")],
    ),
    (
        site(configurations=[revision(2), revision(1)]),
        [
            wrong(
                "revision numbers",
                "sites: site 5: its revisions are not numbered 1, 2, 3 and so on",
            )
        ],
    ),
    (
        site(configurations=[revision(1, recorded_at=-1)]),
        [wrong("implausible instant", "sites: site 5: revision 1 was recorded at second -1")],
    ),
    (
        site(configurations=[revision(1, recorded_at=NOW + AHEAD_SECONDS + 1)]),
        [
            wrong(
                "implausible instant",
                "sites: site 5: revision 1 was recorded at 2024-10-05T11:06:41Z",
            )
        ],
    ),
    (
        site(configurations=[revision(1, effective_from=-1)]),
        [wrong("implausible instant", "sites: site 5: revision 1 is in force from second -1")],
    ),
    (
        site(configurations=[revision(1, effective_from=LAST_INSTANT + 1)]),
        [
            wrong(
                "implausible instant",
                "sites: site 5: revision 1 is in force from second 4294967296",
            )
        ],
    ),
    (
        {"_id": 5, "deleted_at": NOW + AHEAD_SECONDS},
        [
            note(
                "waits for its purge",
                "sites: site 5: deleted at 2024-10-05T11:06:40Z, and its purge has not ended",
            )
        ],
    ),
    (
        {"_id": 5, "deleted_at": 0},
        [
            note(
                "waits for its purge",
                "sites: site 5: deleted at 1970-01-01T00:00:00Z, and its purge has not ended",
            )
        ],
    ),
    (
        {"_id": 5, "deleted_at": NOW + AHEAD_SECONDS + 1},
        [wrong("implausible instant", "sites: site 5: its deletion is of 2024-10-05T11:06:41Z")],
    ),
    (
        {"_id": 5, "deleted_at": -1},
        [wrong("implausible instant", "sites: site 5: its deletion is of second -1")],
    ),
]


@pytest.mark.parametrize(("document", "found"), SITES)
def test_of_a_site_is_said_what_it_must_not_be_and_nothing_of_a_sound_one(
    document: dict[str, Any], found: list[Finding]
) -> None:
    assert [*site_findings(document, NOW)] == found


def test_a_reading_is_up_to_a_day_ahead_of_the_clock() -> None:
    assert [*reading_findings(reading_id(5, NOW + AHEAD_SECONDS), NOW)] == []
    said = "live: site 5, 2024-10-05T11:06:41Z: it is more than 24 h ahead of the database's clock"
    late = reading_findings(reading_id(5, NOW + AHEAD_SECONDS + 1), NOW)
    assert [*late] == [wrong("far future", said)]


IN_DAYS = "days: site 5, 2024-09-24: "
DAYS: list[tuple[dict[str, Any], list[Finding]]] = [
    (day(), []),
    (day(TODAY - 3), []),
    (
        day(t=[0]),
        [wrong("unequal columns", f"{IN_DAYS}its columns have different lengths")],
    ),
    (
        day(c=[True]),
        [wrong("unequal columns", f"{IN_DAYS}its columns have different lengths")],
    ),
    (
        day_document(5, OLD, ObjectId(), {}),
        [note("empty day", f"{IN_DAYS}it has no readings, as after a push that broke off")],
    ),
    (
        day(t=[600, 600]),
        [wrong("order of a day", f"{IN_DAYS}its readings are not in order, or not once each")],
    ),
    (
        day(t=[600, 0]),
        [wrong("order of a day", f"{IN_DAYS}its readings are not in order, or not once each")],
    ),
    (
        day(TODAY - 2),
        [wrong("settled too early", "days: site 5, 2024-10-02: it has not ended over 48 h ago")],
    ),
]


@pytest.mark.parametrize(("document", "found"), DAYS)
def test_of_a_day_is_said_what_it_must_not_be_and_nothing_of_a_sound_one(
    document: dict[str, Any], found: list[Finding]
) -> None:
    assert [*day_findings(document, NOW)] == found


# What is looked at beside other documents. mongomock knows no validators: all are taken for sound.


@pytest.fixture
def inspection(schemas: dict[str, Any], clock: Any) -> Inspection:
    clock.now = NOW
    raw: Any = mongomock_facade.Database()
    inspection = Store(raw, schemas=schemas, clock=clock, plain=True).inspection()
    for name in ("live", "days"):
        inspection._leftovers._sound[name] = {}
    return inspection


async def left(leftovers: Leftovers, *days: int) -> list[Finding]:
    return await leftovers.of([day_id(5, number) for number in days])


async def test_what_a_merge_has_left_is_counted_beside_the_document_of_its_day(
    inspection: Inspection,
) -> None:
    start, database = OLD * DAY_SECONDS, inspection.database
    settled = {start: ROW, start + 1: ROW, start + 2: ROW, start + 3: ROW}
    await database.days.insert_one(day_document(5, OLD, ObjectId(), settled))
    rows = {start: ROW, start + 1: ROW, start + 2: ROW, start + 3: OTHER}
    rows |= {start + 4: ROW, start + DAY_SECONDS - 1: ROW}
    beside = {start - 1: ROW, start + DAY_SECONDS: ROW}
    documents = [reading_document(5, i, row) for i, row in (rows | beside).items()]
    await database.live.insert_many([*documents, reading_document(6, start, ROW)])
    said = (
        f"{IN_DAYS}6 readings of this settled day are left in live:"
        " 3 as in its document, 1 with other values, 2 not in it yet"
    )
    assert await left(inspection._leftovers, OLD - 1, OLD, OLD + 1) == [note("left in live", said)]


async def test_a_day_that_comes_again_with_the_next_chunk_is_said_once(
    inspection: Inspection,
) -> None:
    database, days = inspection.database, [OLD, OLD + 1, OLD + 2]
    for number in days:
        rows = {number * DAY_SECONDS: ROW}
        await database.days.insert_one(day_document(5, number, ObjectId(), rows))
        await database.live.insert_one(reading_document(5, number * DAY_SECONDS, ROW))
    leftovers = inspection._leftovers
    assert len(await left(leftovers, *days[:2])) == 2
    assert len(await left(leftovers)) == 0
    assert len(await left(leftovers, *days[1:])) == 1


async def test_a_day_whose_readings_have_gone_meanwhile_has_left_nothing(
    inspection: Inspection,
) -> None:
    await inspection.database.days.insert_one(day())
    assert await left(inspection._leftovers, OLD) == []


async def test_readings_and_days_are_counted_and_those_of_no_site_are_said(
    inspection: Inspection,
) -> None:
    database, start = inspection.database, (TODAY - 3) * DAY_SECONDS
    await database.sites.insert_many([{"_id": 5}, {"_id": 7}])
    places = [(5, start), (5, start + DAY_SECONDS), (6, NOW), (7, start + DAY_SECONDS - 1)]
    rows = [reading_document(site_id, instant, ROW) for site_id, instant in places]
    await database.live.insert_many(rows)
    days = [day(), day_document(8, OLD, ObjectId(), {OLD * DAY_SECONDS: ROW})]
    await database.days.insert_many(days)
    assert await inspection._look_at_sound("live", rows, NOW) == [
        wrong("no such site", "live: there are documents of site 6, and there is no such site")
    ]
    assert await inspection._look_at_sound("days", days, NOW) == [
        wrong("no such site", "days: there are documents of site 8, and there is no such site")
    ]
    assert inspection.census == Census(
        live_readings=4, unsealed_readings=2, days=2, settled_readings=3
    )


async def test_a_site_that_is_none_is_said_with_its_first_chunk_alone(
    inspection: Inspection,
) -> None:
    rows = [reading_document(site_id, NOW, ROW) for site_id in (5, 6)]
    rows += [reading_document(site_id, NOW + 1, ROW) for site_id in (6, 7)]
    await inspection.database.live.insert_many(rows)
    said = [
        [finding.text.split(", ")[0] for finding in await inspection._look_at_sound(*chunk)]
        for chunk in (("live", rows[:2], NOW), ("live", [], NOW), ("live", rows[2:], NOW))
    ]
    of = "live: there are documents of site {}".format
    assert said == [[of(5), of(6)], [], [of(7)]]


async def test_sites_are_counted_apart_from_those_that_wait_for_their_purge(
    inspection: Inspection,
) -> None:
    chunk = [site(), site(_id=6, time_zone=""), {"_id": 7, "deleted_at": NOW}]
    found = await inspection._look_at_sound("sites", chunk, NOW)
    assert [finding.kind for finding in found] == ["unknown time zone", "waits for its purge"]
    await inspection._look_at_sound("sites", [site(_id=8)], NOW)
    assert inspection.census == Census(sites=3, deleted=1)


async def test_a_lease_is_told_with_its_holder_and_its_end_and_a_key_is_not_told(
    inspection: Inspection,
) -> None:
    leases = [{"_id": "x" * 61, "owner": "y" * 61, "until": NOW + n} for n in (0, 1)]
    for lease, said in zip(leases, ("was held", "is held"), strict=True):
        assert await inspection._look_at_sound("leases", [lease], NOW) == [
            note("lease", f"leases: {'x' * 60} {said} by {'y' * 60} until {stamp(lease['until'])}")
        ]
    assert await inspection._look_at_sound("keys", [{"_id": "x"}], NOW) == []
