"""Aggregates and gaps of a store, and that their pages join to what one page would be."""

from typing import Any

import pytest

from storage import Bucket, Gap, Store, UnknownSite, Values

T = 1_679_788_800  # 2023-03-26T00:00:00Z: the clocks of Berlin go from 02:00 to 03:00
DAY = 86_400
ROW: Values = (50, 2.5, 1.5, True, False, False)


@pytest.fixture(autouse=True)
async def site(store: Store, clock: Any) -> None:
    clock.now = T + 4 * DAY
    place = {"name": "Willo Woods", "location": "north", "time_zone": "Europe/Berlin"}
    await store.sites.create([{"id": 1, **place}])  # type: ignore[typeddict-item]


async def buckets(store: Store, every: str, start: int, end: int, limit: int) -> list[Bucket]:
    """All buckets, page by page."""
    found: list[Bucket] = []
    place: int | None = start
    while place is not None:
        page = await store.analysis.aggregate(
            1, every=every, start=place, end=end, now=T + 4 * DAY, limit=limit
        )
        assert page.time_zone == "Europe/Berlin"
        found, place = [*found, *page.buckets], page.next
    return found


async def test_a_day_on_which_the_clocks_change_has_its_own_length(store: Store) -> None:
    await store.live.push(1, {T - 3600 + 600 * i: ROW for i in range(300)})
    days = await buckets(store, "1d", T - 3600, T + 2 * DAY - 7200, 100)
    assert [(b.start - T, b.end - T) for b in days] == [
        (-3600, 22 * 3600),
        (22 * 3600, 46 * 3600),
    ]
    assert [(b.rows, b.slots, b.expected) for b in days] == [(138, 138, 138), (144, 144, 144)]
    assert days[0].columns["load_kwh"] == (2.5, 2.5, 2.5, 2.5, 2.5, 138 * 2.5)


@pytest.mark.parametrize("every", ["1h", "1d", "1w", "1mo"])
async def test_pages_of_buckets_join_to_one(
    store: Store, every: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.analysis.ROWS_AT_ONCE", 7)
    await store.live.push(1, {T - 40 * DAY + 37 * i * 600: ROW for i in range(170)})
    start, end = T - 41 * DAY, T + 5 * DAY
    whole = await buckets(store, every, start, end, 10_000)
    assert await buckets(store, every, start, end, 1 if every != "1h" else 50) == whole
    monkeypatch.setattr("storage.analysis.MOST_ROWS", 20)
    assert await buckets(store, every, start, end, 10_000) == whole
    assert sum(bucket.rows for bucket in whole) == 170


async def test_nothing_is_expected_after_now(store: Store) -> None:
    days = await buckets(store, "1w", T + 3 * DAY, T + 9 * DAY, 1)
    assert [bucket.expected for bucket in days] == [144, 0]


async def gaps(store: Store, start: int, end: int, now: int, limit: int) -> list[Gap]:
    found: list[Gap] = []
    place: int | None = start
    while place is not None:
        page = await store.analysis.gaps(1, start=place, end=end, now=now, limit=limit)
        found, place = [*found, *page.gaps], page.next
    return found


async def test_gaps_are_found_page_by_page_and_none_is_cut(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.analysis.ROWS_AT_ONCE", 5)
    there = [i for i in range(100) if i % 10 != 3 and i not in range(40, 60)]
    await store.live.push(1, {T + 600 * i: ROW for i in there})
    missing = [(3, 4), (13, 14), (23, 24), (33, 34), (40, 60), (63, 64), (73, 74), (83, 84),
               (93, 94), (100, 120)]  # fmt: skip
    expected = [Gap(T + 600 * a, T + 600 * b, b - a) for a, b in missing]
    for limit in (1, 3, 1_000):
        assert await gaps(store, T, T + 2 * DAY, T + 120 * 600, limit) == expected
    monkeypatch.setattr("storage.analysis.MOST_ROWS", 9)
    assert await gaps(store, T, T + 2 * DAY, T + 120 * 600, 1_000) == expected


async def test_a_site_without_readings_is_one_gap_until_now(store: Store) -> None:
    assert await gaps(store, T, T + DAY, T + 3_000, 9) == [Gap(T, T + 3_000, 5)]
    assert await gaps(store, T, T + DAY, T, 9) == []


async def test_analyses_of_an_unknown_site_are_refused(store: Store) -> None:
    with pytest.raises(UnknownSite):
        await store.analysis.aggregate(7, every="1d", start=0, end=1, now=9, limit=1)
    with pytest.raises(UnknownSite):
        await store.analysis.gaps(7, start=0, end=1, now=9, limit=1)


async def test_a_page_that_has_the_last_gap_says_that_none_follows(store: Store) -> None:
    await store.live.push(1, {T: ROW, T + 1200: ROW})
    page = await store.analysis.gaps(1, start=T, end=T + 1800, now=T + DAY, limit=1)
    assert page == ([Gap(T + 600, T + 1200, 1)], None)
