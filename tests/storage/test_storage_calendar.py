"""The calendar against the wall clock, asked of Python minute by minute."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.calendar import buckets

ODD = (
    ("Europe/Berlin", "2023-03-26"),
    ("Europe/Berlin", "2023-10-29"),
    ("Australia/Lord_Howe", "2023-04-02"),
    ("Australia/Lord_Howe", "2023-10-01"),
    ("Asia/Kathmandu", "1986-01-01"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Sao_Paulo", "2018-02-18"),
    ("America/St_Johns", "2006-10-29"),
    ("America/St_Johns", "2006-04-02"),
    ("Asia/Beirut", "2022-03-27"),
    ("America/Asuncion", "2023-03-26"),
    ("Pacific/Apia", "2011-12-30"),
    ("Africa/Monrovia", "1972-01-07"),
)
"""Zones and the dates on which their clocks did something odd."""

TWICE = (
    ("America/Havana", "2010-10-31"),
    ("America/St_Johns", "2010-11-07"),
    ("Antarctica/Casey", "2010-03-04"),
)
"""Zones and the dates on which their clocks showed midnight for a second time."""


def instant(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def walls(start: int, end: int, zone: ZoneInfo) -> Iterator[tuple[int, datetime]]:
    for moment in range(start, end, 30):
        yield moment, datetime.fromtimestamp(moment, zone)


def hours(start: int, end: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    shown = groupby(
        walls(start, end, zone), lambda wall: (wall[1].date(), wall[1].hour, wall[1].utcoffset())
    )
    begins = [next(moments)[0] for _, moments in shown]
    return list(zip(begins, [*begins[1:], end], strict=True))


def days(start: int, end: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    first: dict[date, int] = {}
    for moment, wall in walls(start, end, zone):
        if not first or wall.date() > max(first):
            first[wall.date()] = moment
    begins = list(first.values())
    return list(zip(begins, [*begins[1:], end], strict=True))


@pytest.mark.parametrize(("name", "day"), ODD)
def test_an_hour_ends_where_the_wall_clocks_hour_or_its_offset_does(name: str, day: str) -> None:
    zone, start = ZoneInfo(name), instant(day) - 86_400
    end = start + 3 * 86_400
    assert list(buckets("1h", start, end, zone)) == hours(start, end, zone)


@pytest.mark.parametrize(("name", "day"), ODD)
def test_a_day_begins_at_the_first_instant_of_its_date(name: str, day: str) -> None:
    zone, start = ZoneInfo(name), instant(day) - 2 * 86_400
    end = start + 5 * 86_400
    assert list(buckets("1d", start, end, zone)) == days(start, end, zone)


def next_change(start: int, zone: ZoneInfo) -> int | None:
    """The first instant of another offset within a year, looked for from day to day."""
    before = datetime.fromtimestamp(start, zone).utcoffset()
    places = range(start, start + 366 * 86_400)
    changed = [datetime.fromtimestamp(t, zone).utcoffset() != before for t in places[::86_400]]
    if True not in changed:
        return None
    day = changed.index(True) * 86_400
    around = places[day - 86_400 : day + 1]
    return around[
        bisect_left(
            around, True, key=lambda t: datetime.fromtimestamp(t, zone).utcoffset() != before
        )
    ]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(available_timezones())), st.integers(5 * 86_400, 4_250_000_000))
def test_hours_and_days_are_right_around_the_changes_of_any_zone(name: str, after: int) -> None:
    zone = ZoneInfo(name)
    change = next_change(after, zone)
    if change is not None:
        start, end = change - 2 * 86_400, change + 2 * 86_400
        assert list(buckets("1d", start, end, zone)) == days(start, end, zone)
        start, end = change - 7_200, change + 14_400
        assert list(buckets("1h", start, end, zone)) == hours(start, end, zone)


@pytest.mark.parametrize("every", ["1h", "1d", "1w", "1mo"])
@pytest.mark.parametrize(("name", "day"), [*ODD, *TWICE])
def test_buckets_are_the_same_wherever_the_range_begins(name: str, day: str, every: str) -> None:
    zone = ZoneInfo(name)
    change = next_change(instant(day) - 86_400, zone)
    assert change is not None
    end = change + 86_400
    whole = list(buckets(every, change - 2 * 86_400, end, zone))
    for start in range(change - 86_400, change + 14_400, 900):
        cut = [(max(begin, start), following) for begin, following in whole if following > start]
        assert list(buckets(every, start, end, zone)) == cut


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(available_timezones())),
    st.sampled_from(["1h", "1d", "1w", "1mo"]),
    st.integers(0, 4_290_000_000),
    st.integers(0, 90 * 86_400),
)
def test_buckets_tile_the_range_and_none_is_too_long(
    name: str, every: str, start: int, seconds: int
) -> None:
    longest = {"1h": 2, "1d": 48, "1w": 8 * 24, "1mo": 32 * 24}[every] * 3600
    place = start
    for begin, end in buckets(every, start, start + seconds, ZoneInfo(name)):
        assert begin == place
        assert 0 < end - begin <= longest
        place = end
    assert place == start + seconds


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(available_timezones())), st.integers(86_400, 4_280_000_000))
def test_weeks_begin_on_monday_and_months_on_the_first(name: str, start: int) -> None:
    zone = ZoneInfo(name)
    for every, days in (("1w", 40), ("1mo", 140)):
        end = start + days * 86_400
        begins = [begin for begin, _ in buckets(every, start, end, zone)][1:]
        dates = [datetime.fromtimestamp(begin, zone).date() for begin in begins]
        assert begins
        for begin, day in zip(begins, dates, strict=True):
            before = datetime.fromtimestamp(begin - 1, zone).date()
            asked = _is_first(every, day) or _skipped_first(every, before, day)
            assert asked
            assert before < day


def _is_first(every: str, day: date) -> bool:
    return day.weekday() == 0 if every == "1w" else day.day == 1


def _skipped_first(every: str, before: date, day: date) -> bool:
    """Whether the date on which the bucket would begin was never shown by the clock."""
    skipped = [before + timedelta(n) for n in range(1, (day - before).days)]
    return any(_is_first(every, each) for each in skipped)
