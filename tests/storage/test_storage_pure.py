"""The rules that need no database, over all their inputs."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from storage.classification import classify, differing
from storage.history import in_force, next_revision, stretches
from storage.ids import LAST_INSTANT, LAST_SITE_ID, reading_id, site_and_instant, span
from storage.model import COLUMNS, Configuration, Revision, Values

site_ids = st.integers(1, LAST_SITE_ID)
instants = st.integers(0, LAST_INSTANT)
numbers = st.one_of(st.integers(0, 3), st.sampled_from([0.0, 1.0, 0.5]))
rows: st.SearchStrategy[Values] = st.tuples(numbers, numbers, numbers, *[st.booleans()] * 3)
CONFIGURATION: Configuration = {
    "battery": {"vendor": "KATL", "capacity_kwh": 1, "max_power_kw": 1},
    "production": {"pv": {"units": 0}, "bio": {"units": 0}, "cro": {"units": 0}},
}


@given(site_ids, instants)
def test_an_id_gives_back_its_site_and_instant(site_id: int, instant: int) -> None:
    made = reading_id(site_id, instant)
    assert site_and_instant(made) == (site_id, instant)
    assert 0 < made < 2**63


@given(site_ids, instants, site_ids, instants)
def test_ids_are_in_the_order_of_site_and_instant(a: int, s: int, b: int, t: int) -> None:
    assert (reading_id(a, s) < reading_id(b, t)) == ((a, s) < (b, t))


@given(site_ids, st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40), site_ids, instants)
def test_a_span_holds_the_ids_of_its_site_and_range_alone(
    site_id: int, start: int, end: int, other: int, instant: int
) -> None:
    bounds = span(site_id, start, end)
    for candidate in (other, site_id):
        held = bounds["$gte"] <= reading_id(candidate, instant) <= bounds["$lte"]
        assert held == (candidate == site_id and start <= instant < end)


few = st.dictionaries(st.integers(0, 9), rows, max_size=8)
"""Few instants, so that what is pushed meets what is stored."""


@given(few, few)
def test_every_row_is_in_exactly_one_class(
    pushed: dict[int, Values], stored: dict[int, Values]
) -> None:
    new, unchanged, different = classify(pushed, stored)
    assert sorted([*new, *unchanged, *different]) == sorted(pushed)
    assert new.keys() == pushed.keys() - stored.keys()
    assert all(stored[row] == pushed[row] for row in unchanged)
    assert all(differing(pushed[row], stored[row]) for row in different)


@given(rows, rows)
def test_differing_names_the_columns_whose_values_are_not_equal(one: Values, other: Values) -> None:
    expected = [column for column, a, b in zip(COLUMNS, one, other, strict=True) if a != b]
    assert list(differing(one, other)) == expected


@given(st.lists(st.integers(0, 9)), st.integers(-1, 10))
def test_the_revision_in_force_is_the_latest_begun_and_of_these_the_last(
    begins: list[int], at: int
) -> None:
    revisions: list[Revision] = []
    for begin in begins:
        revisions.append(next_revision(revisions, CONFIGURATION, begin, 0))
    found = in_force(reversed(revisions), at)
    begun = [begin for begin in begins if begin <= at]
    if found is None:
        assert not begun
    else:
        assert found["effective_from"] == max(begun)
        last = len(begins) - 1 - begins[::-1].index(max(begun))
        assert found["revision"] == last + 1


@given(st.lists(st.integers(0, 12)), st.integers(0, 13), st.integers(0, 13))
def test_stretches_say_of_every_instant_what_was_in_force(
    begins: list[int], start: int, end: int
) -> None:
    revisions: list[Revision] = []
    for begin in begins:
        revisions.append(next_revision(revisions, CONFIGURATION, begin, 0))
    found = stretches(reversed(revisions), start, end)
    said = {t: stretch.revision for stretch in found for t in range(stretch.start, stretch.end)}
    true = {t: revision for t in range(start, end) if (revision := in_force(revisions, t))}
    assert said == true
    assert sum(stretch.end - stretch.start for stretch in found) == len(true)


@given(st.lists(st.integers(0, 12)), st.integers(0, 13), st.integers(0, 13))
def test_stretches_are_in_order_and_no_two_that_touch_have_the_same_revision(
    begins: list[int], start: int, end: int
) -> None:
    revisions: list[Revision] = []
    for begin in begins:
        revisions.append(next_revision(revisions, CONFIGURATION, begin, 0))
    found = stretches(revisions, start, end)
    assert all(stretch.start < stretch.end for stretch in found)
    for one, after in pairwise(found):
        assert one.end == after.start
        assert one.revision["revision"] != after.revision["revision"]
