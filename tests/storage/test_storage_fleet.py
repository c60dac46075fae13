"""Pushes of many sites, and the latest readings of all."""

import asyncio
from typing import Any

import pytest

from storage import (
    FleetConflict,
    LatestEntry,
    LatestPage,
    NewSite,
    Receipt,
    Store,
    Unavailable,
    UnknownSite,
    UnknownSites,
)
from storage.fleet import AT_ONCE, _raise_first
from storage.open_days import SMALL

T = 1_672_531_200
ROW = (10, 2.5, 1.5, True, False, False)
OTHER = (11, 2.5, 1.5, True, False, False)


@pytest.fixture(autouse=True)
async def sites(store: Store) -> None:
    new: list[NewSite] = [{"id": i, "name": f"Site {i}", "location": "north"} for i in range(1, 8)]
    await store.sites.create(new)


async def test_a_push_of_many_sites_gives_each_its_receipt(store: Store) -> None:
    pushes = {3: {T: ROW}, 1: {T: ROW, T + 600: ROW}, 2: {}}
    receipts = await store.fleet.push(pushes)
    assert list(receipts) == [3, 1, 2]
    assert receipts[3] == Receipt(1, 1, 0, 0, 0, T, T)
    assert receipts[1] == Receipt(2, 2, 0, 0, 0, T, T + 600)
    assert receipts[2] == Receipt(0, 0, 0, 0, 0, None, None)
    assert (await store.fleet.push(pushes))[1].unchanged == 2


async def test_nothing_is_stored_when_one_of_the_sites_is_unknown(store: Store) -> None:
    await store.sites.delete(7)
    with pytest.raises(UnknownSites) as refusal:
        await store.fleet.push({1: {T: ROW}, 99: {T: ROW}, 7: {T: ROW}, 50: {}})
    assert refusal.value.site_ids == [7, 50, 99]
    assert (await store.fleet.latest(limit=1, after=0)).entries == [LatestEntry(1, None)]


async def test_conflicts_are_told_with_their_sites_and_all_else_is_stored(store: Store) -> None:
    await store.live.push(2, {T: ROW})
    with pytest.raises(FleetConflict) as refusal:
        await store.fleet.push({1: {T: ROW}, 2: {T: OTHER, T + 600: ROW}})
    assert [(site, c.instant, c.columns) for site, c in refusal.value.conflicts] == [
        (2, T, ("soc",))
    ]
    assert refusal.value.receipts[2] == Receipt(2, 1, 0, 0, 1, T, T + 600)
    assert await store.live.latest(1) == (T, ROW)
    assert (await store.fleet.push({2: {T: OTHER}}, overwrite=True))[2].replaced == 1


async def test_the_conflicts_of_all_sites_are_told_in_the_order_of_sites_and_instants(
    store: Store,
) -> None:
    stored = {T: ROW, T + 600: ROW}
    await store.fleet.push(dict.fromkeys((1, 2, 3), stored))
    with pytest.raises(FleetConflict) as refusal:
        await store.fleet.push({3: {T: OTHER}, 1: dict.fromkeys(stored, OTHER), 2: stored})
    conflicts = [(site_id, one.instant) for site_id, one in refusal.value.conflicts]
    assert conflicts == [(1, T), (1, T + 600), (3, T)]
    assert [receipt.conflicts for receipt in refusal.value.receipts.values()] == [1, 2, 0]


async def test_a_dry_run_stores_nothing(store: Store) -> None:
    receipts = await store.fleet.push({1: {T: ROW}}, dry_run=True)
    assert receipts[1].stored == 1
    assert (await store.fleet.push({1: {T: ROW}}))[1].stored == 1


async def test_the_latest_of_every_site_comes_in_pages(store: Store) -> None:
    await store.fleet.push({site: {T + site: ROW, T: ROW} for site in (1, 3, 6)})
    await store.sites.delete(4)
    first = await store.fleet.latest(limit=3, after=None)
    assert first == LatestPage(
        [LatestEntry(1, (T + 1, ROW)), LatestEntry(2, None), LatestEntry(3, (T + 3, ROW))], 3
    )
    second = await store.fleet.latest(limit=3, after=3)
    assert [entry.site_id for entry in second.entries] == [5, 6, 7]
    assert second.next is None


