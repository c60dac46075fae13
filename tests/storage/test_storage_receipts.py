"""What is told of the rows of a push, and of several pushes together."""

from storage.classification import classify
from storage.model import Conflict, Receipt, Values
from storage.receipts import MOST_CONFLICTS, Tally, joined

ROW: Values = (10.0, 2.5, 1.5, True, False, False)
OTHER: Values = (11.0, 2.5, 1.5, True, False, True)
COLUMNS = ("soc", "cro_notification")


def test_rows_that_are_there_already_are_counted_as_the_same_or_as_conflicts() -> None:
    stored = {0: ROW, 1: ROW, 2: ROW}
    pushed = {0: ROW, 1: OTHER, 2: OTHER, 3: ROW}
    tally = Tally(stored=1)
    tally.add(classify(pushed, stored), stored, overwrite=False)
    assert tally.conflicts == [Conflict(1, COLUMNS), Conflict(2, COLUMNS)]
    assert tally.receipt(pushed) == Receipt(4, 1, 1, 0, 2, first=0, last=3)


def test_with_overwrite_rows_that_differ_are_replaced_and_no_conflicts() -> None:
    stored = {0: ROW, 1: ROW, 2: ROW}
    pushed = {0: ROW, 1: OTHER, 2: OTHER}
    tally = Tally()
    tally.add(classify(pushed, stored), stored, overwrite=True)
    assert tally.receipt(pushed) == Receipt(3, 0, 1, 2, 0, first=0, last=2)


def test_the_parts_of_a_push_add_up() -> None:
    tally = Tally()
    for start, overwrite in ((0, False), (10, False), (20, True), (30, True)):
        stored = {start: ROW, start + 1: ROW}
        tally.stored += 1
        pushed = {start: ROW, start + 1: OTHER, start + 2: ROW}
        tally.add(classify(pushed, stored), stored, overwrite=overwrite)
    assert (tally.stored, tally.unchanged, tally.replaced) == (4, 4, 2)
    assert [conflict.instant for conflict in tally.conflicts] == [1, 11]


def test_a_push_of_nothing_has_no_first_and_no_last_instant() -> None:
    assert Tally().receipt({}) == Receipt(0, 0, 0, 0, 0, None, None)


def test_the_first_hundred_conflicts_are_told_by_instant_whenever_they_were_met() -> None:
    assert MOST_CONFLICTS == 100
    tally = Tally(conflicts=[Conflict(instant, ("soc",)) for instant in reversed(range(150))])
    assert [conflict.instant for conflict in tally.first_conflicts()] == [*range(100)]
    assert tally.receipt({}).conflicts == 150, "all of them are counted"


def test_receipts_joined_are_those_of_one_push_of_all_the_rows() -> None:
    one, other = Receipt(10, 1, 2, 3, 4, 600, 1_200), Receipt(100, 20, 30, 40, 10, 0, 900)
    assert joined([one, other]) == Receipt(110, 21, 32, 43, 14, 0, 1_200)
    assert joined([one]) == one
