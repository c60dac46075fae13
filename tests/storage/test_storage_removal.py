"""Ranges are removed by several at once, beside pushes and sealing: the counts add up."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from bson.objectid import ObjectId

from storage import Store, Unavailable, Values
from storage.closed_days import ClosedDays, Settled
from storage.days import first_fresh, last_removable, last_sealable
from storage.documents import day_document, reading_document
from storage.ids import DAY_SECONDS, day_id
from storage.removal import Removal
from storage.series import rows_of

SITE = 1
NOW = 1_674_172_800
DAYS = (
    last_removable(NOW) - 1,
    last_removable(NOW),
    last_removable(NOW) + 1,
    last_sealable(NOW),
    last_sealable(NOW) + 1,
    first_fresh(NOW),
)
"""A day of each age at the time that the stores' clock says."""

STAMPS = [day * DAY_SECONDS + second for day in DAYS for second in range(30)]


def values(instant: int) -> Values:
    return float(instant % 7), 350.5, 400.5, True, False, False


async def the_time() -> int:
    return NOW


@pytest.fixture
async def stores(real_store: Store, schemas: dict[str, Any]) -> AsyncIterator[list[Store]]:
    """Three stores on one database, as three workers have them, and a site."""
    await real_store.sites.create([{"name": "W", "location": "n"}])
    others = [Store(real_store.database.raw, schemas=schemas, clock=the_time) for _ in range(3)]
    for store in others:
        await store.prepare()
    yield others
    for store in others:
        await store.close()


async def held(store: Store) -> set[int]:
    found = await store.live.list(SITE, start=0, end=2**32, descending=False, limit=9_999)
    return {*rows_of(found.series)}


