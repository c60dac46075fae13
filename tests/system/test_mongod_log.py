"""Why mongod ended, from what it has written: a line, and the cause that can be helped."""

import json
from typing import Any

import pytest

from sitewatt.mongod.log import LONGEST, last_words

FEW = "Too many open files"
TERMINATED = "Writing fatal message: terminate() called"


def line(said: str, severity: str = "E", /, **attributes: Any) -> str:
    return json.dumps({"s": severity, "msg": said, "attr": attributes})


TRACE = line("Error collecting stack trace", error="unw_get_proc_name(5): error\n" * 90)
FATAL = line("Writing fatal message", "F", message="terminate() called")
WIRED = line("WiredTiger error message", message={"error_str": FEW, "msg": "handle-open"})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([], ""),
        (["Error parsing command line: unrecognised option", "try --help"], None),
        ([line("Starting", "I", message="no error"), FATAL], TERMINATED),
        ([FATAL, line("Got signal: 6", "F")], TERMINATED),
        ([line("Aborting", "F"), line("Got signal: 6", "F")], "Got signal: 6"),
        ([TRACE, WIRED], f"WiredTiger error message: {FEW} (handle-open)"),
        (
            [line("open", "W", error=FEW), FATAL],
            f"{TERMINATED}: {FEW}",
        ),
        (
            ["half a li", "{", TRACE],
            "Error collecting stack trace: unw_get_proc_name(5): error",
        ),
    ],
)
def test_it_is_the_first_reason_and_one_that_can_be_helped_before_others(
    said: list[str], words: str | None
) -> None:
    told = last_words("\n".join(said).encode())
    assert told.startswith(" ".join(said) if words is None else words)
    assert bool(told) == bool(said)
    assert "\n" not in told
    assert len(told) <= LONGEST
    assert told.count(FEW) == ("\n".join(said).count(FEW) > 0)
