"""Who is counted as whom, within which windows, and what a refusal says of when to come back."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

import openapi
from sitewatt.admission.addresses import Addresses
from sitewatt.admission.windows import Windows
from sitewatt.contract import Contract
from sitewatt.web.problem_documents import ProblemDocuments
from storage import Unavailable, UnknownFormat

CASES = [
    ("192.0.2.7", None, "192.0.2.7"),
    ("192.0.2.7", "203.0.113.1", "192.0.2.7"),
    ("10.0.0.1", None, "10.0.0.1"),
    ("10.0.0.1", "203.0.113.1", "203.0.113.1"),
    ("10.0.0.1", "198.51.100.1, 203.0.113.1", "203.0.113.1"),
    ("10.0.0.1", "203.0.113.1, 10.9.9.9", "203.0.113.1"),
    ("10.0.0.1", "10.1.1.1, 10.9.9.9", "10.1.1.1"),
    ("10.0.0.1", "203.0.113.1, rubbish", "10.0.0.1"),
    ("10.0.0.1", "203.0.113.1, unknown, 10.9.9.9", "10.9.9.9"),
    ("10.0.0.1", "203.0.113.1:4711", "203.0.113.1"),
    ("10.0.0.1", "", "10.0.0.1"),
    ("10.0.0.1", "x" * 70_000 + ", 203.0.113.1", "203.0.113.1"),
    ("::1", "[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::/64"),
    ("2001:db8:1:2:ffff::1", None, "2001:db8:1:2::/64"),
    ("::ffff:192.0.2.7", None, "192.0.2.7"),
    ("::ffff:10.0.0.1", "203.0.113.1", "203.0.113.1"),
    (None, "203.0.113.1", "unknown"),
]


@pytest.mark.parametrize(("peer", "forwarded", "whose"), CASES)
def test_a_request_counts_for_the_last_hop_that_is_no_trusted_proxy(
    peer: str | None, forwarded: str | None, whose: str
) -> None:
    scope: dict[str, Any] = {"client": None if peer is None else (peer, 1)}
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    assert Addresses("10.0.0.0/8, ::1").of(scope, headers) == whose


def test_where_no_proxy_is_trusted_nothing_that_is_forwarded_counts() -> None:
    scope = {"client": ("10.0.0.1", 1)}
    assert Addresses("").of(scope, {"x-forwarded-for": "203.0.113.1"}) == "10.0.0.1"


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 2), st.booleans()), max_size=30),
)
def test_the_windows_count_as_the_memory_that_limits_brings(
    amount: int, steps: list[tuple[str, float, bool]]
) -> None:
    """The judge reads `time.time`, which is given to it."""
    now = 1000.0
    item = RateLimitItemPerSecond(amount, 3)
    judged = FixedWindowRateLimiter(Windows(lambda: now))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("limits.storage.memory.time.time", lambda: now)
        memory = MemoryStorage()
        memory.timer.cancel()
        judge = FixedWindowRateLimiter(memory)
        for who, pause, hits in steps:
            now += pause
            one, other = ((each.hit if hits else each.test)(item, who) for each in (judged, judge))
            assert one == other
            assert judged.get_window_stats(item, who) == judge.get_window_stats(item, who)
        memory.timer.cancel()


def test_the_windows_keep_no_more_counters_than_they_may_and_forget_the_oldest() -> None:
    now = 0.0
    windows = Windows(lambda: now, most=100)
    for number in range(1000):
        windows.incr(str(number), 60)
    assert (windows.get("899"), windows.get("900"), windows.get("999")) == (0, 1, 1)
    assert windows.reset() == 100


def test_the_windows_forget_what_is_over_as_others_come() -> None:
    now = 0.0
    windows = Windows(lambda: now)
    for number in range(1000):
        windows.incr(str(number), 60)
    now = 61.0
    for number in range(1000, 2000):
        windows.incr(str(number), 60)
    assert windows.reset() == 1000


def test_the_windows_forget_whom_they_are_told_to_and_nobody_else() -> None:
    windows = Windows(lambda: 0.0)
    limiter, item = FixedWindowRateLimiter(windows), RateLimitItemPerSecond(1, 3)
    assert windows.check()
    assert issubclass(windows.base_exceptions, Exception)
    assert [limiter.hit(item, who) for who in ("a", "b", "a")] == [True, True, False]
    limiter.clear(item, "a")
    limiter.clear(item, "c")
    assert [limiter.hit(item, who) for who in ("a", "b")] == [True, False]


def test_not_all_who_are_refused_are_told_to_come_back_at_once() -> None:
    among = random.Random(1).randint
    problems = ProblemDocuments(Contract(openapi.bundle()), among=among)
    told = [
        problems.answer(Unavailable("away", "no_server"), "r").headers["Retry-After"]
        for _ in range(3000)
    ]
    assert set(told) == {"1", "2", "3"}
    assert all(900 < told.count(seconds) < 1100 for seconds in "123")


def test_what_a_newer_version_wrote_is_unavailable_and_not_a_bug() -> None:
    answer = ProblemDocuments(Contract(openapi.bundle())).answer(UnknownFormat(9), "r")
    assert answer.status == 503
    assert b"A newer version of sitewatt wrote some of this" in answer.content
    assert "Retry-After" in answer.headers
