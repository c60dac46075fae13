"""A deleted site is unknown at once, and purged later, whatever happens in between."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from bson.objectid import ObjectId
from sweeping import sweep_after

from storage import NewSite, SiteBeingDeleted, Store, UnknownSite
from storage.database import delete_some
from storage.deletion import Deletion, purge_delay

NOW = 1_700_000_000
WILLO: NewSite = {"id": 1, "name": "Willo Woods", "location": "north"}
ROW = (1.0, 2.0, 3.0, True, True, True)


def delay(store: Store) -> float:
    return purge_delay(store.sites.database.timeout)


async def ids(store: Store) -> list[int]:
    page = await store.sites.list(location=None, name=None, limit=9, after=None)
    return [site["id"] for site in page.sites]


async def delete_and_purge(store: Store, site_id: int) -> None:
    await store.sites.delete(site_id)
    await sweep_after(store, delay(store))


async def test_ids_of_deleted_sites_are_never_given_again(store: Store) -> None:
    unnamed: NewSite = {"name": "Any", "location": "north"}
    await store.sites.create([unnamed])
    await store.sites.create([{**WILLO, "id": 2}])
    await delete_and_purge(store, 1)
    await delete_and_purge(store, 2)
    assert (await store.sites.create([unnamed])).sites[0]["id"] == 3


async def test_a_deleted_site_is_unknown_at_once(store: Store) -> None:
    await store.sites.create([WILLO, {**WILLO, "id": 2}])
    await store.sites.require(1)
    await store.sites.delete(1)
    for refused in (store.sites.get(1), store.sites.require(1), store.live.latest(1)):
        with pytest.raises(UnknownSite):
            await refused
    for refused in (store.sites.delete(1), store.configurations.list(1)):
        with pytest.raises(UnknownSite):
            await refused
    assert await ids(store) == [2]


async def test_create_of_a_site_being_deleted_is_refused_until_it_is_purged(store: Store) -> None:
    await store.sites.create([WILLO])
    await store.sites.delete(1)
    with pytest.raises(SiteBeingDeleted) as refusal:
        await store.sites.create([WILLO, {**WILLO, "id": 2}])
    assert refusal.value.site_ids == [1]
    assert await ids(store) == []
    await sweep_after(store, delay(store))
    assert (await store.sites.create([WILLO])).created


async def test_purge_removes_the_readings_of_that_site_alone(store: Store) -> None:
    await store.sites.create([{**WILLO, "id": site_id} for site_id in (1, 2, 3)])
    for site_id in (1, 2, 3):
        await store.live.push(site_id, dict.fromkeys((0, 5, 2**32 - 1), ROW))
    await delete_and_purge(store, 2)
    await store.sites.create([{**WILLO, "id": 2}])
    assert [await count(store, site_id) for site_id in (1, 2, 3)] == [3, 0, 3]


async def count(store: Store, site_id: int) -> int:
    page = await store.live.list(site_id, start=0, end=2**32, descending=False, limit=10_000)
    return len(page.series.instants)


async def test_sweep_leaves_a_deletion_that_is_younger_than_the_delay(store: Store) -> None:
    await store.sites.create([WILLO])
    await store.sites.delete(1)
    await sweep_after(store, delay(store) - 1)
    with pytest.raises(SiteBeingDeleted):
        await store.sites.create([WILLO])


async def crash(*_: Any, **__: Any) -> None:
    raise ZeroDivisionError


def crash_before_the_readings(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("storage.deletion.delete_some", crash)


def crash_between_the_readings(patch: pytest.MonkeyPatch) -> None:
    some = [delete_some]

    async def once(*args: Any) -> Any:
        return await (some.pop() if some else crash)(*args)

    patch.setattr("storage.deletion.delete_some", once)


def crash_before_the_id_is_retired(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Deletion, "_retire", crash)


def crash_before_the_document_goes(patch: pytest.MonkeyPatch) -> None:
    async def halfway(self: Deletion, site_id: int, mark: ObjectId) -> None:
        await self.database.retired.insert_one({"_id": site_id})
        raise ZeroDivisionError

    patch.setattr(Deletion, "_retire", halfway)


@pytest.mark.parametrize(
    "crash_at",
    [
        crash_before_the_readings,
        crash_between_the_readings,
        crash_before_the_id_is_retired,
        crash_before_the_document_goes,
    ],
)
async def test_sweep_finishes_a_purge_that_a_crash_cut_short(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    crash_at: Callable[[pytest.MonkeyPatch], None],
) -> None:
    await store.sites.create([WILLO])
    await store.live.push(1, dict.fromkeys(range(1_500), ROW))
    await store.sites.delete(1)
    with monkeypatch.context() as patch:
        crash_at(patch)
        with pytest.raises(ZeroDivisionError):
            await sweep_after(store, delay(store))
        with pytest.raises(SiteBeingDeleted):
            await store.sites.create([WILLO])
    await sweep_after(store, delay(store))
    assert (await store.sites.create([WILLO])).created
    assert await count(store, 1) == 0
    await store.sites.delete(1)
    unnamed: NewSite = {"name": "Any", "location": "north"}
    assert (await store.sites.create([unnamed])).sites[0]["id"] == 2


async def test_a_purge_that_comes_late_spares_the_new_site_of_that_id(store: Store) -> None:
    await store.sites.create([WILLO])
    mark = await Deletion(store.sites.database).mark(1)
    await sweep_after(store, delay(store))
    await store.sites.create([WILLO])
    await store.live.push(1, {5: ROW})
    await Deletion(store.sites.database).purge(1, mark)
    assert await count(store, 1) == 1


async def test_concurrent_sweeps_purge_each_site_once(store: Store) -> None:
    await store.sites.create([{**WILLO, "id": site_id} for site_id in range(1, 6)])
    for site_id in range(1, 6):
        await store.live.push(site_id, dict.fromkeys(range(50), ROW))
        await store.sites.delete(site_id)
    await asyncio.gather(*(sweep_after(store, delay(store)) for _ in range(4)))
    assert await store.sites.database.sites.find_one({"_id": {"$gt": 0}}) is None
    assert await store.sites.database.live.find_one({"_id": {"$gt": 0}}) is None


@pytest.mark.parametrize(("timeout", "seconds"), [(None, 10), (1, 10), (15, 65)])
def test_a_purge_waits_until_no_push_can_be_under_way(
    timeout: float | None, seconds: float
) -> None:
    assert purge_delay(timeout) == seconds


async def test_delete_purges_in_the_background_after_the_delay(store: Store) -> None:
    slept: list[float] = []
    woken = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await woken.wait()

    await store.sites.create([WILLO])
    deletion = Deletion(store.sites.database, sleep=sleep)
    deletion.schedule(1, await deletion.mark(1))
    woken.set()
    async with asyncio.timeout(10):
        while await store.sites.database.sites.find_one({"_id": 1}):
            await asyncio.sleep(0.01)
    assert slept == [delay(store)]
    await deletion.close()


async def test_a_site_that_another_worker_deleted_is_unknown_to_every_read_at_once(
    store: Store,
) -> None:
    await store.sites.create([WILLO])
    await store.live.push(1, {NOW: ROW})
    await Deletion(store.sites.database).mark(1)
    for refused in (
        store.live.latest(1),
        store.live.list(1, start=0, end=NOW, descending=False, limit=1),
        store.live.delete(1, start=0, end=NOW),
    ):
        with pytest.raises(UnknownSite):
            await refused