async def scramble(stores: list[Store], seed: int) -> tuple[int, int]:
    """Push, remove and seal at random, all at once; return how many were stored and removed.

    Before it the readings are where a sealing that was cut short leaves them: in `live`, in their
    day, or in both.
    """
    random = Random(seed)
    begin = random.sample(STAMPS, 60)
    await stores[0].live.push(SITE, {i: values(i) for i in begin})
    left = [reading_document(SITE, i, values(i)) for i in begin if i < NOW - 3 * DAY_SECONDS]
    await stores[0].database.live.insert_many(random.sample(left, len(left) // 2))

    async def push(store: Store) -> int:
        rows = {i: values(i) for i in random.sample(STAMPS, random.choice([1, 3, 20]))}
        return (await store.live.push(SITE, rows)).stored

    async def remove(store: Store) -> int:
        start, end = sorted(random.sample([*STAMPS, 0, 2**32], 2))
        return -await store.live.delete(SITE, start=start, end=end)

    async def seal(store: Store) -> int:
        await store.live.seal()
        return 0

    async def some(store: Store) -> list[int]:
        return [await random.choice([push, push, remove, remove, seal])(store) for _ in range(12)]

    done = await asyncio.gather(*(some(store) for store in stores for _ in range(4)))
    told = [number for each in done for number in each]
    return len(begin) + sum(n for n in told if n > 0), -sum(n for n in told if n < 0)


@pytest.mark.parametrize("seed", range(8))
async def test_removals_at_once_beside_pushes_and_sealing_count_each_reading_that_goes_once(
    stores: list[Store], seed: int
) -> None:
    stored, removed = await scramble(stores, seed)
    assert removed > 60
    assert stored - removed == len(await held(stores[0]))


async def test_a_removal_that_counts_what_it_found_is_noticed(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = Removal._remove_open

    async def found(self: Removal, site_id: int, rows: list[int]) -> int:
        await remove(self, site_id, rows)
        return len(rows)

    monkeypatch.setattr(Removal, "_remove_open", found)
    for seed in range(20):
        stored, removed = await scramble(stores, seed)
        there = await held(stores[0])
        if stored - removed != len(there):
            return
        await stores[0].live.delete(SITE, start=0, end=2**32)
    raise AssertionError("nobody noticed")


async def test_forty_removals_of_the_same_readings_count_them_once(stores: list[Store]) -> None:
    await stores[0].live.push(SITE, {i: values(i) for i in STAMPS})
    removals = [store.live.delete(SITE, start=0, end=2**32) for store in stores * 13]
    assert sum(await asyncio.gather(*removals)) == len(STAMPS)
    assert await held(stores[0]) == set()


async def test_what_comes_between_the_rows_of_a_chunk_is_counted_when_it_goes(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.sites.create([{"name": "W", "location": "n"}])
    start = DAYS[-1] * DAY_SECONDS
    await store.live.push(SITE, {start: values(0), start + 9: values(9)})
    remove = Removal._remove_open

    async def later(self: Removal, site_id: int, rows: list[int]) -> int:
        await store.live.push(SITE, {start + 5: values(5)})
        return await remove(self, site_id, rows)

    monkeypatch.setattr(Removal, "_remove_open", later)
    assert await store.live.delete(SITE, start=start, end=start + 10) == 3
    assert await held(store) == set()


async def test_the_rows_of_an_open_day_go_some_at_a_time_in_the_order_of_instants(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.removal.CHUNK", 2)
    await store.sites.create([{"name": "W", "location": "n"}])
    start = DAYS[-1] * DAY_SECONDS
    for n in reversed(range(6)):
        await store.live.push(SITE, {start + n: values(n)})
    remove, gone = Removal._remove_open, list[list[int]]()

    async def noted(self: Removal, site_id: int, rows: list[int]) -> int:
        gone.append([row - start for row in rows])
        return await remove(self, site_id, rows)

    monkeypatch.setattr(Removal, "_remove_open", noted)
    assert await store.live.delete(SITE, start=start, end=start + 5) == 5
    assert gone == [[0, 1], [2, 3], [4]]
    assert await held(store) == {start + 5}


async def test_a_day_that_was_closed_by_another_clock_meanwhile_is_unavailable(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.sites.create([{"name": "W", "location": "n"}])
    settling = last_sealable(NOW) + 1
    start = settling * DAY_SECONDS
    await store.live.push(SITE, {start: values(0)})
    remove = Removal._remove_open

    async def closed_before(self: Removal, site_id: int, rows: list[int]) -> int:
        removed = await remove(self, site_id, rows)
        settled = day_document(SITE, settling, ObjectId(), {start: values(0)})
        await store.database.days.insert_one(settled)
        return removed

    monkeypatch.setattr(Removal, "_remove_open", closed_before)
    with pytest.raises(Unavailable, match=r": a day was closed in between$") as refusal:
        await store.live.delete(SITE, start=start, end=start + 1)
    assert refusal.value.kind == "conflict"
    assert await store.live.delete(SITE, start=start, end=start + 1) == 1


# Settled days


async def document_of(store: Store, site_id: int, day: int) -> Any:
    return await store.database.days.find_one({"_id": day_id(site_id, day)})


async def test_a_settled_day_beyond_a_range_stays_as_it_is(store: Store) -> None:
    await store.sites.create([{"name": "W", "location": "n"}])
    first, last = DAYS[0] - 2, DAYS[0]
    await store.live.push(SITE, {day * DAY_SECONDS: values(0) for day in (first, last)})
    before = await document_of(store, SITE, last)
    assert await store.live.delete(SITE, start=0, end=last * DAY_SECONDS) == 1
    assert await document_of(store, SITE, last) == before


@pytest.mark.parametrize("day", [DAYS[1], DAYS[3]])
async def test_a_range_goes_from_a_day_whose_sealing_was_cut_short_and_from_no_other(
    store: Store, day: int
) -> None:
    await store.sites.create([{"name": "W", "location": "n"} for _ in range(2)])
    start, database = day * DAY_SECONDS, store.database
    for site_id in (1, 2):
        rows = {start + n: values(n) for n in range(4)}
        await database.days.insert_one(day_document(site_id, day, ObjectId(), rows))
        left = [reading_document(site_id, start + n, values(n + 1)) for n in range(2, 6)]
        await database.live.insert_many(left)
    before = [await document_of(store, site_id, day) for site_id in (1, 2)]
    assert await store.live.delete(1, start=start + 1, end=start + 5) == 4
    assert await held(store) == {start, start + 5}
    assert await store.live.latest(1) == (start + 5, values(6))
    after = [await document_of(store, site_id, day) for site_id in (1, 2)]
    assert after[0]["t"] == [0, 5]
    assert isinstance(after[0]["v"], ObjectId)
    assert after[0]["v"] != before[0]["v"], "who has read a row from `live` cannot bring it back"
    assert after[1] == before[1]
    assert len([row async for row in database.live.find()]) == 4, "those of the other site"


async def test_a_day_that_may_be_closed_and_is_not_is_closed_before_a_range_goes_from_it(
    store: Store,
) -> None:
    await store.sites.create([{"name": "W", "location": "n"}])
    start = DAYS[3] * DAY_SECONDS
    rows = [reading_document(SITE, start + n, values(n)) for n in range(4)]
    await store.database.live.insert_many(rows)
    assert await store.live.delete(SITE, start=start + 1, end=start + 3) == 2
    assert await held(store) == {start, start + 3}
    assert (await document_of(store, SITE, DAYS[3]))["t"] == [0, 3]
    assert [row async for row in store.database.live.find()] == []


async def test_a_removal_that_another_worker_is_faster_than_takes_what_is_there_then(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.sites.create([{"name": "W", "location": "n"}])
    day = DAYS[0]
    start = day * DAY_SECONDS
    await store.live.push(SITE, {start + n: values(n) for n in range(3)})
    change, tries = ClosedDays.change, list[bool]()

    async def after_another(
        self: ClosedDays, site_id: int, number: int, changed: Settled, now: int
    ) -> bool:
        if not tries:
            rows = {start + n: values(n) for n in (0, 2, 3, 9)}
            document = day_document(SITE, day, ObjectId(), rows)
            await store.database.days.replace_one({"_id": document["_id"]}, document)
        tries.append(await change(self, site_id, number, changed, now))
        return tries[-1]

    monkeypatch.setattr(ClosedDays, "change", after_another)
    assert await store.live.delete(SITE, start=start, end=start + 9) == 3
    assert tries == [False, True]
    assert await held(store) == {start + 9}


async def test_one_site_has_its_turn_while_another_waits_for_its_own(store: Store) -> None:
    await store.sites.create([{"name": "W", "location": "n"} for _ in range(2)])
    start = DAYS[0] * DAY_SECONDS
    for site_id in (1, 2):
        await store.live.push(site_id, {start: values(0)})
    async with store.live._removal._closed.turns.of(1):
        waiting = asyncio.create_task(store.live.delete(1, start=0, end=2**32))
        assert await store.live.delete(2, start=0, end=2**32) == 1
        await asyncio.wait({waiting}, timeout=0.05)
        assert not waiting.done()
    assert await waiting == 1


# Days without readings


async def days_of(store: Store) -> list[int]:
    found = store.database.days.find({}, {"_id": 1})
    return sorted([day["_id"] async for day in found])


async def test_a_day_that_a_removal_has_emptied_goes_with_it_or_with_a_sealing_later(
    store: Store, clock: Any
) -> None:
    await store.sites.create([{"name": "W", "location": "n"}])
    old, young = DAYS[1], DAYS[3]
    rows = {day * DAY_SECONDS: values(day) for day in (old, young)}
    await store.live.push(SITE, rows)
    assert await store.live.delete(SITE, start=0, end=2**32) == 2
    assert await days_of(store) == [day_id(SITE, young)]
    await store.live.seal()
    assert await days_of(store) == [day_id(SITE, young)]
    clock.now += (young - old) * DAY_SECONDS
    await store.live.seal()
    assert await days_of(store) == []


async def test_what_pushes_that_were_cut_short_have_left_goes_with_the_sealing(
    store: Store, clock: Any
) -> None:
    await store.sites.create([{"name": "W", "location": "n"}])
    days = range(DAYS[0] - 2_500, last_sealable(NOW) + 1)
    stubs = [day_document(SITE, day, ObjectId(), {}) for day in days]
    oldest = DAYS[0] - 3_000
    kept = day_document(SITE, oldest, ObjectId(), {oldest * DAY_SECONDS: values(1)})
    await store.database.days.insert_many([*stubs, kept])
    await store.live.seal()
    young = [day_id(SITE, day) for day in range(last_removable(NOW) + 1, last_sealable(NOW) + 1)]
    assert await days_of(store) == [kept["_id"], *young]


async def test_a_day_that_gets_a_reading_while_the_empty_ones_go_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.sites.create([{"name": "W", "location": "n"}])
    day = DAYS[0]
    await store.database.days.insert_one(day_document(SITE, day, ObjectId(), {}))
    empty = store.live._sealer._empty
    remove = empty._remove

    async def pushed_before(ids: list[int]) -> None:
        await store.live.push(SITE, {day * DAY_SECONDS: values(1)})
        await remove(ids)

    monkeypatch.setattr(empty, "_remove", pushed_before)
    await store.live.seal()
    assert await held(store) == {day * DAY_SECONDS}
