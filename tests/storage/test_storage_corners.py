"""What hardly ever happens in the store: bounds of memory, answers that are late."""

import pytest

from storage import Unavailable, known, newest
from storage.known import IdSet, KnownSites
from storage.measures import Measures
from storage.newest import Newest
from storage.sharing import Waiter


def test_a_set_of_ids_forgets_all_of_them_before_it_takes_a_page_too_many() -> None:
    numbers = IdSet()
    spread = [page << known._PAGE_BITS for page in range(known._MOST_PAGES + 1)]
    for number in spread[:-1]:
        numbers.add(number)
    assert all(number in numbers for number in spread[:-1])
    numbers.add(spread[-1])
    assert [number for number in spread if number in numbers] == spread[-1:]


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
    assert sum(measures.errors.values()) == 1


def test_more_silent_sites_than_there_is_room_for_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(newest, "_MOST_SILENT", 2)
    latest = Newest.__new__(Newest)
    latest._silent = {1, 2, 3}
    latest._remember([4], {4: 1})
    assert latest._silent == {4}
