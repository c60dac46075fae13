"""No order of the database calls of several writers loses, doubles or misreports a reading."""

import os
from collections.abc import Sequence
from typing import Any

import pytest
from interleavings import Search, Violation, World
from judging import Asked, Delete, List, Push, explained
from private_mongod import PrivateMongod
from pymongo import MongoClient
from standing import Process
from writers import (
    BACK,
    LATEST,
    LIST,
    SEAL,
    SEALABLE,
    T,
    batch,
    delete,
    process,
    push,
    rest,
    stored,
    together,
    values,
)

from storage import Receipt, closed_days, empty_days, ranges, removal
from storage.closed_days import ClosedDays
from storage.days import last_sealable
from storage.documents import day_document
from storage.empty_days import EmptyDays
from storage.ids import day_id
from storage.newest import Newest
from storage.pushing import Pusher
from storage.removal import Removal
from storage.series import rows_of, series_of_rows

BEFORE = {
    "nothing": stored(),
    "a row in live": stored({T: values(0)}),
    "a document": stored(day={T: values(0)}),
    "a merge cut short": stored({T: values(0)}, {T: values(0)}),
    "a row hidden by the document": stored({T: values(8)}, {T: values(0)}),
    "a stub": stored(day={}),
}
LATE = SEALABLE - 1
"""The clock of a process for which the day is settling while it is sealable for others."""

A, B, SAME = (process(name, push(n)) for name, n in (("a", 1), ("b", 2), ("same", 1)))
OTHERS, ANOTHERS = process("others", batch(2, 1)), process("anothers", batch(1, 2))
OVER = process("over", push(3, overwrite=True))
OVERS = process("overs", batch(3, 3, overwrite=True))
SEALER, SECOND = process("sealer", SEAL), process("second sealer", SEAL)
GONE, ALL_GONE = process("gone", delete()), process("all gone", delete(end=T + 86_400))
ONE_READER = process("one reader", LIST)
READER, NEWEST = process("reader", LIST, BACK), process("newest", LATEST)
LATE_A, LATE_SAME = (process(name, push(1), now=LATE) for name in ("late", "late same"))
LATE_OVER = process("late over", push(3, overwrite=True), now=LATE)
LATE_OTHERS = process("late others", batch(2, 1), now=LATE)
OLD = T + 5 * 86_400
"""An instant at which the day is so old that its first document comes with readings."""

OLD_A, OLD_B = process("old a", push(1), now=OLD), process("old b", push(2), now=OLD)
OLD_OTHERS = process("old others", batch(2, 1), now=OLD)
OLD_OVER = process("old over", push(3, overwrite=True), now=OLD)
OLD_GONE = process("old gone", delete(), now=OLD)
OLD_ALL_GONE = process("old all gone", delete(end=T + 86_400), now=OLD)
AND_GONE, LATE_GONE = process("and gone", delete()), process("late gone", delete(), now=LATE)
LATE_ALL_GONE = process("late all gone", delete(end=T + 86_400), now=LATE)
OLD_SEALER = process("old sealer", SEAL, now=OLD)
OLD_READER = process("old reader", LIST, BACK, now=OLD)
SHARED = together("shared", push(1), push(2), push(1), now=T + 86_400)

FEW = [
    (A, SAME),
    (A, OTHERS),
    (A, GONE),
    (OVER, ALL_GONE),
    (SEALER, SECOND),
    (SEALER, GONE),
    (A, SEALER, READER),
    (OTHERS, SEALER, NEWEST),
    (OVER, READER),
    (OVERS, NEWEST),
    (LATE_A, SEALER),
    (LATE_A, ANOTHERS),
    (LATE_SAME, SEALER, SECOND),
    (LATE_A, LATE_SAME, SEALER),
    (LATE_A, OTHERS, SEALER),
    (LATE_OVER, SEALER),
    (LATE_OTHERS, SEALER),
    (OLD_A, OLD_B),
    (OLD_A, OLD_OTHERS),
    (OLD_A, A, OLD_READER),
    (OLD_A, OLD_SEALER, OLD_READER),
    (OLD_OTHERS, OLD_SEALER),
    (OLD_OTHERS, SEALER),
    (OLD_A, OLD_GONE),
    (OLD_OTHERS, OLD_ALL_GONE),
    (OLD_OVER, OLD_ALL_GONE),
    (OLD_OVER, OLD_B),
    (GONE, ALL_GONE),
    (LATE_GONE, LATE_ALL_GONE),
    (LATE_GONE, GONE),
    (LATE_GONE, SEALER),
    (LATE_GONE, LATE_A),
    (OLD_GONE, OLD_ALL_GONE),
    (OLD_GONE, OLD_SEALER),
    (OLD_SEALER, GONE),
]
MANY = [
    ("a row in live", (LATE_A, SEALER, GONE)),
    ("a document", (GONE, READER)),
    ("a merge cut short", (GONE, READER)),
    ("a document", (LATE_A, LATE_SAME, GONE)),
    ("a document", (A, OVER, GONE)),
    ("a document", (GONE, AND_GONE, SEALER)),
    ("a merge cut short", (GONE, SEALER, READER)),
    ("a row in live", (GONE, SEALER, ONE_READER)),
    ("a row hidden by the document", (GONE, READER)),
    ("a row hidden by the document", (OLD_GONE, OLD_READER)),
    ("a row hidden by the document", (OVER, GONE, NEWEST)),
    ("a stub", (OLD_A, OLD_GONE, OLD_SEALER)),
]
if "FUZZ_MODEL_RUNS" in os.environ:
    MANY += [(before, (LATE_A, SEALER, GONE)) for before in BEFORE]
    MANY += [
        ("nothing", (LATE_A, LATE_SAME, SEALER, SECOND)),
        ("a row in live", (A, SEALER, SECOND, NEWEST)),
        ("a row in live", (SEALER, SECOND, GONE)),
        ("a row in live", (GONE, SEALER, READER)),
        ("a row in live", (OTHERS, SEALER, GONE)),
        ("a row in live", (A, SEALER, SECOND, GONE)),
        ("a row in live", (LATE_A, SEALER, SECOND, GONE)),
    ]
