"""The grid and the summaries against what they mean, row by row and slot by slot."""

import itertools
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from storage.analysis_model import EnergySummary, FlagSummary, Gap, NumberSummary
from storage.grid import SLOT_SECONDS, Gaps, slots_between, slots_of
from storage.model import Series, Values
from storage.series import part, series_of_rows
from storage.summaries import Totals

numbers = st.one_of(st.integers(0, 100), st.floats(0, 100))
rows: st.SearchStrategy[Values] = st.tuples(numbers, numbers, numbers, *[st.booleans()] * 3)
readings = st.dictionaries(st.integers(0, 20_000), rows, max_size=40)


@st.composite
def pieces(draw: st.DrawFn) -> tuple[dict[int, Values], list[Series]]:
    known = draw(readings)
    series = series_of_rows(known)
    cuts = sorted(draw(st.lists(st.integers(0, len(known)), max_size=4)))
    bounds = [0, *cuts, len(known)]
    return known, [part(series, a, b) for a, b in itertools.pairwise(bounds)]


@given(pieces())
def test_a_summary_is_what_the_rows_come_to_however_they_are_cut(
    given_: tuple[dict[int, Values], list[Series]],
) -> None:
    known, cut = given_
    totals = Totals()
    for piece in cut:
        totals.add(piece)
    assert totals.rows == len(known)
    if not known:
        assert totals.columns() == {}
        return
    soc, load, _, pv, _, _ = zip(*(known[i] for i in sorted(known)), strict=True)
    mean = min(max(float(sum(map(Fraction, load)) / len(load)), min(load)), max(load))
    summed = float(sum(map(Fraction, load)))
    found = totals.columns()
    assert isinstance(found["soc"], NumberSummary)
    assert found["soc"][:2] == (min(soc), max(soc))
    assert isinstance(found["load_kwh"], EnergySummary)
    assert abs(found["load_kwh"].mean - mean) <= 1e-13 * mean
    assert found["load_kwh"] == (min(load), max(load), found["load_kwh"].mean, load[0], load[-1],
                                 summed)  # fmt: skip
    assert found["pv_notification"] == FlagSummary(sum(pv), pv[0], pv[-1])


@given(pieces())
def test_sums_and_means_do_not_depend_on_the_cut(
    given_: tuple[dict[int, Values], list[Series]],
) -> None:
    known, cut = given_
    whole, parted = Totals(), Totals()
    whole.add(series_of_rows(known))
    for piece in cut:
        parted.add(piece)
    assert whole.columns() == parted.columns()


@given(pieces(), st.integers(0, 20_000), st.integers(0, 20_000))
def test_gaps_are_the_slots_that_no_reading_lies_in(
    given_: tuple[dict[int, Values], list[Series]], start: int, end: int
) -> None:
    known, cut = given_
    within = slots_between(start, end)
    assert list(within) == [s for s in range(50) if start <= s * SLOT_SECONDS < end]
    gaps, found = Gaps(within), list[Gap]()
    for piece in cut:
        found += gaps.after(piece.instants)
    found += gaps.rest()
    missing = [s for gap in found for s in range(gap.start // 600, gap.end // 600)]
    taken = {instant // SLOT_SECONDS for instant in known}
    assert missing == [slot for slot in within if slot not in taken]
    assert all(gap.slots * SLOT_SECONDS == gap.end - gap.start > 0 for gap in found)
    assert (gaps.place, list(gaps.rest())) == (within.stop * SLOT_SECONDS, [])
    assert all(a.end < b.start for a, b in itertools.pairwise(found))
    assert slots_of(sorted(known), within) == sorted(taken & set(within))
