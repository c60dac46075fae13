"""Why mongod ended, from what it has written: a line, and the cause that can be helped."""

import json
from pathlib import Path
from typing import Any

import pytest

from sitewatt.mongod import log
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


def test_what_an_earlier_start_wrote_is_not_told_and_of_much_only_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mongod.log"
    assert (log.size(file), log.tail(file, since=0)) == (0, b"")
    file.write_bytes(b"earlier")
    since = log.size(file)
    file.write_bytes(b"earlier, later")
    assert log.tail(file, since=since) == b", later"
    monkeypatch.setattr(log, "TAIL_BYTES", 5)
    assert log.tail(file, since=since) == b"later"


def test_a_log_is_set_aside_once_it_is_longer_than_its_limit_and_takes_the_place_of_the_older(
    tmp_path: Path,
) -> None:
    file, older = tmp_path / "mongod.log", tmp_path / "mongod.log.1"
    assert not log.set_aside(file, limit=0)
    file.write_bytes(b"long")
    older.write_bytes(b"older")
    assert not log.set_aside(file, limit=4)
    assert log.set_aside(file, limit=3)
    assert (file.exists(), older.read_bytes()) == (False, b"long")
