"""A pass of the sealer: which days it closes, of which sites, and what it says that it moved."""

from typing import Any

from storage import NewSite, Store, Values
from storage.database import CHUNK
from storage.days import last_removable, last_sealable
from storage.ids import DAY_SECONDS, LAST_SITE_ID, day_id, reading_id
from storage.model import Sealed
from storage.sealing import _after
from storage.series import rows_of

WILLO: NewSite = {"id": 1, "name": "Willo Woods", "location": "north"}
ROW: Values = (1.0, 350.5, 400.5, True, False, False)


async def push_when_it_was(store: Store, clock: Any, site_id: int, *instants: int) -> None:
    """Push a row for each of the instants on its day, so that it is in `live`."""
    now = clock.now
    for instant in instants:
        clock.now = instant
        await store.live.push(site_id, {instant: ROW})
    clock.now = now


async def in_live(store: Store) -> list[int]:
    return sorted([row["_id"] async for row in store.database.live.find()])


async def closed(store: Store) -> list[int]:
    return sorted([day["_id"] async for day in store.database.days.find()])


async def test_every_day_that_ended_over_48_hours_ago_is_sealed_and_no_other(
    store: Store, clock: Any
) -> None:
    await store.sites.create([{**WILLO, "id": site_id} for site_id in (1, 2, 3)])
    last = last_sealable(clock.now)
    old = [last * DAY_SECONDS - 1, last * DAY_SECONDS, (last + 1) * DAY_SECONDS - 1]
    young = [(last + 1) * DAY_SECONDS, clock.now]
    await push_when_it_was(store, clock, 1, *old, *young)
    await push_when_it_was(store, clock, 2, *young)
    await push_when_it_was(store, clock, 3, *old)
    assert await store.live.seal() == Sealed(days=4, readings=6)
    assert await closed(store) == [day_id(s, day) for s in (1, 3) for day in (last - 1, last)]
    assert await in_live(store) == [reading_id(s, instant) for s in (1, 2) for instant in young]
    for site_id, instants in ((1, old + young), (2, young), (3, old)):
        page = await store.live.list(site_id, start=0, end=2**32, descending=False, limit=9)
        assert rows_of(page.series) == dict.fromkeys(instants, ROW)
    assert await store.live.seal() == Sealed(days=0, readings=0)


async def test_a_pass_comes_by_every_day_in_whatever_order_its_readings_came(
    store: Store, clock: Any
) -> None:
    await store.sites.create([{**WILLO, "id": site_id} for site_id in (1, 2)])
    days = (0, 1, last_sealable(clock.now))
    for site_id in (2, 1):
        await push_when_it_was(store, clock, site_id, *(day * DAY_SECONDS for day in days[::-1]))
    assert await store.live.seal() == Sealed(days=6, readings=6)
    assert await closed(store) == [day_id(site_id, day) for site_id in (1, 2) for day in days]


async def test_a_day_of_more_readings_than_one_command_deletes_is_sealed_as_a_whole(
    store: Store, clock: Any
) -> None:
    await store.sites.create([WILLO])
    first = last_sealable(clock.now) * DAY_SECONDS
    now, clock.now = clock.now, first
    await store.live.push(1, {first + n: ROW for n in range(CHUNK + 1)})
    clock.now = now
    assert await store.live.seal() == Sealed(days=1, readings=CHUNK + 1)
    assert await in_live(store) == []


async def test_the_readings_of_a_deleted_site_are_left_to_its_purge_and_the_next_is_sealed(
    store: Store, clock: Any
) -> None:
    await store.sites.create([WILLO, {**WILLO, "id": 2}])
    instant = last_sealable(clock.now) * DAY_SECONDS
    for site_id in (1, 2):
        await push_when_it_was(store, clock, site_id, instant)
    await store.sites.delete(1)
    assert await store.live.seal() == Sealed(days=1, readings=1)
    assert await in_live(store) == [reading_id(1, instant)]


async def test_the_last_of_all_sites_is_the_end_of_a_pass(store: Store, clock: Any) -> None:
    await store.sites.create([{**WILLO, "id": LAST_SITE_ID}])
    await push_when_it_was(store, clock, LAST_SITE_ID, clock.now)
    assert await store.live.seal() == Sealed(days=0, readings=0)


def test_behind_a_site_a_pass_goes_on_with_the_first_instant_of_the_next_up_to_the_last() -> None:
    assert _after(7) == (8, 0)
    assert _after(LAST_SITE_ID - 1) == (LAST_SITE_ID, 0)
    assert _after(LAST_SITE_ID) is None, "the id of a later one would have more than 64 bits"


async def test_a_pass_takes_away_the_documents_of_old_days_that_were_left_without_readings(
    store: Store, clock: Any
) -> None:
    await store.sites.create([WILLO])
    young, old = last_removable(clock.now) + 1, last_removable(clock.now)
    for day in (young, old):
        await store.live.push(1, {day * DAY_SECONDS: ROW})
    # Both are emptied while neither may go.
    now, clock.now = clock.now, clock.now - DAY_SECONDS
    assert await store.live.delete(1, start=0, end=2**32) == 2
    clock.now = now
    assert await closed(store) == [day_id(1, old), day_id(1, young)]
    assert await store.live.seal() == Sealed(days=0, readings=0)
    assert await closed(store) == [day_id(1, young)]
