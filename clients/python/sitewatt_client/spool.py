"""The file of a buffer: what waits to be sent, and what was refused. SQLite, in one thread.

The write-ahead log is synced to the disk at each commit (`synchronous = FULL`), so what was kept
survives a kill -9 and a power cut, and a commit that was cut short is not there when it is opened.

To forget something takes room on the disk too, for the log. A file beside it, `-reserve`, keeps
that room for the day on which the disk is full; else what is sent then could never be forgotten.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sitewatt_client.errors import BufferFull, BufferInUse
from sitewatt_client.receipts import Refused
from sitewatt_client.rows import Row, sent

TABLES = """
CREATE TABLE IF NOT EXISTS waiting (
    number INTEGER PRIMARY KEY AUTOINCREMENT, site_id INTEGER NOT NULL, reading TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS waiting_of_site ON waiting (site_id, number);
CREATE TABLE IF NOT EXISTS refused (
    number INTEGER PRIMARY KEY AUTOINCREMENT, site_id INTEGER NOT NULL, reading TEXT NOT NULL,
    faults TEXT NOT NULL);
"""
LOG_PAGES = 256
"""How many pages the log may have before they are brought into the file."""
RESERVE = 4 << 20
"""In bytes: what the log may have by then, twice, and as much again as the file may grow by it."""
MOST_REFUSED = 10_000
"""How many refused readings are kept; the oldest go first."""


class Waiting(NamedTuple):
    """A reading that waits, and its number: the order in which it came."""

    number: int
    reading: Row


class Spool:
    """The readings on disk. `capacity` is how many may wait.

    A full one refuses more with BufferFull, or with `drop_oldest` forgets as many of the oldest.
    Raises BufferInUse while another one has the file, in this process or in another.
    """

    def __init__(self, path: Path, capacity: int, *, drop_oldest: bool) -> None:
        self.capacity = capacity
        self.drop_oldest = drop_oldest
        self._reserve = path.with_name(f"{path.name}-reserve")
        self._lock = _locked(path)
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._count = self._opened()
        except BaseException:
            # Who moves a broken file away may try again.
            self.close()
            raise

    def _opened(self) -> int:
        """Make the file ready, and return how many readings wait in it."""
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = FULL")
        self._file.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        self._file.executescript(TABLES)
        _keep_free(self._reserve)
        [[count]] = self._file.execute("SELECT count(*) FROM waiting")
        return int(count)

    def __len__(self) -> int:
        return self._count

    def put(self, site_id: int, readings: Sequence[Row]) -> int:
        """Keep readings, all or none, and return how many older ones were dropped for them."""
        over: int = max(0, self._count + len(readings) - self.capacity)
        if over and (not self.drop_oldest or len(readings) > self.capacity):
            raise BufferFull(f"{self._count} of {self.capacity} readings wait already")
        rows = [(site_id, json.dumps(sent(reading))) for reading in readings]
        with _transaction(self._file):
            self._file.executemany("INSERT INTO waiting (site_id, reading) VALUES (?, ?)", rows)
            oldest = "DELETE FROM waiting WHERE number IN (SELECT min(number) FROM waiting)"
            for _ in range(over):
                self._file.execute(oldest)
        self._count += len(rows) - over
        return over

    def sites(self) -> list[int]:
        """Return the sites that have readings waiting, the one of the oldest first."""
        grouped = "SELECT site_id FROM waiting GROUP BY site_id ORDER BY min(number)"
        return [site_id for (site_id,) in self._file.execute(grouped)]

    def oldest(self, site_id: int, most: int) -> list[Waiting]:
        """Return the oldest readings that wait of a site."""
        select = "SELECT number, reading FROM waiting WHERE site_id = ? ORDER BY number LIMIT ?"
        rows = self._file.execute(select, (site_id, most))
        return [Waiting(number, json.loads(reading)) for number, reading in rows]

    def settle(self, site_id: int, sent: Sequence[Waiting], refused: Iterable[Refused]) -> None:
        """Forget what was sent, and keep what was refused of it apart, on a full disk as well."""
        try:
            self._settle(site_id, sent, refused)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL or not self._reserve.exists():
                raise
            self._reserve.unlink()
            self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._settle(site_id, sent, refused)
        if not self._count:
            _keep_free(self._reserve)

    def _settle(self, site_id: int, sent: Sequence[Waiting], refused: Iterable[Refused]) -> None:
        aside = [(site_id, json.dumps(bad.reading), json.dumps(bad.faults)) for bad in refused]
        insert = "INSERT INTO refused (site_id, reading, faults) VALUES (?, ?, ?)"
        newest = "SELECT number FROM refused ORDER BY number DESC LIMIT ?"
        numbers = [(waiting.number,) for waiting in sent]
        with _transaction(self._file):
            gone = self._file.executemany("DELETE FROM waiting WHERE number = ?", numbers).rowcount
            self._file.executemany(insert, aside)
            if aside:
                keep = f"DELETE FROM refused WHERE number NOT IN ({newest})"  # noqa: S608 - ours
                self._file.execute(keep, (MOST_REFUSED,))
        self._count -= gone

    def refused(self) -> list[tuple[int, Refused]]:
        """Return the site and the faults of each refused reading, the oldest first."""
        rows = self._file.execute("SELECT site_id, reading, faults FROM refused ORDER BY number")
        return [(site, Refused(json.loads(row), tuple(json.loads(why)))) for site, row, why in rows]

    def forget_refused(self) -> None:
        """Forget the refused readings."""
        self._file.execute("DELETE FROM refused")

    def close(self) -> None:
        """Close the file, and leave it to others."""
        self._file.close()
        self._lock.close()


def _locked(path: Path) -> sqlite3.Connection:
    """Return what holds the file for this Spool, until it is closed or the process has ended."""
    beside = path.resolve()
    lock = sqlite3.connect(f"{beside}-lock", 0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise BufferInUse(f"{path} is another Buffer's, which is not closed") from error
    return lock


def _keep_free(reserve: Path) -> None:
    """Take room on the disk, where there is enough; none is taken away from what waits."""
    if reserve.exists():
        return
    try:
        with reserve.open("wb") as file:
            file.write(bytes(RESERVE))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        reserve.unlink(missing_ok=True)


class _transaction:  # noqa: N801 - used as a statement
    def __init__(self, file: sqlite3.Connection) -> None:
        self.file = file

    def __enter__(self) -> None:
        self.file.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        try:
            if kind is None:
                self.file.execute("COMMIT")
        finally:
            if self.file.in_transaction:  # a full disk has ended it already
                self.file.execute("ROLLBACK")
