"""The file of a gateway's buffer: whose it is, and what a disk that is full does to it."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from readings_of_tests import row, rows
from small_disk import small_disk

from sitewatt_client import Buffer, Client, errors
from sitewatt_client.spool import Spool

OPENS = """
import sys, pathlib
from sitewatt_client.spool import Spool
spool = Spool(pathlib.Path(sys.argv[1]), 10, drop_oldest=False)
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readings.db"


def spool_of(file: Path) -> Spool:
    return Spool(file, 1_000_000, drop_oldest=False)


def fill(spool: Spool) -> None:
    for _ in range(1000):
        spool.put(1, rows(500))


async def test_a_second_buffer_of_a_file_is_refused_until_the_first_is_closed(
    sites: Client, site: int, file: Path
) -> None:
    first = Buffer(file, sites)
    await first.put(site, row(0))
    for name in (file, file.parent / "." / ".." / file.parent.name / file.name):
        with pytest.raises(errors.BufferInUse, match=r"readings\.db is another Buffer's"):
            Buffer(name, sites)
    await first.flush()
    await first.close()
    second = Buffer(file, sites)
    assert len(second) == 0
    await second.close()


def test_a_file_is_refused_while_another_process_has_it_and_free_after_a_kill(file: Path) -> None:
    command = [sys.executable, "-c", OPENS, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(errors.BufferInUse):
            spool_of(file)
        other.kill()
    spool_of(file).close()


def test_a_link_to_the_file_is_the_same_file(file: Path) -> None:
    first = spool_of(file)
    link = file.with_name("link.db")
    link.symlink_to(file)
    with pytest.raises(errors.BufferInUse):
        spool_of(link)
    first.close()


def test_a_place_that_cannot_be_written_is_told_as_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        spool_of(tmp_path / "nowhere" / "readings.db")


def test_a_full_disk_is_told_as_what_it_is_and_what_was_kept_stays(file: Path) -> None:
    spool = spool_of(file)
    spool.put(1, rows(3))
    [[pages]] = spool._file.execute("PRAGMA page_count")
    spool._file.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        spool.put(1, rows(1000))
    assert len(spool) == len(spool.oldest(1, 2000)) == 3
    spool._file.execute("PRAGMA max_page_count = 100000")
    spool.put(1, rows(1000))
    assert len(spool) == len(spool.oldest(1, 2000)) == 1003
    spool.close()


def test_a_commit_that_fails_leaves_no_transaction_open(file: Path) -> None:
    spool = spool_of(file)
    spool._file.executescript(
        """
        PRAGMA foreign_keys = ON;
        CREATE TABLE other (
            number INTEGER REFERENCES refused (number) DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER fails AFTER INSERT ON waiting BEGIN INSERT INTO other VALUES (7); END;
        """
    )
    for _ in range(2):
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            spool.put(1, rows(1))
    assert len(spool) == len(spool.oldest(1, 10)) == 0
    spool._file.execute("DROP TRIGGER fails")
    spool.put(1, rows(1))
    assert len(spool) == len(spool.oldest(1, 10)) == 1
    spool.close()


def test_what_is_sent_is_forgotten_on_a_full_disk_too_and_new_readings_find_room() -> None:
    with small_disk(12) as disk:
        spool = spool_of(disk / "readings.db")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            fill(spool)
        assert len(spool) > 500
        while waiting := spool.oldest(1, 1000):
            spool.settle(1, waiting, [])
        assert len(spool) == 0
        spool.put(1, rows(500))
        spool.close()
        spool = spool_of(disk / "readings.db")
        assert len(spool) == 500
        spool.close()


def test_a_broken_file_can_be_moved_away_by_the_same_process(file: Path) -> None:
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(sqlite3.DatabaseError, match="not a database") as broken:
        spool_of(file)
    file.rename(file.with_name("broken.db"))
    spool_of(file).close()
    assert broken.value.__traceback__ is not None  # what had the lock is still remembered
