import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from storage import (
    Conflict,
    NoReadings,
    ReadingsConflict,
    Receipt,
    Store,
    UnknownSite,
    Values,
)
from storage.ranges import Ranges
from storage.series import rows_of

SITE = 2**31 - 1
T = 1_672_531_200  # the brief's first stamp


def values(number: float) -> Values:
    return number, 350.0, 400.5, True, False, False


@pytest.fixture(params=[0, 2, 3, 300], ids=["fresh", "settling", "sealable", "old"])
def days_ago(request: pytest.FixtureRequest) -> int:
    """How many days ago T was: it decides where its readings are stored."""
    number: int = request.param
    return number


@pytest.fixture(autouse=True)
async def site(store: Store, clock: Any, days_ago: int) -> None:
    clock.now = T + days_ago * 86_400
    await store.sites.create([{"id": SITE, "name": "Willo Woods", "location": "north"}])


async def receipt_of(push: Awaitable[Receipt]) -> Receipt:
    """The receipt of a push, with or without conflicts."""
    try:
        return await push
    except ReadingsConflict as refusal:
        return refusal.receipt


async def stored(store: Store) -> list[tuple[int, Values]]:
    page = await store.live.list(SITE, start=0, end=2**32, descending=False, limit=10_000)
    return list(rows_of(page.series).items())


@pytest.mark.parametrize("rows", [1, 3, 1_001])
async def test_push_stores_every_row_and_counts_it(store: Store, rows: int) -> None:
    readings = {T + 600 * i: values(i % 100) for i in range(rows)}
    receipt = await store.live.push(SITE, readings)
    assert receipt == Receipt(rows, rows, 0, 0, 0, T, T + 600 * (rows - 1))
    assert await stored(store) == sorted(readings.items())


@pytest.mark.parametrize("rows", [1, 3, 1_001])
async def test_push_of_the_same_rows_again_is_unchanged(store: Store, rows: int) -> None:
    readings = {T + 600 * i: values(i % 100) for i in range(rows)}
    await store.live.push(SITE, readings)
    receipt = await store.live.push(SITE, readings)
    assert receipt == Receipt(rows, 0, rows, 0, 0, T, T + 600 * (rows - 1))


async def test_push_of_no_rows_has_an_empty_receipt(store: Store) -> None:
    assert await store.live.push(SITE, {}) == Receipt(0, 0, 0, 0, 0, None, None)


async def test_push_takes_equal_numbers_for_the_same_value(store: Store) -> None:
    await store.live.push(SITE, {T: (0, 400, 400, True, True, True)})
    receipt = await store.live.push(SITE, {T: (0.0, 400.0, 400, True, True, True)})
    assert receipt.unchanged == 1


async def test_push_of_another_value_conflicts_and_keeps_the_stored_one(store: Store) -> None:
    await store.live.push(SITE, {T: values(1)})
    with pytest.raises(ReadingsConflict) as refusal:
        await store.live.push(SITE, {T: (2, 350.0, 400.5, True, False, True)})
    assert refusal.value.receipt == Receipt(1, 0, 0, 0, 1, T, T)
    assert refusal.value.conflicts == [Conflict(T, ("soc", "cro_notification"))]
    assert await stored(store) == [(T, values(1))]


async def test_push_with_conflicts_stores_the_other_rows(store: Store) -> None:
    await store.live.push(SITE, {T: values(1), T + 600: values(2)})
    with pytest.raises(ReadingsConflict) as refusal:
        await store.live.push(SITE, {T: values(1), T + 600: values(9), T + 1200: values(3)})
    assert refusal.value.receipt == Receipt(3, 1, 1, 0, 1, T, T + 1200)
    assert await stored(store) == [(T, values(1)), (T + 600, values(2)), (T + 1200, values(3))]


async def test_push_tells_the_first_hundred_conflicts_and_counts_them_all(store: Store) -> None:
    await store.live.push(SITE, {T + i: values(1) for i in range(1_500)})
    with pytest.raises(ReadingsConflict) as refusal:
        await store.live.push(SITE, {T + i: values(2) for i in reversed(range(1_500))})
    assert refusal.value.receipt.conflicts == 1_500
    assert [conflict.instant - T for conflict in refusal.value.conflicts] == list(range(100))


@pytest.mark.parametrize("rows", [1, 1_200])
async def test_push_with_overwrite_replaces_what_differs(store: Store, rows: int) -> None:
    await store.live.push(SITE, {T + i: values(i % 2) for i in range(rows)})
    corrected = {T + i: values(1) for i in range(rows + 1)}
    receipt = await store.live.push(SITE, corrected, overwrite=True)
    unchanged = rows // 2
    assert receipt == Receipt(rows + 1, 1, unchanged, rows - unchanged, 0, T, T + rows)
    assert await stored(store) == sorted(corrected.items())


