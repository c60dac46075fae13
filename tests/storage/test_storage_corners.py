"""What hardly ever happens in the store: bounds of memory, answers that are late."""

import asyncio
from typing import Any

import pytest
from bson.objectid import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from storage import Receipt, Store, Unavailable, known, newest
from storage.classification import classify, differing
from storage.closed_days import ClosedDays
from storage.days import last_removable, last_sealable
from storage.documents import day_document
from storage.history import next_revision, same_configuration
from storage.ids import (
    DAY_SECONDS,
    LAST_DAY,
    LAST_INSTANT,
    LAST_SITE_ID,
    day_id,
    day_of,
    day_span,
    ids_after,
    reading_id,
    site_and_day,
    span,
)
from storage.known import IdSet, KnownSites
from storage.measures import Distribution, Measures
from storage.newest import Newest
from storage.open_days import OpenDays
from storage.sharing import Waiter


def test_a_set_of_ids_forgets_all_of_them_before_it_takes_a_page_too_many() -> None:
    numbers = IdSet()
    spread = [page << known._PAGE_BITS for page in range(known._MOST_PAGES + 1)]
    for number in spread[:-1]:
        numbers.add(number)
    assert all(number in numbers for number in spread[:-1])
    numbers.add(spread[-1])
    assert [number for number in spread if number in numbers] == spread[-1:]


def test_a_number_is_taken_out_of_a_set_of_ids_and_no_other() -> None:
    numbers = IdSet()
    among = [*range(20), 1 << known._PAGE_BITS]
    for number in among:
        numbers.add(number)
    for number in (10, 1 << known._PAGE_BITS, 5 << known._PAGE_BITS):
        numbers.discard(number)
    assert [number for number in among if number in numbers] == [*range(10), *range(11, 20)]


def test_a_set_of_ids_holds_those_that_it_was_given_in_a_bit_for_each_number() -> None:
    numbers = IdSet()
    pages = range(2 << known._PAGE_BITS)
    for number in pages[::3]:
        numbers.add(number)
    assert [number for number in pages if number in numbers] == [*pages[::3]]
    assert sum(map(len, numbers._pages.values())) == len(pages) / 8


def test_a_site_that_was_read_before_a_deletion_was_counted_is_not_remembered() -> None:
    sites = KnownSites(lambda: 0.0)
    earlier = sites.generation - 1
    sites.remember(1, earlier)
    assert 1 not in sites._there
    sites.remember(1, sites.generation)
    assert 1 in sites._there


async def test_an_answer_that_comes_late_changes_nothing() -> None:
    waiter = Waiter[int](0)
    waiter.resolve(1)
    waiter.resolve(2)
    waiter.fail(ValueError())
    assert await waiter.answer == 1


def test_an_error_of_no_kind_is_not_counted_and_another_once() -> None:
    measures = Measures()
    measures.add_error(Unavailable("the store is closing", None))
    assert not sum(measures.errors.values())
    error = Unavailable("away", "other")
    measures.add_error(error)
    measures.add_error(error)
    measures.add_error(Unavailable("away", "other"))
    assert measures.errors["other"] == sum(measures.errors.values()) == 2


def test_a_distribution_begins_with_nothing_and_has_a_place_beyond_its_last_bound() -> None:
    distribution = Distribution((1, 10))
    assert (distribution.bounds, distribution.counts, distribution.total) == ((1, 10), [0] * 3, 0)
    for value in (1, 10, 11, 12):
        distribution.add(value)
    assert (distribution.counts, distribution.total) == ([1, 1, 2], 34)


def test_what_became_of_rows_is_counted_row_by_row_and_push_by_push() -> None:
    measures = Measures()
    for _ in range(2):
        measures.add_receipt(Receipt(10, 1, 2, 3, 4, 0, 0))
    counted = (measures.stored, measures.unchanged, measures.replaced, measures.conflicting)
    assert counted == (2, 4, 6, 8)


