"""How stale the fleet is: every site counts once, by the age of its latest reading."""

from typing import Any

import pytest

from storage import Readings, Store
from storage.staleness import AGES, REST, Staleness

DAY = 86_400
ROW = (1.0, 2.0, 3.0, True, True, True)
AGES_OF_SITES = [-DAY, 0, 1_199, 1_200, 3_599, 3_600, DAY - 1, DAY, 7 * DAY - 1, 7 * DAY, 900 * DAY]


async def populate(store: Store, ages: list[int], never: int = 0) -> None:
    """Create a site for each age of its latest reading, and some without any."""
    sites: Any = [
        {"id": n, "name": "Any", "location": "x"} for n in range(1, len(ages) + never + 1)
    ]
    for start in range(0, len(sites), 100):
        await store.sites.create(sites[start : start + 100])
    now = await store.database.clock()
    for site_id, age in enumerate(ages, 1):
        readings: Readings = {now - age: ROW, now - age - DAY: ROW}
        await store.live.push(site_id, readings)


async def test_each_site_counts_by_the_age_of_its_latest_reading(store: Store) -> None:
    await populate(store, AGES_OF_SITES, never=2)
    await store.seal()
    ages = await store.staleness.count()
    assert [*ages.sites] == [3, 2, 2, 2, 2]
    assert ages.never == 2
    assert ages.seconds > 0


async def test_a_deleted_site_does_not_count(store: Store) -> None:
    await populate(store, [0, 0])
    await store.sites.delete(1)
    assert [*(await store.staleness.count()).sites] == [1, 0, 0, 0, 0]


async def test_no_sites_are_no_sites(store: Store) -> None:
    ages = await store.staleness.count()
    assert ([*ages.sites], ages.never) == ([0] * (len(AGES) + 1), 0)


async def test_after_each_page_it_rests_for_longer_than_the_page_took(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.staleness.MOST_SITES", 2)
    await populate(store, [0, 0, 0], never=2)
    rests: list[float] = []

    async def sleep(seconds: float) -> None:
        rests.append(seconds)

    staleness = Staleness(store.database, store.fleet, sleep=sleep)
    ages = await staleness.count()
    assert ([*ages.sites], ages.never) == ([3, 0, 0, 0, 0], 2)
    assert len(rests) == 2
    assert 0 < sum(rests) < REST * ages.seconds
