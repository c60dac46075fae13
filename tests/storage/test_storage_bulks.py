"""Which rows the next bulk takes: compared with the rule as one would write it down."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.bulks import PATIENCE, Queue, Share

MOST = 10


@dataclass(eq=False)
class Waiting:
    documents: list[dict[str, Any]]
    small: bool
    since: float
    sent: int = 0

    @property
    def left(self) -> int:
        return len(self.documents) - self.sent


def waiting(rows: int, since: float = 0.0, *, small: bool = True) -> Waiting:
    return Waiting([{"_id": row} for row in range(rows)], small, since)


def queue_of(*posts: Waiting) -> Queue[Waiting]:
    queue = Queue[Waiting]()
    for post in posts:
        queue.add(post)
    return queue


def rule(posts: list[Waiting], now: float) -> list[tuple[Waiting, int, int]]:
    """The next bulk, for posts in the order of arrival."""

    def turn(post: Waiting) -> Any:
        late = post.since <= now - PATIENCE
        return (0, post.since, not post.small) if late else (1, not post.small)

    bulk, room = [], MOST
    for post in sorted((post for post in posts if post.left), key=turn):
        rows = min(room, post.left)
        if rows:
            bulk.append((post, post.sent, post.sent + rows))
        room -= rows
    return bulk


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 25), st.booleans()),
        st.tuples(st.just("take"), st.just(0), st.just(False)),
        st.tuples(st.just("drop"), st.integers(0, 30), st.just(False)),
        st.tuples(st.just("wait"), st.integers(0, 3), st.just(False)),
    ),
    max_size=60,
)


@given(STEPS)
def test_the_queue_keeps_the_rule(steps: list[tuple[str, int, bool]]) -> None:
    queue, posts, now = Queue[Waiting](), list[Waiting](), 0.0
    for step, number, small in steps:
        if step == "add":
            posts.append(waiting(number, now, small=small))
            queue.add(posts[-1])
        elif step == "drop" and number < len(posts):
            queue.drop(posts.pop(number))
        elif step == "wait":
            now += number * PATIENCE / 2
        elif step == "take":
            expected = rule(posts, now)
            taken = queue.take(MOST, now)
            crowded = sum(post.left for post in posts) > 0
            assert (list if crowded else set)(taken) == (list if crowded else set)(expected)
        assert queue.rows == sum(post.left for post in posts)


def test_small_posts_go_before_large_ones_that_came_earlier() -> None:
    large, small = waiting(30, small=False), waiting(2, 0.5)
    queue = queue_of(large, small)
    assert queue.take(MOST, 0.5) == [Share(small, 0, 2), Share(large, 0, 8)]
    assert queue.take(MOST, 0.5) == [Share(large, 8, 18)]


def test_who_has_waited_a_second_goes_before_small_posts() -> None:
    large = waiting(30, small=False)
    queue = queue_of(large, *(waiting(1, 0.9) for _ in range(20)))
    assert queue.take(MOST, PATIENCE) == [Share(large, 0, 10)]
    assert queue.take(MOST, PATIENCE) == [Share(large, 10, 20)]


def test_of_two_who_have_waited_a_second_the_earlier_goes_first_whatever_its_kind() -> None:
    large, small = waiting(8, 0.0, small=False), waiting(8, 0.1)
    assert queue_of(large, small).take(MOST, 2.0) == [Share(large, 0, 8), Share(small, 0, 2)]


@pytest.mark.parametrize("small", [True, False])
def test_under_an_endless_rush_of_small_posts_nobody_waits_much_over_a_second(small: bool) -> None:
    queue = queue_of(waiting(1, small=False))
    patient = waiting(35, 0.01, small=small)
    queue.add(patient)
    bulks, now = 0, 0.0
    while patient.left:
        now, bulks = bulks * 0.1, bulks + 1
        for _ in range(MOST + 2):
            queue.add(waiting(1, now))
        queue.take(MOST, now)
    assert now < PATIENCE + 1.5


def test_a_dropped_post_takes_along_what_was_not_sent_and_only_once() -> None:
    post, other = waiting(15), waiting(1)
    queue = queue_of(post, other)
    queue.take(MOST, 0.0)
    queue.drop(post)
    queue.drop(post)
    assert queue.rows == 1
    assert queue.take(MOST, 0.0) == [Share(other, 0, 1)]


def test_an_empty_queue_has_nothing_to_take() -> None:
    assert Queue[Waiting]().take(MOST, 0.0) == []
