"""Instants: every accepted spelling, every refusal, and there and back."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handlers import instants

INSTANTS = st.integers(instants.FIRST, instants.END - 1)
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59)

NEW_YEAR = 1_672_531_200


@pytest.mark.parametrize(
    "text",
    [
        "2023-01-01 00:00:00",
        "2023-01-01T00:00:00",
        "2023-01-01T00:00:00Z",
        "2023-01-01t00:00:00z",
        "2023-01-01 00:00:00Z",
        "2023-01-01T00:00:00.000Z",
        "2023-01-01T01:00:00+01:00",
        "2022-12-31T18:30:00-05:30",
        "2023-01-01T00:00:00-00:00",
    ],
)
def test_an_instant_has_many_spellings(text: str) -> None:
    assert instants.parse(text) == NEW_YEAR


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "time stamp"),
        ("2023-01-01", "time stamp"),
        ("2023-01-01  00:00:00", "time stamp"),
        ("2023-01-01T00:00", "time stamp"),
        ("2023-01-01T00:00:00+0100", "time stamp"),
        ("2023-01-01T00:00:00+24:00", "time stamp"),
        ("2023-01-01T00:00:00Z\n", "time stamp"),
        ("2023-01-01T00:00:00.Z", "time stamp"),
        ("2023-01-01T00:00:00." + "0" * 21 + "Z", "time stamp"),
        ("\uff12023-01-01T00:00:00Z", "time stamp"),
        ("2023-01-01T00:00:00.5Z", "whole seconds"),
        ("2023-02-29T00:00:00Z", "calendar"),
        ("2023-01-01T24:00:00Z", "calendar"),
        ("2016-12-31T23:59:60Z", "calendar"),
        ("0000-01-01T00:00:00Z", "calendar"),
        ("1969-12-31T23:59:59Z", "1970 to 2105"),
        ("1970-01-01T00:00:00+00:01", "1970 to 2105"),
        ("1969-12-31T23:59:59-01:00", "1970 to 2105"),
        ("2106-01-01T00:59:59+01:00", "1970 to 2105"),
        ("2023-01-01T00:00:00." + "0" * 20 + "Z", "time stamp"),
        ("2106-01-01T00:00:00Z", "1970 to 2105"),
    ],
)
def test_what_is_no_instant_is_refused_with_the_reason(text: str, because: str) -> None:
    with pytest.raises(ValueError, match=because) as refusal:
        instants.parse(text)
    assert not text or text not in str(refusal.value)


@given(INSTANTS)
def test_an_instant_reads_back_from_what_it_is_written_as(instant: int) -> None:
    assert instants.parse(instants.format_instant(instant)) == instant


@given(st.lists(INSTANTS))
def test_a_column_of_instants_is_written_as_the_calendar_of_python_does(column: list[int]) -> None:
    calendar = [datetime.fromtimestamp(i, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for i in column]
    assert instants.format_column(column) == calendar


@given(INSTANTS, OFFSETS)
def test_an_instant_is_the_same_in_every_offset(instant: int, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    local = datetime.fromtimestamp(instant, UTC).astimezone(zone)
    assume(1970 <= local.year <= 2105)
    assert instants.parse(local.isoformat()) == instant


@given(st.text(max_size=40))
def test_any_other_text_is_refused_and_never_an_error_of_another_kind(text: str) -> None:
    with suppress(ValueError):
        assert instants.FIRST <= instants.parse(text) < instants.END
