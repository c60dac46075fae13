"""Retention removes settled days that are too old, all of them and nothing else."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from bson.objectid import ObjectId
from pymongo.errors import AutoReconnect

from storage import Unavailable
from storage.database import Database
from storage.documents import day_document
from storage.ids import DAY_SECONDS, day_id, reading_id, site_and_day
from storage.retention import Retention, first_kept

TODAY = 20_000
NOW = TODAY * DAY_SECONDS + 40_000
ROW = (1.0, 2.0, 3.0, True, False, True)


@pytest.fixture
def days(database: Any, clock: Any) -> Database:
    clock.now = NOW
    prepared = Database.of(database, clock)
    prepared.prepared = True
    return prepared


async def at_once(seconds: float) -> None:
    await asyncio.sleep(0)


async def settle(database: Database, site_id: int, days: Sequence[int]) -> None:
    documents = [day_document(site_id, day, ObjectId(), {day * DAY_SECONDS: ROW}) for day in days]
    await database.days.insert_many(documents)


async def left(database: Database) -> list[tuple[int, int]]:
    return sorted([site_and_day(day["_id"]) async for day in database.days.find({}, {"_id": 1})])


@pytest.mark.parametrize(
    ("now", "first"),
    [(NOW, TODAY - 30), (TODAY * DAY_SECONDS, TODAY - 30), (TODAY * DAY_SECONDS - 1, TODAY - 31)],
)
def test_a_day_is_kept_until_so_many_days_have_passed_since_its_end(now: int, first: int) -> None:
    assert first_kept(now, 30) == first
    assert first_kept(now, 36_500) == 0


async def test_days_older_than_the_limit_go_and_all_others_stay(days: Database) -> None:
    first = TODAY - 30
    await settle(days, 1, [0, 5, first - 2, first - 1, first, TODAY - 3])
    await settle(days, 2, [first, first + 1])
    await settle(days, 2**31 - 1, [first - 1, first])
    assert await Retention(days, sleep=at_once).remove(days=30) == 5
    assert await left(days) == [
        (1, first),
        (1, TODAY - 3),
        (2, first),
        (2, first + 1),
        (2**31 - 1, first),
    ]
    assert await Retention(days, sleep=at_once).remove(days=30) == 0


async def test_readings_that_are_not_settled_stay(days: Database) -> None:
    await days.live.insert_one({"_id": 1 << 32})
    await Retention(days, sleep=at_once).remove(days=3)
    assert await days.live.find_one({}) is not None


async def test_what_interrupted_work_left_of_a_day_goes_with_it(days: Database) -> None:
    await settle(days, 1, [100, TODAY - 5])
    left_over = [reading_id(1, 100 * DAY_SECONDS + second) for second in range(0, 5_000, 2)]
    others = [reading_id(2, 100 * DAY_SECONDS), reading_id(1, (TODAY - 5) * DAY_SECONDS)]
    await days.live.insert_many([{"_id": number} for number in left_over + others])
    assert await Retention(days, sleep=at_once).remove(days=30) == 1
    assert sorted([row["_id"] async for row in days.live.find({})]) == sorted(others)


async def test_more_days_than_one_command_deletes_all_go(days: Database) -> None:
    await settle(days, 1, range(10_000, 12_500))
    assert await Retention(days, sleep=at_once).remove(days=30) == 2_500
    assert await left(days) == []


async def test_it_rests_after_each_chunk_as_long_as_the_chunk_took(
    days: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    await settle(days, 1, range(10_000, 11_500))
    retention = Retention(days, sleep=rest)
    delete = retention._delete

    async def slowly(ids: list[int]) -> int:
        await asyncio.sleep(0.1)
        return await delete(ids)

    monkeypatch.setattr(retention, "_delete", slowly)
    await retention.remove(days=30)
    assert len(rests) == 2
    assert min(rests) > 0.09


async def test_many_sites_are_looked_at_before_one_deletion(
    days: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for site_id in range(1, 251):
        await settle(days, site_id, [10, TODAY - 3])
    retention = Retention(days, sleep=at_once)
    delete, deletions = retention._delete, list[int]()

    async def counted(ids: list[int]) -> int:
        deletions.append(len(ids))
        return await delete(ids)

    monkeypatch.setattr(retention, "_delete", counted)
    assert await retention.remove(days=30) == 250
    assert deletions == [100, 100, 50]
    assert await left(days) == [(site_id, TODAY - 3) for site_id in range(1, 251)]


async def test_a_pass_that_broke_off_is_gone_on_with(
    days: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for site_id in (1, 2, 3):
        await settle(days, site_id, range(9_000, 9_700))
    retention = Retention(days, sleep=at_once)
    delete = retention._delete

    async def fails_the_second_time(ids: list[int]) -> int:
        if ids[0] != day_id(1, 9_000):
            raise Unavailable("gone")
        return await delete(ids)

    with monkeypatch.context() as patch:
        patch.setattr(retention, "_delete", fails_the_second_time)
        with pytest.raises(Unavailable):
            await retention.remove(days=30)
    assert len(await left(days)) == 1_100
    await settle(days, 1, [12])
    assert await retention.remove(days=30) == 1_100
    assert await left(days) == [(1, 12)]
    assert await retention.remove(days=30) == 1


async def test_a_database_that_is_away_is_unavailable(
    days: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> int:
        raise AutoReconnect("gone")

    days.clock = away
    with pytest.raises(Unavailable):
        await Retention(days).remove(days=30)


async def test_two_that_run_at_once_remove_the_same(days: Database) -> None:
    for site_id in range(1, 6):
        await settle(days, site_id, [*range(9_000, 10_100), TODAY - 3])
    await asyncio.gather(*(Retention(days, sleep=at_once).remove(days=30) for _ in range(3)))
    assert await left(days) == [(site_id, TODAY - 3) for site_id in range(1, 6)]


async def test_days_that_are_made_meanwhile_stay_when_they_are_young(days: Database) -> None:
    await settle(days, 1, range(9_000, 10_500))
    young = range(TODAY - 28, TODAY - 2)

    async def push() -> None:
        for day in young:
            await settle(days, 1, [day])

    await asyncio.gather(Retention(days, sleep=at_once).remove(days=30), push())
    assert await left(days) == [(1, day) for day in young]
    assert await days.days.find_one({"_id": day_id(1, TODAY - 28)}) is not None
