"""Readings between the wire and the store, and the cursors of their pages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readings import INSTANTS, READINGS, VALUES, as_series

from handlers import columns, cursors, instants
from storage import COLUMNS, Receipt, Values


@given(READINGS)
def test_readings_come_back_from_their_columns(readings: dict[int, Values]) -> None:
    series: dict[str, Any] = columns.series(as_series(readings), COLUMNS)
    body = series | {"dt-stamp": [instants.parse(stamp) for stamp in series["dt-stamp"]]}
    assert columns.readings(body) == readings


@given(INSTANTS, VALUES)
def test_a_reading_comes_back_from_its_scalars(instant: int, values: Values) -> None:
    body = columns.reading(instant, values) | {"dt-stamp": instant}
    assert columns.readings(body) == {instant: values}


@given(READINGS, st.lists(st.sampled_from(COLUMNS), unique=True, min_size=1))
def test_a_series_has_the_stamps_and_the_columns_asked_for_in_equal_length(
    readings: dict[int, Values], names: list[str]
) -> None:
    series: dict[str, list[Any]] = columns.series(as_series(readings), names)
    assert [*series] == ["dt-stamp", *names]
    assert {len(column) for column in series.values()} == {len(readings)}


def test_a_receipt_of_nothing_names_no_span() -> None:
    members = columns.receipt_members(Receipt(0, 0, 0, 0, 0, None, None))
    assert "first" not in members
    assert "last" not in members


@given(st.integers(0, instants.END))
def test_a_cursor_reads_back(position: int) -> None:
    assert cursors.read(cursors.write(position)) == position


@given(st.text("ABCDEFabcdef0189_-", min_size=1, max_size=64))
def test_a_cursor_that_was_never_written_is_refused(word: str) -> None:
    try:
        position = cursors.read(word)
    except cursors.UnreadableCursor:
        return
    assert position is not None
    assert cursors.write(position) == word


@pytest.mark.parametrize(
    ("order", "expected"), [("asc", cursors.Span(15, 20)), ("desc", cursors.Span(10, 16))]
)
def test_a_span_is_cut_where_the_cursor_stands(order: str, expected: cursors.Span) -> None:
    assert cursors.span(10, 20, order, cursors.write(15)) == expected


def test_a_span_without_ends_is_all_of_time() -> None:
    assert cursors.span(None, None, "asc", None) == (instants.FIRST, instants.END)


@given(INSTANTS, INSTANTS, INSTANTS, st.booleans())
def test_a_span_is_split_into_what_is_shown_and_the_rest_that_begins_with_the_position(
    one: int, other: int, position: int, descending: bool
) -> None:
    whole = cursors.Span(min(one, other), max(one, other) + 1)
    shown, rest = whole.split(position, descending)
    first, second = (rest, shown) if descending else (shown, rest)
    assert whole == (first.start, second.end)
    assert first.end == second.start
    if whole.start <= position < whole.end:
        assert (rest.end - 1 if descending else rest.start) == position