STOPPING = [
    (A, OTHERS),
    (OVER, SEALER),
    (GONE, SEALER),
    (GONE, A),
    (SEALER, READER),
    (LATE_A, SEALER),
    (OLD_A, OLD_OTHERS),
    (OLD_A, OLD_SEALER),
    (OLD_A, OLD_ALL_GONE),
]


def name_of(mix: Sequence[Process]) -> str:
    return ", ".join(each.name for each in mix)


@pytest.fixture(scope="module")
def world() -> World:
    return World(rest)


@pytest.mark.parametrize("mix", FEW, ids=name_of)
def test_two_or_three_writers_agree_in_every_order_from_every_state(
    mix: tuple[Process, ...], world: World
) -> None:
    for before in BEFORE.values():
        assert Search(world, mix, before).moments() > 1


@pytest.mark.parametrize(
    ("before", "mix"), MANY, ids=lambda part: part if isinstance(part, str) else name_of(part)
)
def test_three_or_four_writers_agree_in_every_order(
    before: str, mix: tuple[Process, ...], world: World
) -> None:
    assert Search(world, mix, BEFORE[before]).moments() > 50


@pytest.mark.parametrize("mix", STOPPING, ids=name_of)
def test_what_one_leaves_that_stops_anywhere_for_ever_is_consistent_for_all_who_come_after(
    mix: tuple[Process, ...], world: World
) -> None:
    for before in BEFORE.values():
        assert Search(world, mix, before, stops=1).moments() > 1


@pytest.mark.parametrize("others", [(), (process("other", push(2), now=SEALABLE - 86_400),)])
def test_callers_who_share_a_bulk_agree_with_each_other_and_with_another_process(
    others: tuple[Process, ...], world: World
) -> None:
    assert Search(world, (SHARED, *others), BEFORE["nothing"]).moments() > 10


def finds(mix: Sequence[Process], before: str = "nothing") -> bool:
    """Whether the search finds a violation; in a world of its own, for what it knows is broken."""
    try:
        Search(World(rest), mix, BEFORE[before]).moments()
    except Violation:
        return True
    return False


def test_without_the_look_at_the_documents_after_an_insert_a_violation_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def trusting(*_: Any) -> None:
        """Whatever was inserted is taken for a fact."""

    monkeypatch.setattr(Pusher, "_require_open", trusting)
    assert finds((LATE_A, OTHERS))
    assert finds((LATE_SAME, A))


@pytest.mark.parametrize("before", ["nothing", "a row in live"])
def test_without_a_document_before_live_is_read_a_violation_is_found(
    monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """What `live` has is read in the round trip that finds no document, and not again."""
    look = ClosedDays.look
    read: dict[Any, Any] = {}

    async def looked(self: Any, site_id: int, days: Any) -> Any:
        settled, read[self] = await look(self, site_id, days)
        return settled, read[self]

    async def as_read(self: Any, site_id: int, days: Any) -> Any:
        return read[self]

    monkeypatch.setattr(ClosedDays, "look", looked)
    monkeypatch.setattr(ClosedDays, "_live", as_read)
    assert finds((LATE_A, OTHERS) if before == "nothing" else (SEALER, GONE), before)


def test_that_a_day_not_old_enough_gets_its_readings_with_the_document_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(closed_days, "last_removable", last_sealable)
    assert finds((LATE_SAME, B))


def test_that_a_day_gets_its_readings_with_the_document_whatever_live_has_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = closed_days._whole
    monkeypatch.setattr(
        closed_days, "_whole", lambda pending, settled, live, now: whole(pending, settled, (), now)
    )
    assert finds((OLD_B,), "a row in live")


def test_that_an_emptied_document_is_taken_away_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closed_days, "last_removable", last_sealable)
    assert finds((LATE_A, SEALER, GONE), "a row in live")


def test_that_an_empty_document_is_taken_away_by_its_sealer_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(empty_days, "last_removable", last_sealable)
    gone_and_sealed = process("gone and sealed", delete(), SEAL)
    assert finds((LATE_A, SEALER, gone_and_sealed), "a merge cut short")


