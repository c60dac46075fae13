"""Aggregates and gaps against what they mean, reading by reading and slot by slot."""

import asyncio
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from storage import Bucket, Gap
from storage.analysis import Analysis
from storage.grid import SLOT_SECONDS
from storage.model import COLUMNS, ReadingPage, Series

T = 1_679_700_000  # 2023-03-24T23:20:00Z, the day before the clocks of Berlin change
ZONES = ("Asia/Kathmandu", "Europe/Berlin", "Australia/Eucla", "America/St_Johns", "UTC")


class Planted:
    """Readings and a site, in the place of a store; a page of them is there at once."""

    def __init__(self, instants: Iterable[int], time_zone: str = "UTC", most: int = 2_000) -> None:
        self._instants, self._time_zone, self._most = sorted(instants), time_zone, most

    async def get(self, _: int) -> dict[str, Any]:
        return {"time_zone": self._time_zone}

    async def list(self, _: int, *, start: int, end: int, limit: int, **__: bool) -> ReadingPage:
        first, last = (bisect_left(self._instants, bound) for bound in (start, end))
        until = min(last, first + min(limit, self._most))
        page = self._instants[first:until]
        columns = tuple([instant % 7 for instant in page] for _ in COLUMNS)
        following = self._instants[until] if until < last else None
        return ReadingPage(Series(page, columns), following, "")

    def analysis(self) -> Analysis:
        return Analysis(cast("Any", self), cast("Any", self))


async def _buckets(analysis: Analysis, start: int, limit: int, **asked: Any) -> list[Bucket]:
    found: list[Bucket] = []
    place: int | None = start
    while place is not None:
        page = await analysis.aggregate(1, start=place, limit=limit, **asked)
        assert len(page.buckets) <= limit
        found, place = [*found, *page.buckets], page.next
    return found


async def _gaps(analysis: Analysis, start: int, limit: int, **asked: int) -> list[Gap]:
    found: list[Gap] = []
    place: int | None = start
    while place is not None:
        page = await analysis.gaps(1, start=place, limit=limit, **asked)
        assert len(page.gaps) <= limit
        found, place = [*found, *page.gaps], page.next
    return found


# Every other slot or so has a reading, most of them not where the slot begins.
sparse = st.lists(st.integers(0, 1_300), min_size=100, max_size=100).map(
    lambda places: {T + 600 * i + place for i, place in enumerate(places) if place < 600}
)


@settings(max_examples=150, deadline=None)
@given(
    sparse,
    st.sampled_from(ZONES),
    st.sampled_from(["1h", "1d"]),
    st.tuples(*[st.integers(T - 2_000, T + 62_000)] * 3),
    st.tuples(*[st.integers(1, 9)] * 2),
)
def test_a_slot_is_in_one_bucket_and_filled_or_in_a_gap(
    instants: set[int], zone: str, every: str, times: tuple[int, int, int], sizes: tuple[int, int]
) -> None:
    (start, end), now = sorted(times[:2]), times[2]
    analysis = Planted(instants, zone, sizes[0]).analysis()
    asked = {"every": every, "end": end, "now": now}
    found = asyncio.run(_buckets(analysis, start, 1_000, **asked))
    filled = {instant // SLOT_SECONDS for instant in instants}
    for bucket in found:
        until = min(bucket.end, now)
        slots = [g for g in range(-(-bucket.start // 600), until // 600 + 1) if g * 600 < until]
        assert bucket.expected == len(slots)
        assert bucket.slots == len(filled.intersection(slots))
        assert bucket.rows == sum(bucket.start <= instant < bucket.end for instant in instants)
    assert asyncio.run(_buckets(analysis, start, sizes[1], **asked)) == found
    gaps = asyncio.run(_gaps(analysis, start, 1_000, end=end, now=now))
    assert sum(gap.slots for gap in gaps) == sum(b.expected - b.slots for b in found)
    assert asyncio.run(_gaps(analysis, start, sizes[1], end=end, now=now)) == gaps


def test_a_slot_that_ends_after_its_bucket_has_its_reading_there() -> None:
    day = T - T % 86_400 + 86_400
    analysis = Planted([day + 600 * i + 423 for i in range(144)], "Asia/Kathmandu").analysis()
    asked = {"every": "1h", "end": day + 5 * 3_600, "now": day + 86_400}
    hours = asyncio.run(_buckets(analysis, day, 9, **asked))
    assert [(hour.slots, hour.expected) for hour in hours] == [(2, 2), *[(6, 6)] * 4, (4, 4)]


async def test_others_have_their_turn_while_buckets_are_made() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    asked = {"every": "1h", "start": T, "end": T + 10**9, "now": T, "limit": 1_000}
    await Planted([]).analysis().aggregate(1, **cast("Any", asked))
    task.cancel()
    assert turns >= 10