class Time:
    """A clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_site_is_known_while_the_count_of_deletions_is_young_and_the_same() -> None:
    clock = Time()
    sites = KnownSites(clock)
    assert sites.now() == 100.0
    assert not sites.is_counted()
    sites.hear(0, clock.now)
    sites.remember(7, sites.generation)
    assert 7 in sites
    assert 8 not in sites
    clock.now += known.CACHE_SECONDS - 0.1
    assert 7 in sites
    clock.now += 0.1
    assert 7 not in sites
    sites.hear(0, clock.now)
    assert 7 in sites
    sites.forget(7)
    assert 7 not in sites


def test_another_count_or_an_hour_makes_all_be_forgotten() -> None:
    clock = Time()
    sites = KnownSites(clock)
    steps = ((0, 0, False), (0, 3_600, True), (0, 0.1, False), (1, 0, False))
    for count, later, remembered in steps:
        clock.now += later
        before = sites.generation
        sites.hear(count, clock.now)
        assert (7 in sites) is remembered
        assert (sites.generation == before) is remembered
        sites.remember(7, sites.generation)


@given(st.integers(0, LAST_SITE_ID), st.integers(0, LAST_INSTANT))
def test_a_day_has_one_id_that_gives_back_its_site_and_number(site_id: int, instant: int) -> None:
    day = day_of(instant)
    assert day * DAY_SECONDS <= instant < (day + 1) * DAY_SECONDS
    assert site_and_day(day_id(site_id, day)) == (site_id, day)
    assert 0 <= day_id(site_id, day) < 2**63


def days_within(start: int, end: int) -> list[int]:
    """Return which of some days of a site the condition on `_id` holds for."""
    bounds = day_span(5, start, end)
    assert bounds.keys() == {"$gte", "$lte"}
    days = [0, 1, 2, 3, LAST_DAY - 1, LAST_DAY]
    return [day for day in days if bounds["$gte"] <= day_id(5, day) <= bounds["$lte"]]


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (0, 1, [0]),
        (0, DAY_SECONDS, [0]),
        (0, DAY_SECONDS + 1, [0, 1]),
        (DAY_SECONDS - 1, DAY_SECONDS, [0]),
        (DAY_SECONDS, 3 * DAY_SECONDS, [1, 2]),
        (-5, 1, [0]),
        (-5, 0, []),
        (7, 7, []),
        (8, 7, []),
        (0, 0, []),
        (2 * DAY_SECONDS + 5, 2 * DAY_SECONDS + 5, []),
        (LAST_INSTANT, LAST_INSTANT + 1, [LAST_DAY]),
        (LAST_INSTANT, LAST_INSTANT + 10 * DAY_SECONDS, [LAST_DAY]),
    ],
)
def test_the_days_of_a_range_are_those_that_hold_any_of_it(
    start: int, end: int, days: list[int]
) -> None:
    assert days_within(start, end) == days


def test_without_bounds_all_days_of_the_site_and_of_no_other_are_meant() -> None:
    whole = day_span(5)
    assert (whole["$gte"], whole["$lte"]) == (day_id(5, 0), day_id(5, LAST_DAY))
    assert day_id(4, LAST_DAY) < whole["$gte"] <= whole["$lte"] < day_id(6, 0)


def test_without_bounds_all_readings_of_the_site_are_meant() -> None:
    assert span(5) == {"$gte": reading_id(5, 0), "$lte": reading_id(5, LAST_INSTANT)}


def test_sites_follow_an_id_all_of_them_or_those_that_are_named() -> None:
    assert ids_after(None, None) == {"$gt": 0}
    assert ids_after(7, None) == {"$gt": 7}
    assert ids_after(None, {3, 1}) == {"$in": [1, 3]}
    assert ids_after(7, [9, 7, 8, 1]) == {"$in": [8, 9]}
    assert ids_after(None, []) == {"$in": []}


def test_rows_of_different_width_are_a_bug_and_no_difference() -> None:
    row = (1.0, 2.0, 3.0, True, True, True)
    with pytest.raises(ValueError, match="argument"):
        differing(row, row[:-1])  # type: ignore[arg-type]


def test_more_silent_sites_than_there_is_room_for_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(newest, "_MOST_SILENT", 2)
    latest = Newest.__new__(Newest)
    latest._silent = {1, 2, 3}
    latest._remember([4], {4: 1})
    assert latest._silent == {4}


def test_configurations_are_the_same_when_battery_and_production_are() -> None:
    one: Any = {"battery": {"vendor": "KATL"}, "production": {"pv": {"units": 1}}, "revision": 1}
    assert same_configuration(one, {**one, "revision": 2})
    assert not same_configuration(one, {**one, "battery": {"vendor": "Tesla"}})
    assert not same_configuration(one, {**one, "production": {"pv": {"units": 2}}})


def test_the_next_revision_is_the_configuration_with_a_number_and_its_times() -> None:
    pushed: Any = {"battery": {"vendor": "KATL"}, "production": {"pv": {"units": 1}}, "id": 7}
    first = next_revision([], pushed, 5, 9)
    assert first == {
        "revision": 1,
        "effective_from": 5,
        "recorded_at": 9,
        "battery": {"vendor": "KATL"},
        "production": {"pv": {"units": 1}},
    }
    assert next_revision([{**first, "revision": 8}, first], pushed, 1, 9)["revision"] == 9


LOW, HIGH = ((soc, 1.0, 2.0, True, True, False) for soc in (0.0, 100.0))


def test_a_row_is_new_unchanged_or_different_beside_what_is_stored() -> None:
    rows = {1: LOW, 2: LOW, 3: LOW, 4: HIGH}
    assert classify(rows, {}) == (rows, {}, {})
    assert classify(rows, dict(rows)) == ({}, rows, {})
    assert classify(rows, {1: LOW, 2: HIGH, 9: LOW}) == ({3: LOW, 4: HIGH}, {1: LOW}, {2: LOW})
    assert classify({}, {1: LOW}) == ({}, {}, {})


def test_the_columns_that_differ_are_named_in_their_order() -> None:
    assert differing(LOW, HIGH) == ("soc",)
    assert differing(LOW, LOW) == ()
    assert differing(LOW, (0, 1, 2.5, True, True, True)) == ("net_load_kwh", "cro_notification")


async def test_a_push_whose_new_days_cannot_be_written_fails_once_the_other_days_are(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = last_removable(clock.now) - 1
    there, beside, new = day * DAY_SECONDS, day * DAY_SECONDS + 600, (day - 1) * DAY_SECONDS
    row = (1.0, 350.0, 400.5, True, False, False)
    await store.sites.create([{"id": 1, "name": "W", "location": "n"}])
    await store.live.push(1, {there: row})
    write, ended = ClosedDays._write, list[str]()

    async def refused(*_: Any) -> Any:
        ended.append("new")
        raise Unavailable("away", "no_server")

    async def written(self: ClosedDays, *given: Any) -> Any:
        await asyncio.sleep(0.05)
        lost = await write(self, *given)
        ended.append("others")
        return lost

    with monkeypatch.context() as patch:
        patch.setattr(ClosedDays, "_add", refused)
        patch.setattr(ClosedDays, "_write", written)
        with pytest.raises(Unavailable, match="away"):
            await store.live.push(1, {beside: row, new: row})
    assert ended == ["new", "others"]
    receipt = await store.live.push(1, {beside: row, new: row})
    assert (receipt.stored, receipt.unchanged) == (1, 1)


async def test_a_row_of_a_new_day_that_another_writer_is_first_at_is_merged_into_what_he_wrote(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = last_removable(clock.now) - 1
    there, beside = day * DAY_SECONDS, day * DAY_SECONDS + 600
    new, others = (day - 1) * DAY_SECONDS, (day - 1) * DAY_SECONDS + 600
    row = (1.0, 350.0, 400.5, True, False, False)
    await store.sites.create([{"id": 1, "name": "W", "location": "n"}])
    await store.live.push(1, {there: row})
    add = ClosedDays._add

    async def late(self: ClosedDays, site_id: int, days: Any) -> Any:
        monkeypatch.setattr(ClosedDays, "_add", add)
        await add(self, site_id, {day - 1: {others: row}})
        return await add(self, site_id, days)

    monkeypatch.setattr(ClosedDays, "_add", late)
    receipt = await store.live.push(1, {beside: row, new: row})
    assert (receipt.stored, receipt.unchanged) == (2, 0)
    page = await store.live.list(1, start=0, end=2**32, descending=False, limit=9)
    assert page.series.instants == [new, others, there, beside]


async def test_a_day_too_young_to_be_closed_is_not_closed_again_when_its_document_has_gone(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = (last_sealable(clock.now) + 1) * DAY_SECONDS
    row = (1.0, 350.0, 400.5, True, False, False)
    await store.sites.create([{"id": 1, "name": "W", "location": "n"}])
    # Somebody whose clock is ahead of the store's has closed it, and takes it away again.
    clock.now += DAY_SECONDS
    await store.live.push(1, {stamp: row})
    clock.now -= DAY_SECONDS
    look = ClosedDays.look

    async def late(self: ClosedDays, *given: Any) -> Any:
        await store.database.days.delete_many({})
        return await look(self, *given)

    monkeypatch.setattr(ClosedDays, "look", late)
    with pytest.raises(Unavailable, match="opened again in between"):
        await store.live.push(1, {stamp + 600: row})
    assert [day async for day in store.database.days.find()] == []


async def test_a_push_into_a_day_that_another_clock_closes_meanwhile_is_found_out_by_the_next(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settling = last_sealable(clock.now) + 1
    row, start = (1.0, 350.0, 400.5, True, False, False), settling * DAY_SECONDS
    await store.sites.create([{"id": 1, "name": "W", "location": "n"}])
    put = OpenDays.store

    async def closed_then(self: OpenDays, *given: Any, **flags: Any) -> None:
        await put(self, *given, **flags)
        await store.database.days.insert_one(day_document(1, settling, ObjectId(), {}))

    with monkeypatch.context() as patch:
        patch.setattr(OpenDays, "store", closed_then)
        with pytest.raises(Unavailable, match=r": a day was closed in between$") as refusal:
            await store.live.push(1, {start: row})
    assert refusal.value.kind == "conflict"
    assert (await store.live.push(1, {start: row, start + 1: row})).stored == 1
    assert await store.live.latest(1) == (start + 1, row)
    assert await store.live.delete(1, start=0, end=2**32) == 2