def test_that_a_document_is_taken_away_whatever_it_has_by_now_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unseen(self: Any, ids: list[int]) -> None:
        await self.database.days.delete_many({"_id": {"$in": ids}})

    monkeypatch.setattr(EmptyDays, "_remove", unseen)
    assert finds((OLD_A, OLD_SEALER), "a stub")


def test_that_a_deletion_counts_what_it_has_found_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    remove = Removal._remove_open

    async def found(self: Any, site_id: int, rows: list[int]) -> int:
        await remove(self, site_id, rows)
        return len(rows)

    monkeypatch.setattr(Removal, "_remove_open", found)
    assert finds((LATE_GONE, LATE_ALL_GONE), "a row in live")


def test_that_a_deletion_takes_what_may_be_settled_from_live_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(removal, "last_sealable", lambda now: 0)
    monkeypatch.setattr(removal, "first_fresh", lambda now: 0)
    assert finds((SEALER, GONE), "a row in live")


def test_that_live_wins_over_the_document_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    unite = closed_days.unite

    def turned(pushed: Any, live: Any, settled: Any, *, overwrite: bool) -> Any:
        return unite(pushed, {}, {**settled, **live}, overwrite=overwrite)

    monkeypatch.setattr(closed_days, "unite", turned)
    assert finds((OVER,), "a row hidden by the document")


def test_that_live_wins_for_readers_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def turned(live: Any, settled: Any) -> Any:
        rows = {i: row for day in settled for i, row in rows_of(day).items()}
        return series_of_rows(dict(sorted({**rows, **rows_of(live)}.items())))

    monkeypatch.setattr(ranges, "united", turned)
    assert finds((SEALER, READER), "a row hidden by the document")


@pytest.mark.parametrize("mix", [(GONE, READER), (GONE, NEWEST)], ids=name_of)
def test_that_a_row_which_a_document_may_have_hidden_is_not_looked_at_again_is_found(
    monkeypatch: pytest.MonkeyPatch, mix: tuple[Process, ...]
) -> None:
    look = Newest._look

    async def sure(self: Newest, site_ids: Sequence[int]) -> Any:
        return (await look(self, site_ids))[0], {}

    monkeypatch.setattr(ranges, "_unsure", lambda found, removable: {})
    monkeypatch.setattr(Newest, "_look", sure)
    assert finds(mix, "a row hidden by the document")


def test_that_a_removed_document_is_forgotten_by_readers_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unsure = ranges._unsure
    monkeypatch.setattr(ranges, "_unsure", lambda found, _: unsure(found, 0))
    assert finds((OLD_GONE, OLD_READER), "a row hidden by the document")


def test_that_a_merge_forgets_the_version_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unseen(self: Any, change: Any) -> bool:
        await self.database.days.replace_one({"_id": change._filter["_id"]}, change._doc)
        return True

    monkeypatch.setattr(ClosedDays, "_replace", unseen)
    assert finds((A, B))


def test_that_a_deletion_keeps_the_version_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def kept_version(self: Any, site_id: int, day: int, changed: Any, now: int) -> bool:
        as_read = {"_id": day_id(site_id, day), "v": changed.version}
        changed = day_document(site_id, day, changed.version, changed.readings)
        return (await self.database.days.replace_one(as_read, changed)).matched_count > 0

    monkeypatch.setattr(ClosedDays, "change", kept_version)
    assert finds((OTHERS, GONE), "a document")


def test_the_judge_takes_the_order_of_time_into_account() -> None:
    told = Receipt(1, 1, 0, 0, 0, T, T)
    pushed = Asked(Push(((T, values(1)),)), frozenset(), True, told)
    held = {T: values(1)}
    before = {T: None}
    for after, seen in ((frozenset(), {}), (frozenset({0}), held)):
        assert explained([pushed, Asked(List(), after, True, seen)], before, held)
    assert not explained([pushed, Asked(List(), frozenset({0}), True, {})], before, held)
    assert not explained([pushed, pushed], before, held)
    assert not explained([pushed], before, before)
    assert explained([pushed._replace(ended=False, told=None)], before, before)
    gone = Asked(Delete(T, T + 1), frozenset({0}), True, 1)
    assert explained([pushed, gone], before, before)
    assert not explained([pushed, gone._replace(told=0)], before, before)


def test_mongod_answers_every_call_of_the_search_as_mongomock_did(mongod: PrivateMongod) -> None:
    world = World(rest)
    mixes = (
        (A, SEALER),
        (OTHERS, GONE),
        (OVER, ALL_GONE),
        (LATE_OVER, SEALER),
        (OLD_A, OLD_OTHERS),
        (OLD_SEALER,),
    )
    for mix in mixes:
        for before in ("nothing", "a row in live", "a document", "a stub"):
            Search(world, mix, BEFORE[before]).moments()
    with MongoClient[Any](mongod.uri) as client:
        database = client["answers"]
        for state, call, seen, after in world.database.executed:
            assert world.database.again(database, state, call) == (seen, after.key), call
        client.drop_database("answers")
    assert len(world.database.executed) > 200
