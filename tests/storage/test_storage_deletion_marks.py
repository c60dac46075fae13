"""A mark is purged by who has known that very mark for long enough, by no calendar clock."""

import asyncio
from typing import Any

import pytest
from bson.objectid import ObjectId
from sweeping import go_on, sweep_after

from storage import NewSite, SiteBeingDeleted, Store, Unavailable, UnknownSite
from storage.deletion import Deletion, purge_delay

WILLO: NewSite = {"id": 1, "name": "Willo Woods", "location": "north"}
ROW = (1.0, 2.0, 3.0, True, True, True)
T = 1_674_170_000
"""Recent by the clock of the stores."""


async def delete_anew(store: Store, mark: ObjectId) -> ObjectId:
    """Let a site be purged, created, pushed to and deleted once more; return the second mark."""
    elsewhere = Deletion(store.database)
    await elsewhere.purge(1, mark)
    await store.sites.create([WILLO])
    await store.live.push(1, {T: ROW})
    return await elsewhere.mark(1)


async def test_a_purge_that_comes_late_spares_the_second_deletion_of_an_id(store: Store) -> None:
    await store.sites.create([WILLO])
    mark = await Deletion(store.database).mark(1)
    second = await delete_anew(store, mark)
    assert second != mark
    await Deletion(store.database).purge(1, mark)
    assert await store.database.live.count_documents({}) == 1
    assert (await store.database.sites.find_one({"_id": 1}))["mark"] == second  # type: ignore[index]


async def test_a_sweep_that_is_slow_with_one_site_spares_the_second_deletion_of_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    other: NewSite = {"id": 2, "name": "Far Field", "location": "south"}
    await store.sites.create([WILLO, other])
    elsewhere = Deletion(store.database)
    mark = await elsewhere.mark(1)
    await elsewhere.mark(2)
    await store.sites.sweep()
    retire = Deletion._retire

    async def slow(self: Deletion, site_id: int, given: ObjectId) -> None:
        """Purging the one site takes so long that the other one comes and goes meanwhile."""
        await retire(self, site_id, given)
        monkeypatch.setattr(Deletion, "_retire", retire)
        await delete_anew(store, mark)

    sweeping = store.sites._deletion
    sweeping._known = dict(sorted(sweeping._known.items(), reverse=True))
    monkeypatch.setattr(Deletion, "_marked", backwards(Deletion._marked))
    monkeypatch.setattr(Deletion, "_retire", slow)
    go_on(store, 3_600)
    await store.sites.sweep()
    assert await store.database.live.count_documents({}) == 1
    with pytest.raises(SiteBeingDeleted):
        await store.sites.create([WILLO])
    await sweep_after(store, purge_delay(store.database.timeout))
    assert await store.database.live.count_documents({}) == 0


def backwards(method: Any) -> Any:
    async def call(self: Deletion) -> list[Any]:
        return [*reversed(await method(self))]

    return call


@pytest.mark.parametrize("ahead", [-10_000_000, 10_000_000])
async def test_a_clock_that_is_wrong_or_jumps_neither_hurries_nor_holds_up_a_purge(
    store: Store, clock: Any, ahead: int
) -> None:
    await store.sites.create([WILLO])
    clock.now += ahead
    await Deletion(store.database).mark(1)
    clock.now -= 2 * ahead
    delay = purge_delay(store.database.timeout)
    await sweep_after(store, delay - 1)
    with pytest.raises(SiteBeingDeleted):
        await store.sites.create([WILLO])
    go_on(store, 1)
    await store.sites.sweep()
    assert (await store.sites.create([WILLO])).created


async def test_a_mark_tells_when_it_was_made_by_the_databases_clock(
    store: Store, clock: Any
) -> None:
    await store.sites.create([WILLO])
    await store.sites.delete(1)
    mark = await store.database.sites.find_one({"_id": 1})
    assert mark is not None
    assert mark["deleted_at"] == clock.now


async def test_marks_of_older_versions_get_an_id_and_are_purged(store: Store) -> None:
    marks = [{"_id": i, "version": 2, "deleted_at": 2**33} for i in (1, 2)]
    await store.database.sites.insert_many(marks)
    others = [Deletion(store.database) for _ in range(4)]
    await asyncio.gather(*(other.sweep() for other in others))
    given = [site async for site in store.database.sites.find({})]
    assert all(isinstance(site["mark"], ObjectId) for site in given)
    assert {each for other in others for each in other._known} == {
        (site["_id"], site["mark"]) for site in given
    }
    await sweep_after(store, 3_600)
    assert await store.database.sites.count_documents({}) == 0
    assert await store.database.retired.count_documents({}) == 2


async def outcome(call: Any) -> str:
    """What came of a call, of what may come: anything else fails the test."""
    try:
        await call
    except (Unavailable, UnknownSite) as refusal:
        return type(refusal).__name__
    return "done"


async def test_the_first_deletions_of_a_store_at_once_all_succeed_beside_pushes(
    real_store: Store,
) -> None:
    ids = range(1, 51)
    sites: list[NewSite] = [{**WILLO, "id": i} for i in ids]
    await real_store.sites.create(sites)
    assert await real_store.database.counters.count_documents({"_id": "deletions"}) == 0
    pushes = [outcome(real_store.live.push(i, {T - 600 * n: ROW})) for n in range(4) for i in ids]
    deletions = [outcome(real_store.sites.delete(i)) for i in ids]
    answers = await asyncio.gather(*deletions, *pushes)
    assert answers[:50] == ["done"] * 50
    assert set(answers[50:]) <= {"done", "UnknownSite"}
    counted = await real_store.database.counters.find_one({"_id": "deletions"})
    assert counted == {"_id": "deletions", "last": 50}
    await sweep_after(real_store, 3_600)
    assert await real_store.database.sites.count_documents({}) == 0
    assert await real_store.database.live.count_documents({}) == 0
