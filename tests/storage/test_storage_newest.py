"""The latest reading is the later one of two collections, whichever way they are asked."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from bson.objectid import ObjectId
from conftest import SetClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import Store, UnknownFormat, Values, unions
from storage.documents import day_document, reading_document
from storage.ids import DAY_SECONDS, LAST_INSTANT, LAST_SITE_ID, day_of, span
from storage.newest import MOST_SITES, Newest

SITE = 7
TODAY = day_of(SetClock.now)
NOON = TODAY * DAY_SECONDS + 43_200
WEEK = 7 * DAY_SECONDS


def values(number: float) -> Values:
    return number, 350.0, 400.5, True, False, True


async def put_live(store: Store, site_id: int, *instants: int, soc: float = 1) -> None:
    documents = [reading_document(site_id, instant, values(soc)) for instant in instants]
    await store.database.live.insert_many(documents)


async def put_day(store: Store, site_id: int, *instants: int, soc: float = 2) -> None:
    """Settle a day with rows, or one without any before the day of its only instant, negated."""
    day = day_of(abs(instants[0]))
    rows = {instant: values(soc) for instant in instants if instant > 0}
    await store.database.days.insert_one(day_document(site_id, day, ObjectId(), rows))


@pytest.fixture
async def newest(store: Store) -> AsyncIterator[Newest]:
    sites: Any = [{"id": id_, "name": "Any", "location": "north"} for id_ in (6, SITE, 8)]
    await store.sites.create(sites)
    for other in (SITE - 1, SITE + 1):
        await put_live(store, other, 0, LAST_INSTANT, soc=99)
        await put_day(store, other, 1, soc=99)
        await put_day(store, other, LAST_INSTANT - 5, soc=99)
    shared = Newest(store.database)
    yield shared
    await shared.close()


async def test_the_newest_row_is_the_one_of_the_latest_instant(
    store: Store, newest: Newest
) -> None:
    await put_live(store, SITE, NOON, soc=5)
    await put_live(store, SITE, NOON - 1, NOON - WEEK, soc=6)
    assert await newest.of(SITE) == (True, (NOON, values(5)))


async def test_a_site_without_readings_has_none(newest: Newest) -> None:
    assert await newest.of(SITE) == (True, None)


async def test_an_unknown_site_and_a_deleted_one_are_not_there(
    store: Store, newest: Newest
) -> None:
    await put_live(store, SITE, NOON)
    await put_live(store, 99, NOON)
    await store.sites.delete(SITE)
    assert await newest.of(SITE) == await newest.of(99) == (False, None)
    assert set(await newest.of_many([6, SITE, 8, 99])) == {6, 8}


async def test_the_last_row_of_the_last_settled_day_is_found(store: Store, newest: Newest) -> None:
    await put_day(store, SITE, NOON - 2 * WEEK, soc=3)
    await put_day(store, SITE, NOON - WEEK, NOON - WEEK + 600, soc=4)
    assert await newest.of(SITE) == (True, (NOON - WEEK + 600, values(4)))


@pytest.mark.parametrize("ahead", [-DAY_SECONDS, -600, 600, DAY_SECONDS])
async def test_of_an_old_row_and_a_settled_one_the_later_wins(
    store: Store, newest: Newest, ahead: int
) -> None:
    await put_live(store, SITE, NOON - WEEK, soc=1)
    await put_day(store, SITE, NOON - WEEK + ahead, soc=2)
    expected = (NOON - WEEK, values(1)) if ahead < 0 else (NOON - WEEK + ahead, values(2))
    assert await newest.of(SITE) == (True, expected)


async def test_where_both_have_the_same_instant_the_document_wins(
    store: Store, newest: Newest
) -> None:
    await put_live(store, SITE, NOON - WEEK, soc=1)
    await put_day(store, SITE, NOON - WEEK, soc=2)
    assert await newest.of(SITE) == (True, (NOON - WEEK, values(2)))


async def test_a_settled_day_without_rows_is_passed_over(store: Store, newest: Newest) -> None:
    await put_day(store, SITE, NOON - 2 * WEEK, soc=3)
    for days in range(3):
        await put_day(store, SITE, -(NOON - WEEK + days * DAY_SECONDS))
    assert await newest.of(SITE) == (True, (NOON - 2 * WEEK, values(3)))


async def test_of_nothing_but_days_without_rows_there_is_no_latest(
    store: Store, newest: Newest
) -> None:
    await put_day(store, SITE, -(NOON - WEEK))
    assert await newest.of(SITE) == (True, None)


@pytest.mark.parametrize(("back", "asks"), [(0, False), (1, False), (2, True), (3, True)])
async def test_a_row_of_today_or_yesterday_needs_no_look_at_days(
    store: Store, newest: Newest, back: int, asks: bool
) -> None:
    """The later document beside it, which cannot be in truth, tells whether anybody looked."""
    await put_live(store, SITE, (TODAY - back) * DAY_SECONDS, soc=1)
    await put_day(store, SITE, NOON, soc=2)
    assert await newest.of(SITE) == (
        True,
        (NOON, values(2)) if asks else ((TODAY - back) * DAY_SECONDS, values(1)),
    )


async def test_a_silent_site_is_still_right_when_it_speaks_again(
    store: Store, newest: Newest
) -> None:
    await put_day(store, SITE, NOON - WEEK)
    for _ in range(2):
        assert await newest.of(SITE) == (True, (NOON - WEEK, values(2)))
    await put_live(store, SITE, NOON)
    for _ in range(2):
        assert await newest.of(SITE) == (True, (NOON, values(1)))
    await store.database.live.delete_many({"_id": span(SITE)})
    for _ in range(2):
        assert await newest.of(SITE) == (True, (NOON - WEEK, values(2)))


async def test_the_greatest_site_and_the_last_instant_are_found(
    store: Store, newest: Newest
) -> None:
    await store.sites.create([{"id": LAST_SITE_ID, "name": "Any", "location": "north"}])
    await put_live(store, LAST_SITE_ID, LAST_INSTANT)
    assert await newest.of(LAST_SITE_ID) == (True, (LAST_INSTANT, values(1)))


async def test_rows_of_version_0_1_are_found(store: Store, newest: Newest) -> None:
    document = reading_document(SITE, NOON, values(1))
    del document["f"]
    await store.database.live.insert_one(document)
    assert await newest.of(SITE) == (True, (NOON, values(1)))


@pytest.mark.parametrize("collection", ["live", "days"])
async def test_a_row_of_a_newer_format_is_the_trouble_of_its_own_site(
    store: Store, newest: Newest, collection: str
) -> None:
    row, then = values(1), NOON - WEEK
    documents = {
        "live": reading_document(SITE, then, row),
        "days": day_document(SITE, day_of(then), ObjectId(), {then: row}),
    }
    newer = {**documents[collection], "f": 2}
    await store.database.raw[collection].insert_one(newer, bypass_document_validation=True)
    own, other = await asyncio.gather(newest.of(SITE), newest.of(8), return_exceptions=True)
    assert isinstance(own, UnknownFormat)
    assert other == (True, (LAST_INSTANT, values(99)))


async def test_a_row_that_was_never_the_latest_is_not_told_when_all_goes_while_it_is_looked_for(
    newest: Newest, schemas: dict[str, Any], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(newest.database.raw, schemas=schemas, clock=clock, plain=True)
    await store.prepare()
    await put_day(store, SITE, NOON - WEEK + 20)
    await put_live(store, SITE, NOON - WEEK + 10)
    find, begun = unions._find, list[str]()

    async def late(database: Any, question: unions.Question) -> Any:
        if question.collection == "days" and not begun:
            begun.append("the deletion")
            await store.live.delete(SITE, start=0, end=LAST_INSTANT)
        return await find(database, question)

    monkeypatch.setattr(unions, "_find", late)
    plain = Newest(store.database)
    assert await plain.of(SITE) == (True, None)
    assert begun
    await plain.close()
    await store.close()


async def test_many_sites_are_told_in_several_round_trips(store: Store, newest: Newest) -> None:
    ids = range(1_000, 1_000 + 2 * MOST_SITES + 5)
    sites: Any = [{"id": id_, "name": "Any", "location": "north"} for id_ in ids]
    await store.sites.create(sites)
    for id_ in ids[::3]:
        await put_live(store, id_, NOON + id_ % 9)
    latest = await newest.of_many([*ids, 5])
    assert latest == dict.fromkeys(ids) | {id_: (NOON + id_ % 9, values(1)) for id_ in ids[::3]}


async def test_of_no_sites_nothing_is_told(newest: Newest) -> None:
    assert await newest.of_many([]) == {}


INSTANTS = st.integers(0, 40).map(lambda sixths: NOON - sixths * DAY_SECONDS // 4)
SETTLED = INSTANTS.map(lambda instant: min(instant, (TODAY - 2) * DAY_SECONDS - 1))
HELD = st.dictionaries(
    st.sampled_from([6, SITE, 8]), st.tuples(st.sets(INSTANTS), st.sets(SETTLED))
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(held=HELD, order=st.permutations([6, SITE, 8, SITE]))
async def test_the_latest_is_the_greatest_instant_of_both_and_the_documents_values(
    store: Store, held: Mapping[int, tuple[set[int], set[int]]], order: list[int]
) -> None:
    for collection in (store.database.sites, store.database.live, store.database.days):
        await collection.delete_many({})
    sites: Any = [{"id": id_, "name": "Any", "location": "north"} for id_ in (6, SITE, 8)]
    await store.sites.create(sites)
    expected: dict[int, Any] = dict.fromkeys((6, SITE, 8))
    for site_id, (live, settled) in held.items():
        if live:
            await put_live(store, site_id, *live)
        for day in {day_of(instant) for instant in settled}:
            await put_day(store, site_id, *(i for i in settled if day_of(i) == day))
        if live or settled:
            last = max(live | settled)
            expected[site_id] = (last, values(2 if last in settled else 1))
    newest = Newest(store.database)
    for site_id in order:
        assert await newest.of(site_id) == (True, expected[site_id])
    assert await newest.of_many(order[:3]) == {id_: expected[id_] for id_ in order[:3]}