async def test_push_of_one_row_with_overwrite_replaces_it(store: Store) -> None:
    await store.live.push(SITE, {T: values(1)})
    assert await store.live.push(SITE, {T: values(2)}, overwrite=True) == Receipt(
        1, 0, 0, 1, 0, T, T
    )
    assert await store.live.latest(SITE) == (T, values(2))


@pytest.mark.parametrize("overwrite", [False, True])
async def test_dry_run_gives_the_receipt_of_the_push_and_stores_nothing(
    store: Store, overwrite: bool
) -> None:
    await store.live.push(SITE, {T: values(1), T + 600: values(2)})
    before = await stored(store)
    readings = {T: values(1), T + 600: values(9), T + 1200: values(3)}
    dry = await store.live.push(SITE, readings, overwrite=overwrite, dry_run=True)
    assert await stored(store) == before
    assert dry == await receipt_of(store.live.push(SITE, readings, overwrite=overwrite))


async def test_latest_is_the_newest_by_stamp_whenever_it_arrived(store: Store) -> None:
    await store.live.push(SITE, {T + 600: values(2)})
    await store.live.push(SITE, {T: values(1)})
    assert await store.live.latest(SITE) == (T + 600, values(2))


async def test_latest_of_a_site_without_readings_is_refused(store: Store) -> None:
    await store.sites.create([{"id": SITE - 1, "name": "Next door", "location": "north"}])
    await store.live.push(SITE - 1, {2**32 - 1: values(1)})
    with pytest.raises(NoReadings):
        await store.live.latest(SITE)


async def test_every_instant_from_1970_to_2106_can_be_stored_and_found(store: Store) -> None:
    readings = {0: values(1), 2**31: values(2), 2**32 - 1: values(3)}
    await store.live.push(SITE, readings)
    assert await stored(store) == sorted(readings.items())
    assert await store.live.latest(SITE) == (2**32 - 1, values(3))


async def test_list_gives_the_half_open_range_in_pages_both_ways(store: Store) -> None:
    await store.live.push(SITE, {T + i: values(i) for i in range(10)})

    async def page(start: int, end: int, descending: bool, limit: int) -> tuple[list[int], Any]:
        found = await store.live.list(
            SITE, start=T + start, end=T + end, descending=descending, limit=limit
        )
        following = None if found.next is None else found.next - T
        return [instant - T for instant in found.series.instants], following

    assert await page(2, 6, False, 3) == ([2, 3, 4], 5)
    assert await page(5, 6, False, 3) == ([5], None)
    assert await page(2, 6, True, 3) == ([5, 4, 3], 2)
    assert await page(2, 3, True, 3) == ([2], None)
    assert await page(2, 6, False, 4) == ([2, 3, 4, 5], None)
    assert await page(6, 6, False, 4) == ([], None)
    assert await page(6, 2, True, 4) == ([], None)


async def test_a_page_has_its_mark_as_long_as_it_would_be_the_same(store: Store) -> None:
    await store.live.push(SITE, {T + i: values(i) for i in range(9)})
    asked: Any = {"start": T, "end": T + 7, "descending": False, "limit": 5}
    mark = (await store.live.list(SITE, **asked)).mark
    assert await store.live.unchanged(SITE, mark, **asked)
    for other in ({"start": T + 1}, {"end": T + 5}, {"limit": 4}, {"descending": True}):
        another: Any = {**asked, **other}
        assert (await store.live.list(SITE, **another)).mark != mark
    await store.live.push(SITE, {T - 1: values(1)})
    await store.live.push(SITE, {T + 3: values(99)}, overwrite=True)
    assert not await store.live.unchanged(SITE, mark, **asked)
    mark = (await store.live.list(SITE, **asked)).mark
    assert await store.live.unchanged(SITE, mark, **asked)
    await store.live.delete(SITE, start=T + 3, end=T + 4)
    assert not await store.live.unchanged(SITE, mark, **asked)


async def test_who_watches_sees_each_shared_call_and_for_whom_it_is(
    store: Store, clock: Any
) -> None:
    clock.now = T
    seen = list[tuple[str, list[Any]]]()

    class Watching:
        def caller(self) -> Any:
            task = asyncio.current_task()
            return task and task.get_name()

        @contextmanager
        def call(self, name: str, callers: Sequence[Any]) -> Iterator[None]:
            seen.append((name, sorted(callers)))
            yield

    store.live.watch(Watching())

    async def named(name: str, call: Awaitable[Any]) -> None:
        async def made() -> None:
            await call

        await asyncio.create_task(made(), name=name)

    await asyncio.gather(*(named(n, store.live.push(SITE, {T + int(n): values(1)})) for n in "12"))
    await asyncio.gather(*(named(n, store.live.latest(SITE)) for n in "345"))
    assert seen == [("Commits", ["1", "2"]), ("Newest", ["3", "4", "5"])]


async def test_list_beyond_all_time_is_empty_and_meets_no_other_site(store: Store) -> None:
    await store.live.push(SITE, {2**32 - 1: values(1)})
    page = await store.live.list(SITE, start=2**32 + 5, end=2**33, descending=False, limit=1)
    assert page.series.instants == []
    assert page.next is None