async def test_few_rows_of_today_and_yesterday_go_into_a_bulk_of_all(
    store: Store, clock: Any
) -> None:
    clock.now = T + 100_000
    for count, yes in ((0, True), (SMALL, True), (SMALL + 1, False)):
        assert await store.live.shares({T + n: ROW for n in range(count)}) is yes
    assert not await store.live.shares({T: ROW, T - 1: ROW})


async def test_few_sites_at_a_time_have_round_trips_of_their_own(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    new: list[NewSite] = [{"id": i, "name": "Any", "location": "north"} for i in range(10, 60)]
    await store.sites.create(new)
    push, at_once = store.live.push, list[int]([0])

    async def counted(*args: Any, **kwargs: Any) -> Receipt:
        at_once.append(at_once[-1] + 1)
        try:
            return await push(*args, **kwargs)
        finally:
            at_once.append(at_once[-1] - 1)

    monkeypatch.setattr(store.live, "push", counted)
    old = {site["id"]: {T: ROW} for site in new}
    await asyncio.gather(store.fleet.push(old), store.fleet.push(old))
    assert max(at_once) == AT_ONCE
    clock.now, at_once[:] = T, [0]
    await store.fleet.push({site["id"]: {T + 600: ROW} for site in new})
    assert max(at_once) == len(new)


async def test_a_site_that_is_deleted_meanwhile_leaves_it_open_what_is_stored(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = store.live.push

    async def deleted(site_id: int, *args: Any, **kwargs: Any) -> Receipt:
        if site_id == 2:
            raise UnknownSite(2)
        return await push(site_id, *args, **kwargs)

    monkeypatch.setattr(store.live, "push", deleted)
    with pytest.raises(Unavailable, match=r"a site was deleted in between$") as refusal:
        await store.fleet.push({1: {T: ROW}, 2: {T: ROW}})
    assert refusal.value.kind is None, "no failure of the database"
    assert await store.live.latest(1) == (T, ROW)


def test_the_first_error_of_many_answers_is_raised_whatever_follows_it() -> None:
    receipt = Receipt(0, 0, 0, 0, 0, None, None)
    _raise_first([])
    _raise_first([receipt, receipt])
    away, other = Unavailable("away", "no_server"), ValueError()
    for first, second in ((away, other), (other, away)):
        with pytest.raises(type(first)) as raised:
            _raise_first([receipt, first, receipt, second, UnknownSite(1)])
        assert raised.value is first


async def many_old(store: Store) -> dict[int, Any]:
    """Rows of 40 sites that no bulk takes along."""
    await store.sites.create(
        [{"id": i, "name": f"Site {i}", "location": "north"} for i in range(100, 140)]
    )
    return {i: {T: ROW} for i in range(100, 140)}


async def test_no_other_site_is_begun_with_once_one_has_found_the_database_unavailable(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushes, begun = await many_old(store), list[int]()
    push = store.live.push

    async def breaks_at_the_tenth(site_id: int, *args: Any, **flags: Any) -> Receipt:
        begun.append(site_id)
        if len(begun) == 10:
            raise Unavailable("away")
        return await push(site_id, *args, **flags)

    monkeypatch.setattr(store.live, "push", breaks_at_the_tenth)
    with pytest.raises(Unavailable, match="away"):
        await store.fleet.push(pushes)
    assert len(begun) < 10 + 2 * AT_ONCE
    monkeypatch.undo()
    receipts = await store.fleet.push(pushes)
    assert sum(receipt.stored + receipt.unchanged for receipt in receipts.values()) == 40


async def test_who_gets_no_place_in_time_is_told_so_and_keeps_none(store: Store) -> None:
    pushes = await many_old(store)
    places = store.fleet._places
    for _ in range(AT_ONCE):
        await places.acquire()
    store.fleet.database.timeout = 0.2
    with pytest.raises(Unavailable, match=r"there was no place in time$") as refusal:
        await store.fleet.push(pushes)
    assert refusal.value.kind == "timeout"
    for _ in range(AT_ONCE):
        places.release()
    store.fleet.database.timeout = 30
    assert (await store.fleet.push(pushes))[139].stored == 1
