"""A PostgreSQL of the benchmark's own, on a unix socket in a temporary directory."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.choices.timing import installed
from bench.common.servers import ticks

TABLES = """
CREATE TABLE live (
    site integer, at integer, soc float8, load float8, net float8, pv bool, bio bool, cro bool,
    PRIMARY KEY (site, at)
);
CREATE TABLE days (
    site integer, day integer, at integer[], soc float8[], load float8[], net float8[],
    pv bool[], bio bool[], cro bool[], PRIMARY KEY (site, day)
)
"""
_INSERT = """
INSERT INTO live SELECT * FROM unnest(
    %s::integer[], %s::integer[], %s::float8[], %s::float8[], %s::float8[],
    %s::bool[], %s::bool[], %s::bool[]
) ON CONFLICT DO NOTHING
"""
_USER = "nobody"
"""PostgreSQL refuses to run as root."""


class Postgres:
    """A running server and one connection to it, each statement a transaction."""

    def __init__(self, connection: Any, pid: int) -> None:
        self._connection = connection
        self._pid = pid

    @property
    def version(self) -> str:
        """The version of the server."""
        return str(self._connection.info.parameter_status("server_version")).split()[0]

    def run(self, statement: str) -> None:
        """Run a statement."""
        self._connection.execute(statement)

    def insert_rows(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert the readings that are not there."""
        self._connection.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])

    def insert_day(self, site: int, day: int, columns: list[list[Any]]) -> None:
        """Insert a day of readings by column, the stamps first."""
        places = ", ".join(["%s"] * (2 + len(columns)))
        self._connection.execute(f"INSERT INTO days VALUES ({places})", [site, day, *columns])  # noqa: S608

    def bytes_of(self, name: str) -> int:
        """Return what a table takes on disk, with its index and what is stored beside it."""
        asked = self._connection.execute("SELECT pg_total_relation_size(%s)", [name])
        return int(asked.fetchone()[0])

    def ticks(self) -> int:
        """Return the processor time that all processes of the server have used, in ticks."""
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
        return sum(ticks(int(pid)) for pid in [self._pid, *children])


@contextmanager
def running_postgres() -> Iterator[Postgres | None]:
    """Give a server with what `initdb` sets, or None without psycopg or a server's programs."""
    psycopg = installed("psycopg")
    programs = _programs()
    if psycopg is None or programs is None:
        yield None
        return
    user = _USER if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="bench") as directory:
        shutil.chown(directory, user) if user else None
        data = Path(directory, "data")
        options = ["-A", "trust", "-U", "bench", "--encoding", "UTF8"]
        subprocess.run(
            [programs / "initdb", "-D", data, *options],
            user=user, cwd=directory, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={directory}"]
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *settings],
            user=user, cwd=directory, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            with _connected(psycopg, directory) as connection:
                yield Postgres(connection, server.pid)
        finally:
            server.terminate()
            server.wait()


def _connected(psycopg: Any, directory: str) -> Any:
    for _ in range(100):
        try:
            return psycopg.connect(f"host={directory} user=bench dbname=postgres", autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise SystemExit("PostgreSQL did not start")


def _programs() -> Path | None:
    """Return the directory of the newest `postgres` that Debian installs, or of that on PATH."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if packaged:
        return packaged[-1].parent
    found = shutil.which("postgres")
    return Path(found).parent if found else None