async def test_delete_removes_the_range_and_counts_it(store: Store) -> None:
    await store.live.push(SITE, {T + i: values(1) for i in range(2_500)})
    assert await store.live.delete(SITE, start=T + 1, end=T + 2_499) == 2_498
    assert [instant - T for instant, _ in await stored(store)] == [0, 2_499]
    assert await store.live.delete(SITE, start=T + 1, end=T + 2_499) == 0


async def test_every_method_refuses_an_unknown_site(store: Store) -> None:
    with pytest.raises(UnknownSite):
        await store.live.push(7, {T: values(1)})
    with pytest.raises(UnknownSite):
        await store.live.push(7, {T: values(1)}, dry_run=True)
    with pytest.raises(UnknownSite):
        await store.live.latest(7)
    with pytest.raises(UnknownSite):
        await store.live.list(7, start=0, end=1, descending=False, limit=1)
    with pytest.raises(UnknownSite):
        await store.live.delete(7, start=0, end=1)


@pytest.mark.parametrize("rows", [1, 7])
async def test_of_fifty_concurrent_pushers_of_one_stamp_exactly_one_stores(
    store: Store, rows: int
) -> None:
    async def push(number: int) -> Receipt:
        readings = {T + i: values(number) for i in range(rows)}
        return await receipt_of(store.live.push(SITE, readings))

    receipts = await asyncio.gather(*(push(number) for number in range(50)))
    assert sum(receipt.stored for receipt in receipts) == rows
    assert sum(receipt.conflicts for receipt in receipts) == 49 * rows
    assert len(await stored(store)) == rows


@pytest.mark.parametrize("rows", [1, 7])
async def test_concurrent_pushes_of_the_same_facts_are_stored_once_and_never_conflict(
    store: Store, rows: int
) -> None:
    readings = {T + i: values(i) for i in range(rows)}
    receipts = await asyncio.gather(*(store.live.push(SITE, readings) for _ in range(50)))
    assert sum(receipt.stored for receipt in receipts) == rows
    assert sum(receipt.unchanged for receipt in receipts) == 49 * rows


async def test_overlapping_pushes_and_replacements_lose_no_row(store: Store) -> None:
    async def push(begin: int, overwrite: bool) -> Receipt:
        readings = {T + i: values(i % 100) for i in range(begin, begin + 100)}
        return await store.live.push(SITE, readings, overwrite=overwrite)

    pushes = (push(begin, begin % 20 == 0) for begin in range(0, 300, 10))
    receipts = await asyncio.gather(*pushes)
    assert sum(receipt.stored for receipt in receipts) == 390
    assert await stored(store) == [(T + i, values(i % 100)) for i in range(390)]


async def test_a_row_deleted_between_the_refusal_and_the_read_is_stored(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = T
    await store.live.push(SITE, {T: values(1)})
    open_days = store.live._pusher._open
    compare = open_days._compare

    async def delete_first(*args: Any) -> Any:
        await store.live.delete(SITE, start=T, end=T + 1)
        return await compare(*args)

    monkeypatch.setattr(open_days, "_compare", delete_first)
    assert (await store.live.push(SITE, {T: values(2)})).stored == 1
    assert await stored(store) == [(T, values(2))]


async def test_a_page_reads_few_days_of_many_readings(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = T + 60 * 86_400
    dense = {T + 86_400 * day + 20 * i: values(i % 100) for day in range(9) for i in range(500)}
    await store.live.push(SITE, dense)
    read = list[int]()
    go_on = Ranges._go_on

    async def counted(self: Ranges, asked: Any, first: Any) -> Any:
        found = await go_on(self, asked, first)
        read.append(len(found))
        return found

    monkeypatch.setattr(Ranges, "_go_on", counted)
    for descending in (False, True):
        page = await store.live.list(SITE, start=0, end=2**32, descending=descending, limit=900)
        assert len(page.series.instants) == 900
        assert page.series.instants == sorted(dense, reverse=descending)[:900]
    assert max(read) <= 3


async def test_rows_are_compared_alone_where_much_else_lies_between_them(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = T + 3_600
    await store.live.push(SITE, {T + i: values(i % 90) for i in range(2_000)})
    open_days = store.live._pusher._open
    read, sought = open_days.read, list[int]()

    async def counted(site_id: int, instants: list[int]) -> Any:
        sought.append(len(instants))
        return await read(site_id, instants)

    monkeypatch.setattr(open_days, "read", counted)
    sparse = {T + 100 * i: values(100 * i % 90) for i in range(25)}
    receipt = await store.live.push(SITE, sparse)
    assert (receipt.unchanged, receipt.stored, sought) == (20, 5, [25])
    dense = {T + i: values(i % 90) for i in range(1_995, 2_010)}
    receipt = await store.live.push(SITE, dense)
    assert (receipt.unchanged, receipt.stored, sought) == (6, 9, [25])
