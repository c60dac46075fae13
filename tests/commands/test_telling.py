"""The line at the bottom of a terminal that says how far a command is."""

import io

import pytest

from sitewatt.exchange import telling
from sitewatt.exchange.telling import EVERY_SECONDS, Progress

ERASED = "\r\x1b[K"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in a list of one, which a test may set."""
    now = [100.0]
    monkeypatch.setattr(telling.time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_is_told_at_most_ten_times_a_second_and_is_left_with_an_empty_line(
    clock: list[float],
) -> None:
    terminal = Terminal()
    with Progress(200, terminal) as progress:
        clock[0] += 1
        progress.show(50, 10, 0)
        clock[0] += EVERY_SECONDS / 2
        progress.show(60, 20, 0)
        clock[0] += 1
        progress.show(100, 4_000, 2)
    first = f"[{'######':<24}]  25%  10 rows  10/s"
    later = f"[{'############':<24}]  50%  4,000 rows  1,951/s  0:04 left  2 refused"
    assert terminal.getvalue() == f"{ERASED}{first}{ERASED}{later}{ERASED}"


def test_what_is_no_terminal_is_told_nothing() -> None:
    stream = io.StringIO()
    with Progress(200, stream) as progress:
        progress.show(50, 10, 0)
    assert stream.getvalue() == ""


def test_of_a_stream_without_an_end_rows_and_their_rate_are_told() -> None:
    progress = Progress(None, io.StringIO())
    assert progress.line(50, 3_000, 0, 2.0) == "3,000 rows  1,500/s"
    assert progress.line(80, 3_000, 1, 0.0) == "3,000 rows  0/s  1 refused"


def test_the_time_that_is_left_is_by_what_this_run_has_done_and_no_share_is_more_than_all() -> None:
    progress = Progress(1_000, io.StringIO())
    begun = progress.line(400, 1, 0, 1.0)
    assert begun.startswith("[" + "#" * 10 + " " * 14 + "]  40%")
    assert "left" not in begun
    assert progress.line(500, 2, 0, 20.0).endswith("  1:40 left")
    assert progress.line(1_001, 3, 0, 30.0).startswith("[" + "#" * 24 + "] 100%")
