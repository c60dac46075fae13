"""The one mongod behind all servers: sitewatt's own, in a temporary directory."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from bench.common.servers import ticks
from sitewatt.mongod import Mongod, Options

START = Options(cache_mb=1024, oplog_mb=512)


class Stores:
    """A running replica set of one; each server has a database of its own in it."""

    def __init__(self, uri: str, pid: int, client: MongoClient[dict[str, Any]]) -> None:
        self._uri = uri
        self.pid = pid
        self.client = client

    def uri(self, database: str) -> str:
        """Return the address of a database."""
        return self._uri.replace("/?", f"/{database}?")

    def database(self, name: str) -> Database[dict[str, Any]]:
        """Return a database, to be looked at from outside of its server."""
        return self.client[name]

    def ticks(self) -> int:
        """Return the processor time that mongod has used, in ticks."""
        return ticks(self.pid)

    @property
    def version(self) -> str:
        """The version of mongod."""
        return str(self.client.server_info()["version"])


@contextmanager
def running_mongod(parent: Path | None, *, cache_mb: int = START.cache_mb) -> Iterator[Stores]:
    """Give a mongod on the cores of this process; its files are in `parent` and go in the end.

    Writes are flushed to disk before they are acknowledged, so what `parent` is on counts.
    """
    options = Options(cache_mb=cache_mb, oplog_mb=START.oplog_mb)
    with (
        tempfile.TemporaryDirectory(prefix="bench", dir=parent) as directory,
        Mongod(Path(directory), options) as mongod,
        MongoClient[dict[str, Any]](mongod.uri) as client,
    ):
        yield Stores(mongod.uri, mongod.pid or 0, client)
